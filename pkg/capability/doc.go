// Package capability declares what to watch and what to do: [When] starts a selection of objects, its
// steps narrow it, Watch or Reconcile completes it with a callback, and [New] groups such bindings
// under a name.
//
//	capability.New("hello",
//		capability.When(kind.ConfigMap).
//			InNamespace("demo").
//			WithName("greeting").
//			Reconcile(func(ctx context.Context, e capability.Event[*corev1.ConfigMap]) error { ... }),
//	)
//
// # Composition
//
// The arguments of one step are alternatives, and all steps must hold. Event steps add up: they choose
// the event types that cause a call. Settings replace each other: the last one counts. Otherwise the
// order of steps never matters. A [Selection] is a value, so two bindings that start from the same head
// share no later step.
//
// # What it becomes
//
// At startup, the runtime turns declarations into targets for the watcher. Whatever the API server can
// select, the server selects. Ancho filters the rest on the metadata of raw objects; only Where, OnChange,
// Uses and Mapped decode. It reports all wrong declarations of a program together, each with its file and line.
//
// This package opens no connection, starts no goroutine, and never panics on a wrong declaration.
// Its errors carry names, paths and types, never values of objects.
package capability
