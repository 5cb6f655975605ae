package capability

import "github.com/ancho-dev/ancho/pkg/queue"

// Via says how a [Cause] reached the object of a call.
type Via string

// The ways.
const (
	// ViaWatch: an event of the object itself.
	ViaWatch Via = "watch"
	// ViaOwned: an event of an object that it owns, see [Selection.Owns].
	ViaOwned Via = "owned"
	// ViaUsed: an event of an object that it names, see [Selection.Uses].
	ViaUsed Via = "used"
	// ViaMapped: an event of an object that maps to it, see [Mapped].
	ViaMapped Via = "mapped"
	// ViaRequeue: an earlier call returned [RequeueAfter].
	ViaRequeue Via = "requeue"
	// ViaRetry: an earlier call failed.
	ViaRetry Via = "retry"
)

// Cause is one reason for a call: what happened, how it reached the object, and the object that it happened to.
type Cause struct {
	// Type is what happened.
	Type EventType
	// Via is how the cause reached the object of the call.
	Via Via
	// Kind is the kind of the object that it happened to; empty for ViaRequeue and ViaRetry, which come from the object of the call.
	Kind string
	// Name is "namespace/name" of the object that it happened to, or its name where there are no namespaces.
	Name string
}

// causesOf translates the causes that the queue gives, into a slice of the caller's own.
func causesOf(from []queue.Cause) []Cause {
	if len(from) == 0 {
		return nil
	}
	out := make([]Cause, len(from))
	for i, c := range from {
		out[i] = Cause{Type: EventType(c.Type), Via: Via(c.Via), Kind: c.Kind, Name: c.Name}
	}
	return out
}
