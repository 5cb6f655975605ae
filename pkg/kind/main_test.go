package kind

import (
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
}

func (k Kind[T]) newObject() Object { return k.New() }

func (k Kind[T]) decodeObject(raw []byte, enc Encoding) (Object, error) {
	obj, err := k.Decode(raw, enc)
	if err != nil {
		return nil, err
	}
	return obj, nil
}

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
