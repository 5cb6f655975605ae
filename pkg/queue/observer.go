package queue

import "time"

// Observer receives what happens, for metrics and logs. Its methods are called
// without a lock held, from many goroutines at once, and should be quick: the
// work of the queue goes on when they return. Embed NopObserver to implement
// only some.
type Observer interface {
	// Received: an event that passed came in.
	Received()
	// Merged: that event was merged into queued work.
	Merged()
	// Started: a call starts, having waited for that long since its oldest event
	// came in or its delay ended, whichever is later.
	Started(wait time.Duration)
	// Finished: a call ended.
	Finished(Finish)
	// Parked: so many more (or less) objects are parked.
	Parked(delta int)
	// Dropped: so many queued calls were dropped without being made.
	Dropped(reason Reason, n int)
	// GaveUp: work was given up and not parked: an event of a Pool or with
	// InOrder, a Deleted or a Left. Finished is called for the same call.
	GaveUp(Finish)
	// Overflowed: a call starts in an extra slot, see Hanging.
	Overflowed()
	// Hanging: other calls than before hang, or none.
	Hanging(Hanging)
}

// Reason says why queued work was dropped.
type Reason string

// The reasons.
const (
	// DropGone: the object was deleted or left, and the binding takes neither.
	DropGone Reason = "gone"
	// DropReplaced: another object has its name now.
	DropReplaced Reason = "replaced"
)

// Finish describes a call that ended.
type Finish struct {
	Key     Key
	UID     string
	Type    EventType
	Attempt int
	Merged  int
	// Initial and Causes are copied from the Call.
	Initial bool
	Causes  []Cause
	// Outcome is what the handler returned (Retry for a panic), Err its failure.
	Outcome Outcome
	Err     error
	// Label is Result.Label.
	Label string
	// Took is how long the handler ran.
	Took time.Duration
	// Next is in how long the work is called again; meaningful with Again.
	Next  time.Duration
	Again bool
	// Parked says that the object is parked now.
	Parked bool
}

// NopObserver does nothing.
type NopObserver struct{}

// Received does nothing.
func (NopObserver) Received() {}

// Merged does nothing.
func (NopObserver) Merged() {}

// Started does nothing.
func (NopObserver) Started(time.Duration) {}

// Finished does nothing.
func (NopObserver) Finished(Finish) {}

// Parked does nothing.
func (NopObserver) Parked(int) {}

// Dropped does nothing.
func (NopObserver) Dropped(Reason, int) {}

// GaveUp does nothing.
func (NopObserver) GaveUp(Finish) {}

// Overflowed does nothing.
func (NopObserver) Overflowed() {}

// Hanging does nothing.
func (NopObserver) Hanging(Hanging) {}
