package model

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

var gadget = kind.Unstructured(gvks[gadgets]).Plural(gvrs[gadgets].Resource)

// The bounds of the delays between attempts.
const (
	backoffMin = time.Second
	backoffMax = 8 * time.Second
)

// functions make the capabilities of the bindings.
func functions(bindings []*bound) []capability.Func {
	var names []string
	of := map[string][]capability.Binding{}
	for _, b := range bindings {
		if of[b.capability] == nil {
			names = append(names, b.capability)
		}
		of[b.capability] = append(of[b.capability], b.declare())
	}
	var out []capability.Func
	for _, name := range names {
		out = append(out, func(capability.Env) *capability.Capability { return capability.New(name, of[name]...) })
	}
	return out
}

// declare makes the binding of the spec.
func (b *bound) declare() capability.Binding {
	switch {
	case b.resource == configMaps && b.metadata:
		return declare(b, kind.Metadata(kind.ConfigMap), nil)
	case b.resource == configMaps:
		return declare(b, kind.ConfigMap, func(o *corev1.ConfigMap) string { return o.Data[stamp] })
	case b.metadata:
		return declare(b, kind.Metadata(gadget), nil)
	default:
		return declare(b, gadget, func(o *unstructured.Unstructured) string {
			s, _, _ := unstructured.NestedString(o.Object, "spec", stamp)
			return s
		})
	}
}

// declare writes a spec down as a user would. Content reads the stamp that is not in the metadata; nil where there is
// nothing else.
func declare[T kind.Object](b *bound, k kind.Kind[T], content func(T) string) capability.Binding {
	s := capability.When(k).Alias(b.alias).Concurrency(b.concurrency).Backoff(backoffMin, backoffMax)
	steps := []struct {
		asked bool
		step  func(capability.Selection[T]) capability.Selection[T]
	}{
		{len(b.namespaces) > 0, func(s capability.Selection[T]) capability.Selection[T] { return s.InNamespace(b.namespaces...) }},
		{b.wide, capability.Selection[T].Wide},
		{b.name != "", func(s capability.Selection[T]) capability.Selection[T] { return s.WithName(b.name) }},
		{b.app != absent, func(s capability.Selection[T]) capability.Selection[T] { return s.WithLabel(label, values(b.app)...) }},
		{b.note != absent, func(s capability.Selection[T]) capability.Selection[T] {
			return s.WithAnnotation(note, values(b.note)...)
		}},
		{b.takes[capability.Added], capability.Selection[T].IsCreated},
		{b.takes[capability.Modified], capability.Selection[T].IsUpdated},
		{b.takes[capability.Deleted], capability.Selection[T].IsDeleted},
		{b.takes[capability.Left], capability.Selection[T].HasLeft},
		{b.mode == inOrder, capability.Selection[T].InOrder},
		{b.perNamespace, func(s capability.Selection[T]) capability.Selection[T] { return s.Queue(capability.PerNamespace) }},
		{b.maxAttempts > 0, func(s capability.Selection[T]) capability.Selection[T] { return s.MaxAttempts(b.maxAttempts) }},
		{b.budget > 0, func(s capability.Selection[T]) capability.Selection[T] { return s.MemoryBudget(b.budget) }},
		{b.timeout > 0, func(s capability.Selection[T]) capability.Selection[T] { return s.Timeout(b.timeout) }},
	}
	for _, one := range steps {
		if one.asked {
			s = one.step(s)
		}
	}
	if b.cached {
		reader := &capability.Reader[T]{}
		s, b.reader = s.Cached(reader), keeps(reader)
	}
	for _, tr := range b.triggers {
		s = withTrigger(s, tr)
	}
	if b.mode == watch {
		return s.Watch(handlerOf(b, false, content))
	}
	r := s.Reconcile(handlerOf(b, false, content))
	if b.finalizer != absent {
		return r.Finalize(b.finalizer, handlerOf(b, true, content))
	}
	return r
}

// handlerOf makes the callback, or the clean-up.
func handlerOf[T kind.Object](b *bound, cleanup bool, content func(T) string) capability.Handler[T] {
	return func(ctx context.Context, e capability.Event[T]) error {
		c := &call{
			typ: e.Type, key: e.Object.GetNamespace() + "/" + e.Object.GetName(), uid: e.Object.GetUID(), rv: version(e.Object.GetResourceVersion()),
			initial: e.Initial, partial: e.Partial, attempt: e.Attempt, merged: e.Merged, causes: e.Causes,
			stamp: e.Object.GetAnnotations()[stamp], app: e.Object.GetLabels()[label], note: e.Object.GetAnnotations()[note],
			cleanup: cleanup,
		}
		if e.HasOld() {
			c.old = toldOf(e.Old)
		}
		c.content = c.stamp
		if content != nil && !e.Partial {
			c.content = content(e.Object)
		}
		return b.handle(ctx, c)
	}
}

func values(asked string) []string {
	if asked == "?" {
		return nil
	}
	return []string{asked}
}
