package main

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// What is watched.
const (
	namespace = "soak"
	inLabel   = "in"
)

// Bindings of the subject, by their aliases.
const (
	latest   = "latest"   // the latest state of all ConfigMaps
	ordered  = "ordered"  // every event of them
	riding   = "riding"   // those with the label, on the stream of the others, by Watch
	selected = "selected" // Secrets with the label, on a stream where the server selects
)

// subject is the capability under test. It writes a line for every call: binding, type, UID and resourceVersion.
func subject(to io.Writer) capability.Func {
	var mu sync.Mutex
	tell := func(binding string, e capability.EventType, o kind.Object) error {
		mu.Lock()
		defer mu.Unlock()
		_, err := fmt.Fprintln(to, binding, e, o.GetUID(), o.GetResourceVersion())
		return err
	}
	return func(capability.Env) *capability.Capability {
		maps := capability.When(kind.ConfigMap).InNamespace(namespace).IsCreatedOrUpdated().IsDeleted()
		return capability.New("soak",
			maps.Alias(latest).Reconcile(telling(latest, tell, kind.ConfigMap)),
			maps.Alias(ordered).InOrder().Reconcile(telling(ordered, tell, kind.ConfigMap)),
			// One at a time, so that the lines come in the order of the events.
			maps.WithLabel(inLabel).HasLeft().Alias(riding).Concurrency(1).Watch(telling(riding, tell, kind.ConfigMap)),
			capability.When(kind.Secret).InNamespace(namespace).WithLabel(inLabel).IsCreatedOrUpdated().IsDeleted().HasLeft().
				Alias(selected).Reconcile(telling(selected, tell, kind.Secret)),
		)
	}
}

// telling is a callback that tells of each call. The kind is there for its type alone.
func telling[T kind.Object](binding string, tell func(string, capability.EventType, kind.Object) error, _ kind.Kind[T]) capability.Handler[T] {
	return func(_ context.Context, e capability.Event[T]) error { return tell(binding, e.Type, e.Object) }
}
