package capability

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// The defaults of Settings.
const (
	DefaultConcurrency    = 16
	DefaultBackoffLowest  = 200 * time.Millisecond
	DefaultBackoffHighest = 5 * time.Minute
	DefaultMemoryBudget   = 16 << 20
)

// Settings are how a binding's calls are run.
type Settings struct {
	// Concurrency is how many callbacks run at once.
	Concurrency int
	// Timeout is after how long the context of a call is cancelled; 0 is never.
	Timeout time.Duration
	// Backoff bounds the delays between failed calls.
	Backoff queue.Backoff
	// MaxAttempts is how many calls in a row may fail; 0 is no limit.
	MaxAttempts int
	// Strategy is what is serialised.
	Strategy queue.Strategy
	// InOrder makes each event a call of its own, in order for one object.
	InOrder bool
	// MemoryBudget is how many bytes of raw events may wait.
	MemoryBudget int64
	// Audit is how often the binding's streams are compared with a list; 0 is never.
	Audit time.Duration
	// ManagedFields: objects come with metadata.managedFields. Without it nobody reads them for this
	// binding, and frames need not have them.
	ManagedFields bool
}

// Compiled is a binding as a runtime sees it. It is not changed after it was made, and its functions
// may be called concurrently.
type Compiled struct {
	// Capability and Binding are the names; together they are unique in a program.
	Capability, Binding string
	// Description is the capability's.
	Description string
	// Action says which kind of callback it is.
	Action Action
	// Resource is what is watched.
	Resource kind.Resource
	// Location is the folder, file and line of the Watch or Reconcile.
	Location string
	// Targets are what has to be requested, without doubles, ordered by namespace and name. Equal
	// selections have equal targets.
	Targets []watcher.Target
	// ClientSide describes, for people, what is filtered here and not by the server.
	ClientSide []string
	// Settings are complete: what was not declared has its default.
	Settings Settings
	// Match says whether metadata fits the whole selection, as far as metadata can tell, including
	// what the server selects. So it gives the same whether the binding has its own stream or rides
	// on a wider one. It allocates nothing.
	Match func(*watcher.Meta) bool
	// Conditions are some of what Match asks for: it is false for metadata that does not meet all of them. A runtime
	// with many bindings can look up which of them to ask.
	Conditions []Condition
	// Inspect decodes an object once and says whether all of Where hold, and gives the hash of the
	// OnChange projections if they do. Nil if neither step is used. A predicate that panics is an
	// error. Hashes of one Compiled can be compared with each other only.
	Inspect func(*watcher.Frame) (match bool, hash uint64, err error)
	// OnSpecChange: a Modified counts when metadata.generation changed. With OnChange, either change is enough.
	OnSpecChange bool
	// OnChange: a Modified counts when the hash of Inspect changed.
	OnChange bool
	// Takes is the event-type filter. An initial object satisfies any created or updated filter of a
	// Reconcile, and the created one of a Watch. Unchanged is taken where objects that exist are.
	Takes func(t EventType, initial bool) bool
	// Invoke decodes the object into one of the callback's own and calls the callback. An object
	// that does not decode is a *DecodeError. A panic of the callback is the caller's to catch.
	Invoke func(context.Context, Delivery) error
	// Finalizer is put on matching objects, for Cleanup, which is called as Invoke is. Empty: there is none. The targets
	// then select by namespace and name alone.
	Finalizer string
	Cleanup   func(context.Context, Delivery) error
	// Admission says which new objects the finalizer is for; nil without one.
	Admission *Admission
	// Within says whether metadata is in the namespaces and has one of the names of the selection.
	Within func(*watcher.Meta) bool
	// Triggers wake objects of a Reconcile.
	Triggers []*CompiledTrigger
	// AnyForm, of a trigger's source: metadata is all that it needs, and whole objects do as well.
	AnyForm bool
	// Optional, of a trigger's source: the binding runs while the server does not serve it.
	Optional bool
	// Attach is there for a binding with Cached: the last state of each object in its set is to be kept, and what keeps
	// them given to the binding's Readers, by this function. Else it is nil.
	Attach func(Cache)
	// AddToScheme registers the Go type of the kind.
	AddToScheme func(*runtime.Scheme) error
	// Warnings say what will work, but perhaps not as meant.
	Warnings []string
}

// Delivery is one call to be made.
type Delivery struct {
	// Type is what happened.
	Type EventType
	// Frame holds the object; nil if only its identity is known.
	Frame *watcher.Frame
	// Old holds the object as it was before; nil if nothing kept it.
	Old *watcher.Frame
	// Identity is the namespace, name, uid and resourceVersion of the object where Frame is nil.
	Identity watcher.Meta
	// Initial, Attempt, Merged and Causes are those of the Event.
	Initial         bool
	Attempt, Merged int
	Causes          []Cause
	// Entering is told when the event is complete, right before the callback is entered. It may be nil.
	Entering queue.Entering
}

// CompileOptions are the program's.
type CompileOptions struct {
	// Namespace is the program's --namespace. Bindings on namespaced kinds that name no namespace are
	// confined to it, and those that name another one are a mistake. Empty: all namespaces.
	Namespace string
}
