package compile_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
)

var declared, declaredAt = capability.When(kind.Pod).Watch(nil), thisLine()

// generic is a user's own generic function: the line in it is the place of the binding.
func generic[T kind.Object](k kind.Kind[T]) (capability.Binding, string) {
	return capability.When(k).Watch(nil), thisLine()
}

type holder[T kind.Object] struct{ s capability.Selection[T] }

func (h holder[T]) reconcile() (capability.Binding, string) {
	return h.s.Reconcile(nil), thisLine()
}

func TestLocations(t *testing.T) {
	check := func(name string, b capability.Binding, want string) {
		t.Helper()
		ms := mistakesOf(t, compile.Options{}, capability.New("test", b))
		if ms[0].Location != want {
			t.Errorf("%s: got %s, want %s", name, ms[0].Location, want)
		}
	}
	check("package variable", declared, declaredAt)

	b, at := generic(kind.Pod)
	check("generic function", b, at)

	b, at = generic(kind.Metadata(kind.Pod))
	check("generic function of another type", b, at)

	b, at = holder[*corev1.Node]{capability.When(kind.Node)}.reconcile()
	check("method of a generic type", b, at)

	watch := capability.When(kind.Pod).Watch
	b, at = watch(nil), thisLine()
	check("method value", b, at)

	express := capability.Selection[*corev1.Pod].Reconcile
	b, at = express(capability.When(kind.Pod), nil), thisLine()
	check("method expression", b, at)
}

// Of a chain over several lines the line of its Watch is told, and that of its When.
func TestLocationOfChain(t *testing.T) {
	b := capability.When(kind.Pod).
		InNamespace("a").
		Watch(nil)
	here := thisLine()
	m := mistakesOf(t, compile.Options{}, capability.New("test", b))[0]
	if len(m.Location) != len(here) || m.Location >= here || m.When >= m.Location {
		t.Errorf("got Watch at %s and When at %s, want both before %s", m.Location, m.When, here)
	}
}

func TestLocationOfCompiled(t *testing.T) {
	b, at := capability.When(kind.Pod).Watch(onPod), thisLine()
	if got := one(t, b).Location; got != at {
		t.Errorf("got %s, want %s", got, at)
	}
}
