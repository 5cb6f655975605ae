package kind

import (
	"fmt"
	"testing"

	"go.uber.org/goleak"
	"k8s.io/apimachinery/pkg/runtime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// typed is what every Kind can do, whatever its type parameter.
type typed interface {
	Any
	Err() error
	AddToScheme(scheme *runtime.Scheme) error
	newObject() Object
	decodeObject(raw []byte, enc Encoding) (Object, error)
	decodeSlowly(raw []byte) (Object, error)
	tryFast(raw []byte) (Object, bool)
	fillSlowly(raw []byte) (Object, error)
	mayTry() bool
}

func (k Kind[T]) newObject() Object { return k.New() }

func (k Kind[T]) decodeObject(raw []byte, enc Encoding) (Object, error) {
	obj, err := k.Decode(raw, enc)
	if err != nil {
		return nil, err
	}
	return obj, nil
}

// decodeSlowly decodes JSON as if there were no fast decoder.
func (k Kind[T]) decodeSlowly(raw []byte) (Object, error) {
	obj := k.allocate()
	if err := decode(k.Resource(), obj, raw, JSON, nil); err != nil {
		return nil, err
	}
	return obj, nil
}

// tryFast decodes JSON with the fast decoder alone.
func (k Kind[T]) tryFast(raw []byte) (Object, bool) {
	obj := k.allocate()
	if !decodeFast(obj, raw) {
		return nil, false
	}
	return obj, true
}

// fillSlowly decodes JSON with the decoder that counts alone.
func (k Kind[T]) fillSlowly(raw []byte) (obj Object, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	obj = k.allocate()
	return obj, fill(obj, raw, false)
}

// mayTry is true of kinds for which the fast decoder is tried.
func (k Kind[T]) mayTry() bool { return k.fast != nil && k.fast() }

// builtins are the built-in kinds, with what a Kind can do.
func builtins(tb testing.TB) []typed {
	tb.Helper()
	var all []typed
	for _, k := range Builtin() {
		one, ok := k.(typed)
		if !ok {
			tb.Fatalf("%T is no Kind", k)
		}
		all = append(all, one)
	}
	return all
}
