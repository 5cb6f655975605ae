package compile

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// inspector decodes an object once and asks the user's functions about it. It is nil if there are none.
func inspector(d *declare.Declaration) func(*watcher.Frame) (bool, uint64, error) {
	where, projections := d.Spec.Where, d.Spec.Projections
	if len(where) == 0 && len(projections) == 0 {
		return nil
	}
	h := newHasher()
	return func(f *watcher.Frame) (bool, uint64, error) {
		o, err := d.Decode(f)
		if err != nil {
			return false, 0, err
		}
		for _, holds := range where {
			yes, err := ask("Where", &f.Meta, func() (bool, error) { return holds(o), nil })
			if err != nil || !yes {
				return false, 0, err
			}
		}
		if len(projections) == 0 {
			return true, 0, nil
		}
		sum, err := ask("OnChange", &f.Meta, func() (uint64, error) { return h.sum(projections, o) })
		return err == nil, sum, err
	}
}

// ask calls a function of the user's and turns its panic into an error. The value of a panic may hold
// values of the object, so only errors of the Go runtime are quoted; others are told by their type.
func ask[R any](step string, m *watcher.Meta, f func() (R, error)) (r R, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s of object %s: the function panicked with %s%s: guard it against objects where a part is missing",
				step, strings.Clone(m.Key()), panicText(p), panicPlace())
		}
	}()
	if r, err = f(); err != nil {
		return r, fmt.Errorf("%s of object %s: %w", step, strings.Clone(m.Key()), err)
	}
	return r, nil
}

func panicText(p any) string {
	err, ok := p.(error)
	var known runtime.Error
	if ok && errors.As(err, &known) {
		return known.Error()
	}
	return fmt.Sprintf("a %T", p)
}

// panicPlace finds the line that panicked: the first outside the Go runtime. It must be called by the
// deferred function.
func panicPlace() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") && !declare.OwnFrame(f) {
			if f.File == "" {
				return ""
			}
			return " at " + declare.Location{File: f.File, Line: f.Line}.String()
		}
		if !more {
			return ""
		}
	}
}
