package capability

import (
	"slices"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// Selection is a set of objects of one kind, with the settings of the binding that it will become. It is a value: each
// step returns a new Selection and does not change its receiver, so one head can start several bindings. It is safe
// for concurrent use. Ancho keeps a wrong step and reports it when the program starts. Start with [When]; the zero
// Selection is a mistake.
//
// The arguments of one step are alternatives; all steps must hold.
type Selection[T kind.Object] struct {
	kind kind.Kind[T]
	when declare.Location
	last *step // the newest; the chain behind it is shared and never changed
}

// step is one link of a selection.
type step struct {
	before *step
	apply  func(*declare.Spec)
}

// When starts a selection with all objects of a kind.
func When[T kind.Object](k kind.Kind[T]) Selection[T] {
	return Selection[T]{kind: k, when: declare.Here()}
}

// Resource is the resource of the selection's kind.
func (s Selection[T]) Resource() kind.Resource { return s.kind.Resource() }

// New returns an empty object of the selection's kind, with apiVersion and kind set.
func (s Selection[T]) New() T { return s.kind.New() }

// with returns the selection with one more step.
func (s Selection[T]) with(apply func(*declare.Spec)) Selection[T] {
	s.last = &step{before: s.last, apply: apply}
	return s
}

// spec plays the steps, oldest first.
func (s Selection[T]) spec() declare.Spec {
	var steps []*step
	for at := s.last; at != nil; at = at.before {
		steps = append(steps, at)
	}
	out := declare.NewSpec()
	for _, s := range slices.Backward(steps) {
		s.apply(&out)
	}
	return out
}

// Watch completes a selection with a callback that gets every event in its own call. Calls run concurrently, even two
// for one object, up to the binding's concurrency, and start in the order of the events. Ancho enters the callback for
// an event of an object after the callback for the previous event. Retried calls are outside this order.
func (s Selection[T]) Watch(h Handler[T]) Binding {
	return ended{s.declare(declare.ActionWatch, h)}
}

// Reconcile completes a selection with a callback that brings the world in line with an object. The callback gets the
// latest state. Ancho merges events that arrive in the meantime, and calls for one object never overlap.
func (s Selection[T]) Reconcile(h Handler[T]) Reconciler[T] {
	d := s.declare(declare.ActionReconcile, h)
	return Reconciler[T]{d: d, objects: s.objects(d)}
}

// declare must be called by a function that the user calls.
func (s Selection[T]) declare(a declare.Action, h Handler[T]) *declare.Declaration {
	d := &declare.Declaration{
		Action:      a,
		At:          declare.Here(),
		When:        s.when,
		Resource:    s.kind.Resource,
		KindErr:     s.kind.Err,
		Spec:        s.spec(),
		NoHandler:   h == nil,
		AddToScheme: s.kind.AddToScheme,
	}
	objects := s.objects(d)
	d.Decode, d.Invoke = objects.untyped, invoker(objects, h)
	return d
}

// objects makes the objects that the functions of a declaration get.
func (s Selection[T]) objects(d *declare.Declaration) *objects[T] {
	return &objects[T]{kind: s.kind, managed: d.Spec.Settings.ManagedFields}
}

// Binding is a selection with its callback: the result of Watch, Reconcile or Finalize. Pass it to [New].
type Binding interface {
	// declared is nil for a zero value. It keeps other packages from making bindings.
	declared() *declare.Declaration
}

// ended is a selection that Watch or Finalize has ended.
type ended struct{ d *declare.Declaration }

func (e ended) declared() *declare.Declaration { return e.d }

// Reconciler is the Binding that Reconcile returns. Its zero value is a mistake, which Ancho reports at startup.
type Reconciler[T kind.Object] struct {
	d       *declare.Declaration
	objects *objects[T]
}

func (r Reconciler[T]) declared() *declare.Declaration { return r.d }

// declaredBy looks into a binding, which may be nil, a zero value, or something that embeds one.
func declaredBy(b Binding) (d *declare.Declaration) {
	defer func() {
		if recover() != nil {
			d = nil
		}
	}()
	if b == nil {
		return nil
	}
	return b.declared()
}
