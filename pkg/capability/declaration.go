package capability

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// Action says which of the two kinds of callback a binding has.
type Action string

// The actions.
const (
	// ActionWatch calls for every event.
	ActionWatch Action = "Watch"
	// ActionReconcile calls for the latest state of an object.
	ActionReconcile Action = "Reconcile"
	// ActionTrigger calls nobody: objects of a source wake those of a binding.
	ActionTrigger Action = "Trigger"
)

// declaration is a binding without its type parameter. It is not changed after it was made: one
// binding may be given to several capabilities.
type declaration struct {
	action   Action
	at, when location
	// The kind is asked late: a binding may be a package variable, made before the init functions
	// have run that the kind's scheme needs.
	resource    func() kind.Resource
	kindErr     func() error
	spec        spec
	noHandler   bool
	decode      func(*watcher.Frame) (kind.Object, error)
	invoke      func(context.Context, Delivery) error
	addToScheme func(*runtime.Scheme) error
	plain       bool // of a trigger: a kind without steps
	optional    bool // of a trigger: the binding runs while it is not served

	// Of Finalize; empty where it was not called.
	finalize  bool
	finalizer string
	noCleanup bool
	cleanup   func(context.Context, Delivery) error
}
