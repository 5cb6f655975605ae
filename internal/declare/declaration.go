package declare

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
	// ActionTrigger makes no calls: objects of a source trigger the objects of a binding.
	ActionTrigger Action = "Trigger"
)

// Declaration is a binding without its type parameter. It is not changed after it was made: one
// binding may be given to several capabilities.
type Declaration struct {
	Action   Action
	At, When Location
	// The kind is asked late: a binding may be a package variable, made before the init functions
	// have run that the kind's scheme needs.
	Resource    func() kind.Resource
	KindErr     func() error
	Spec        Spec
	NoHandler   bool
	Decode      func(*watcher.Frame) (kind.Object, error)
	Invoke      func(context.Context, Delivery) error
	AddToScheme func(*runtime.Scheme) error
	Plain       bool // of a trigger: a kind without steps
	Optional    bool // of a trigger: the binding runs while it is not served

	// Of Finalize; empty where it was not called.
	Finalize  bool
	Finalizer string
	NoCleanup bool
	Cleanup   func(context.Context, Delivery) error
}
