package environment

import (
	"errors"
	"fmt"
	"reflect"
	goruntime "runtime"
	"slices"
	"strings"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
)

// Compile calls the capability functions, keeps the capabilities that only names, if it names any, and compiles
// them. What is wrong with any of it is reported together.
func Compile(funcs []capability.Func, only []string, namespace string, env capability.Env) ([]*compile.Compiled, error) {
	if len(funcs) == 0 {
		return nil, &DeclarationError{errors.New("no capability: give at least one function that returns one")}
	}
	var all []*capability.Capability
	var wrong []error
	for i, f := range funcs {
		c, err := made(f, env)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("capability %d of %d%s: %w", i+1, len(funcs), locate(f), err))
			continue
		}
		all = append(all, c)
	}
	if len(wrong) == 0 {
		var err error
		if all, err = selectOnly(all, only); err != nil {
			wrong = append(wrong, err)
		}
	}
	compiled, err := compile.Compile(all, compile.Options{Namespace: namespace})
	if err != nil {
		wrong = append(wrong, err)
	}
	if len(wrong) > 0 {
		return nil, &DeclarationError{errors.Join(wrong...)}
	}
	return compiled, nil
}

// DeclarationError is everything that is wrong with the program itself, as opposed to its surroundings.
type DeclarationError struct{ error }

// Unwrap gives the single errors.
func (e *DeclarationError) Unwrap() error { return e.error }

// made calls one capability function; one that panics is a wrong declaration like others.
func made(f capability.Func, env capability.Env) (c *capability.Capability, err error) {
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
