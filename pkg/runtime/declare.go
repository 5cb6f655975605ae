package runtime

import (
	"errors"
	"fmt"
	"reflect"
	goruntime "runtime"
	"slices"
	"strings"

	"github.com/ancho-dev/ancho/pkg/capability"
)

// declared calls the capability functions, keeps the capabilities that are asked for, and compiles
// them. What is wrong with any of it is reported together.
func declared(o Options, env capability.Env) ([]*capability.Compiled, error) {
	if len(o.Capabilities) == 0 {
		return nil, &declarationError{errors.New("no capability: give at least one function that returns one")}
	}
	var all []*capability.Capability
	var wrong []error
	for i, f := range o.Capabilities {
		c, err := declare(f, env)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("capability %d of %d%s: %w", i+1, len(o.Capabilities), locate(f), err))
			continue
		}
		all = append(all, c)
	}
	if len(wrong) == 0 {
		var err error
		if all, err = selectOnly(all, o.Only); err != nil {
			wrong = append(wrong, err)
		}
	}
	compiled, err := capability.Compile(all, capability.CompileOptions{Namespace: o.Namespace})
	if err != nil {
		wrong = append(wrong, err)
	}
	if len(wrong) > 0 {
		return nil, &declarationError{errors.Join(wrong...)}
	}
	return compiled, nil
}

// declarationError is everything that is wrong with the program itself, as opposed to its surroundings.
type declarationError struct{ error }

// Unwrap gives the single errors.
func (e *declarationError) Unwrap() error { return e.error }

// declare calls one capability function; one that panics is a wrong declaration like others.
func declare(f capability.Func, env capability.Env) (c *capability.Capability, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the function panicked: %v", p)
		}
	}()
	if f == nil {
		return nil, errors.New("the function is nil")
	}
	if c = f(env); c == nil {
		return nil, errors.New("the function returned no capability: return capability.New(...)")
	}
	return c, nil
}

// locate says which function is meant and where it is written.
func locate(f capability.Func) string {
	if f == nil {
		return ""
	}
	pc := reflect.ValueOf(f).Pointer()
	fn := goruntime.FuncForPC(pc)
	if fn == nil {
		return ""
	}
	file, line := fn.FileLine(pc)
	return fmt.Sprintf(" (%s, %s:%d)", fn.Name(), file, line)
}

func selectOnly(all []*capability.Capability, only []string) ([]*capability.Capability, error) {
	if len(only) == 0 {
		return all, nil
	}
	var names []string
	var kept []*capability.Capability
	for _, c := range all {
		names = append(names, c.Name())
		if slices.Contains(only, c.Name()) {
			kept = append(kept, c)
		}
	}
	for _, want := range only {
		if !slices.Contains(names, want) {
			return nil, fmt.Errorf("--only %s: there is no such capability; there are: %s", want, strings.Join(names, ", "))
		}
	}
	return kept, nil
}
