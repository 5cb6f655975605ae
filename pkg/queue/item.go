package queue

import (
	"slices"
	"time"
)

// place is where an object is, seen from the set.
type place uint8

const (
	present place = iota
	left
	gone
)

// kind of delay that an item waits for.
type wait uint8

const (
	waitNone wait = iota
	waitRetry
	waitRequeue
	waitChange // parked: until an event passes
)

// item is the work of one call: events of one UID that are merged, or, with
// InOrder, one event. It waits in the line of its object, or runs.
type item[P any] struct {
	next *item[P] // behind it in the line

	uid     string
	payload P
	newer   *Event[P] // InOrder: did not pass; its state is for a requeue
	weight  int64     // see limit
	slim    bool      // the payload is what Limit.Slim made of it
	bare    bool      // there is no payload
	fresh   bool      // an event brought payload and place; else they are assumed

	// The net type comes from these, unless fixed says it (InOrder and Pool: nothing is merged).
	fixed   EventType
	base    bool      // in the set when the last call that did not fail was made
	touched bool      // not only requeues and triggers
	place   place     // the latest
	taken   EventType // of the last event that passed and was no trigger

	initial    bool // began with the initial list
	backlog    bool // nothing but the initial list
	attempts   int  // that failed
	events     int
	causes     []Cause
	received   time.Time // of the oldest event
	generation int64

	wait wait
	due  time.Time // end of the wait; zero: it never waited
	err  error     // parked: why
}

// same reports whether two UIDs are of one object; an empty one fits any.
func same(a, b string) bool { return a == b || a == "" || b == "" }

// typ is the type of the call.
func (it *item[P]) typ() EventType {
	switch {
	case it.fixed != "":
		return it.fixed
	case !it.touched:
		return Unchanged
	case it.place == gone:
		return Deleted
	case it.place == left:
		return Left
	case it.base:
		return Modified
	}
	return Added
}

// refresh brings an item that merges up to date with an event, which need not
// have passed.
func (it *item[P]) refresh(e *Event[P]) {
	if e.Type == Unchanged && e.Bare {
		return
	}
	it.fresh, it.newer = true, nil
	if it.wait != waitChange { // what is parked keeps no payload
		it.payload, it.bare, it.slim = e.Payload, e.Bare, e.slim
	}
	if e.Type == Unchanged {
		return
	}
	if !it.touched {
		it.base = e.Was
	}
	switch e.Type {
	case Deleted:
		it.place = gone
	case Left:
		it.place = left
	default:
		it.place = present
	}
	it.see(e.Generation)
}

func (it *item[P]) see(generation int64) {
	if generation != 0 {
		it.generation = generation
	}
}

// take merges an event that passed. It reports whether there was something to
// merge it with.
func (it *item[P]) take(e *Event[P], now time.Time) bool {
	switch it.wait {
	case waitChange: // starts anew, but for what the handler was told
		it.attempts, it.events, it.causes, it.err = 0, 0, nil, nil
		it.wait = waitNone
	case waitRequeue:
		it.wait = waitNone
	case waitNone, waitRetry:
	}
	it.refresh(e)
	if e.Type != Unchanged {
		if !it.touched && e.Initial && !e.Was {
			it.initial = true
		}
		it.touched, it.taken = true, e.Type
	}
	merged := it.events > 0
	if !merged {
		it.received, it.backlog, it.due = now, e.Initial, time.Time{}
	}
	it.backlog = it.backlog && e.Initial
	it.events++
	it.addCause(e.Cause)
	return merged
}

// newItem makes the work of one event that passed. It is that event's alone, or merges others.
func newItem[P any](e *Event[P], now time.Time, alone bool) item[P] {
	it := item[P]{uid: e.UID, bare: true}
	it.take(e, now)
	if alone {
		it.fixed = e.Type
	}
	return it
}

// join merges an event, for which there is no room, into what would have been another event's alone.
func (it *item[P]) join(e *Event[P], now time.Time) (merged bool) {
	it.fixed = ""
	return it.take(e, now)
}

// adopt fills in what the event of a new item did not tell, but an earlier one of
// the object did.
func (it *item[P]) adopt(had *item[P]) {
	if it.uid == "" {
		it.uid = had.uid
	}
	if it.generation == 0 {
		it.generation = had.generation
	}
}

// follow gives an item, which came while r ran, the history of r, which failed: the
// two are one call then.
func (it *item[P]) follow(r *item[P]) {
	if !it.fresh {
		it.payload, it.bare, it.slim, it.place, it.fresh = r.payload, r.bare, r.slim, r.place, r.fresh
	}
	it.adopt(r)
	it.inherit(r)
	it.touched = it.touched || r.touched
	if it.taken == "" {
		it.taken = r.taken
	}
	it.backlog = it.backlog && r.backlog
	it.attempts = r.attempts
	it.events += r.events
	causes := it.causes
	it.causes = r.causes
	for _, c := range causes {
		it.addCause(c)
	}
	it.received = r.received
}

// inherit compares an item with what r would have been compared with.
func (it *item[P]) inherit(r *item[P]) {
	if r.touched {
		it.base, it.initial = r.base, r.initial
	}
}

func (it *item[P]) addCause(c Cause) { it.causes = addCause(it.causes, c) }

// addCause adds a reason; of the retries the last is kept. There may be more than
// MaxCauses, so that not every addition has to move them. What a call was given
// (see lastCauses) has no room behind it and is never as long as what is moved in
// place, so it is never written into.
func addCause(old []Cause, c Cause) []Cause {
	if c.Via == ViaRetry {
		for i := range old {
			if old[i].Via == ViaRetry {
				old = append(old[:i:i], old[i+1:]...)
				break
			}
		}
	}
	if len(old) == 2*MaxCauses {
		old = old[:copy(old, old[len(old)-MaxCauses+1:])]
	}
	return append(old, c)
}

// lastCauses gives the last MaxCauses, cut so that what is added goes elsewhere.
func lastCauses(c []Cause) []Cause {
	return slices.Clip(c[max(0, len(c)-MaxCauses):])
}

// call makes what the handler is given.
func (it *item[P]) call(k Key) Call[P] {
	it.causes = lastCauses(it.causes)
	t := it.typ()
	return Call[P]{
		Key: k, UID: it.uid, Type: t, Payload: it.payload, Bare: it.bare,
		Initial: it.initial && t == Added,
		Attempt: it.attempts + 1, Merged: max(it.events-1, 0),
		Causes: it.causes, Received: it.received,
	}
}
