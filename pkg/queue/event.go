package queue

import "time"

// EventType says what happened to an object, seen from the set of objects that
// a binding watches.
type EventType string

// The event types.
const (
	// Added: the object entered the set.
	Added EventType = "Added"
	// Modified: it changed within the set.
	Modified EventType = "Modified"
	// Deleted: it no longer exists in the cluster.
	Deleted EventType = "Deleted"
	// Left: it exists, and no longer matches.
	Left EventType = "Left"
	// Unchanged: nothing is known to have happened to it; a requeue or a trigger
	// asks for the call.
	Unchanged EventType = "Unchanged"
)

// out reports whether an event of this type takes the object out of the set.
func (t EventType) out() bool { return t == Deleted || t == Left }

// Via says on which way a cause came.
type Via string

// The ways.
const (
	// ViaWatch: an event of the object itself.
	ViaWatch Via = "watch"
	// ViaOwned: an object that it owns.
	ViaOwned Via = "owned"
	// ViaUsed: an object that it names.
	ViaUsed Via = "used"
	// ViaMapped: an object that maps to it.
	ViaMapped Via = "mapped"
	// ViaRequeue: an earlier call asked to be called again.
	ViaRequeue Via = "requeue"
	// ViaRetry: an earlier call failed.
	ViaRetry Via = "retry"
)

// Cause is one reason of a call. Kind and Name ("namespace/name") identify the object that caused it. In the causes
// that the queue adds itself (ViaRequeue, ViaRetry), Kind is empty: they come from the object of the call.
type Cause struct {
	Type EventType
	Via  Via
	Kind string
	Name string
}

// MaxCauses is how many causes a call carries at most: the last ones.
const MaxCauses = 16

// Event is what goes into a Queue or a Pool.
type Event[P any] struct {
	// Key and UID identify the object. An empty UID stands for whichever object
	// has that name (a trigger knows no more).
	Key Key
	UID string
	// Type is what happened.
	Type EventType
	// Payload is the state that the event brings. A Queue keeps the latest.
	Payload P
	// Bare says that there is no payload. A bare Unchanged leaves the payload
	// that waits as it is; any other bare event makes it outdated, and the call
	// is bare as well (see Call.Bare).
	Bare bool
	// Passed says that the binding's event-type filters accepted the event. An event that did not pass causes no call,
	// but updates queued work. A Deleted or Left that did not pass drops the work of its UID: queued work, retries and
	// requeues, including a running call's, unless that work delivers the other of the two, which passed.
	Passed bool
	// Was says that the object was in the set before this event, whether that was delivered to the binding or filtered
	// out. The net type is computed from it.
	Was bool
	// Before is the previous state of the object, if the caller keeps it and wants it delivered; otherwise nil.
	// The queue does not look into it; Limit weighs it.
	Before any
	// Initial says that the event is of the initial list: it waits behind all
	// live events.
	Initial bool
	// Generation is metadata.generation. A change of it makes queued work due at once and restarts its attempts.
	// It is 0 or less where the kind has none: then each change makes a retry due, and a change between two negative
	// numbers is one of generation.
	Generation int64
	// Cause is why the event came. Left empty it is the event itself: its Type, ViaWatch, Options.Kind and the name
	// of Key.
	Cause Cause

	keyOnly bool // its payload is what Limit.KeyOnly made of it
}

// Call is what a handler is given.
type Call[P any] struct {
	// Key and UID identify the object.
	Key Key
	UID string
	// Type is the net change since the last call that did not fail; with InOrder
	// and in a Pool, the type of the one event.
	Type EventType
	// Payload is the latest state; with InOrder and in a Pool, that of the event.
	Payload P
	// Bare says that there is no payload: the handler reads the object itself.
	Bare bool
	// Before is the Before of the first event that Type covers: the state before all of them. It is nil for
	// Added and Unchanged, and for the requeue of a Deleted or Left.
	Before any
	// Initial is true for the Added of an object of the initial list.
	Initial bool
	// Attempt counts the calls for this work, from 1.
	Attempt int
	// Merged is how many events this call stands for beyond the first.
	Merged int
	// Causes are the last MaxCauses reasons, oldest first. They are the call's own.
	Causes []Cause
	// Received is when the oldest event that was merged into the call came in;
	// for a requeue, when it came due.
	Received time.Time
	// Entering is for handlers that leave the call of Enter to a function that they do not give the Call to. It is nil
	// where no call waits for Enter.
	Entering Entering
}
