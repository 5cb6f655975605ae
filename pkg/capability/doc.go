// Package capability is how a user says what to watch and what to do: [When] begins a selection of
// objects, its steps narrow it, Watch or Reconcile ends it with a callback, and [New] gathers such
// bindings under a name.
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
// The arguments of one step are alternatives, and all steps must hold. Event steps add up: they say
// which kinds of change lead to a call. Settings replace: the last one counts. Beyond that the order
// of steps never matters. A [Selection] is a value, so two bindings that begin with the same head
// share no later step.
//
// # What it becomes
//
// [Compile] turns declarations into targets for the watcher: what the API server can select, the
// server selects; the rest is filtered on the metadata of raw objects; only Where, OnChange, Uses and
// Mapped decode. It reports all wrong declarations of a program together, each with its file and line.
//
// This package opens no connection, starts no goroutine, and never panics on a wrong declaration.
// Its errors carry names, paths and types, never values of objects.
package capability
