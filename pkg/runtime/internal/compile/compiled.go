package compile

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// Compiled is a binding as a runtime sees it. It is not changed after it was made, and its functions
// may be called concurrently.
type Compiled struct {
	// Capability and Binding are the names; together they are unique in a program.
	Capability, Binding string
	// Description is the capability's.
	Description string
	// Action says which kind of callback it is.
	Action declare.Action
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
	Settings declare.Settings
	// Match says whether metadata fits all of the selection that is about metadata, including
	// what the server selects. So it gives the same whether the binding has its own stream or shares
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
	Takes func(t queue.EventType, initial bool) bool
	// Invoke decodes the object into one of the callback's own and calls the callback. An object
	// that does not decode is a *DecodeError. A panic of the callback is the caller's to catch.
	Invoke func(context.Context, declare.Delivery) error
	// Finalizer is put on matching objects, for Cleanup, which is called as Invoke is. Empty: there is none. The targets
	// then select by namespace and name alone.
	Finalizer string
	Cleanup   func(context.Context, declare.Delivery) error
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
	Attach func(declare.Cache)
	// AddToScheme registers the Go type of the kind.
	AddToScheme func(*runtime.Scheme) error
	// Warnings say what will work, but perhaps not as meant.
	Warnings []string
}
