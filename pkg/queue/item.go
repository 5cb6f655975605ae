package queue

import (
	"cmp"
	"math"

	"github.com/ancho-dev/ancho/internal/container"
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

// item is the work of one call: events of one UID that are merged, or one event alone (with InOrder and in a
// Pool, while there is room). It waits in the line of its object, or runs. There may be as many as objects, so
// what few items have is apart.
type item[P any] struct {
	next *item[P] // behind it in the line

	uid        string
	payload    P
	extras     *extras[P]
	why        cause
	received   container.Moment // the oldest event
	due        container.Moment // end of the wait; never: it never waited
	generation int64
	weight     uint32 // see limit
	attempts   int32  // that failed
	events     int32

	// The net type comes from these, unless fixed says it: the type of the one event.
	fixed   code
	unsaid  bool  // an Added that an earlier call left unsaid is to be said: see unsaid
	base    bool  // in the set when the last call that did not fail was made
	touched bool  // not only requeues and triggers
	place   place // the latest
	taken   code  // of the last event that passed and was no trigger

	bare    bool // there is no payload
	keyOnly bool // the payload is what Limit.KeyOnly made of it
	fresh   bool // an event brought payload and place; else they are assumed
	initial bool // began with the initial list
	backlog bool // nothing but the initial list
	wait    wait
}

// extras is what few items have.
type extras[P any] struct {
	newer  *Event[P] // InOrder: did not pass; its state is for a requeue
	before any       // see Call.Before; it goes with item.base
	causes []cause   // all, if there are more than one
	err    error     // parked: why
	spared int32     // of the attempts, those that do not count towards MaxAttempts
	fresh  bool      // since the first attempt an event passed or brought a retry forward
}

// extra gives the extras part of an item, made where there is none.
func (it *item[P]) extra() *extras[P] {
	if it.extras == nil {
		it.extras = &extras[P]{}
	}
	return it.extras
}

// newer is the state for a requeue, nil where there is none of its own.
func (it *item[P]) newer() *Event[P] {
	if it.extras == nil {
		return nil
	}
	return it.extras.newer
}

// before is how the object was when base was so.
func (it *item[P]) before() any {
	if it.extras == nil {
		return nil
	}
	return it.extras.before
}

// compare sets what the type is compared with.
func (it *item[P]) compare(base bool, before any) {
	it.base = base
	if before != nil || it.extras != nil {
		it.extra().before = before
	}
}

// renew empties the extras part, but for what the type is compared with.
func (it *item[P]) renew() {
	before := it.before()
	it.extras = nil
	it.compare(it.base, before)
}

// same reports whether two UIDs are of one object; an empty one fits any.
func same(a, b string) bool { return a == b || a == "" || b == "" }

// typ is the type of the call.
func (it *item[P]) typ() EventType {
	t := it.told()
	if it.unsaid && !t.out() {
		return Added
	}
	return t
}

// told is the type that the item's own events make.
func (it *item[P]) told() EventType {
	switch {
	case it.fixed != codeNone:
		return it.fixed.typ()
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
	it.fresh = true
	if it.extras != nil {
		it.extras.newer = nil
	}
	if it.wait != waitChange { // what is parked keeps no payload
		it.payload, it.bare, it.keyOnly = e.Payload, e.Bare, e.keyOnly
	}
	if e.Type == Unchanged {
		return
	}
	if !it.touched && e.Passed { // the first that the type tells of
		it.compare(e.Was, e.Before)
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
func (it *item[P]) take(e *Event[P], now container.Moment) bool {
	switch it.wait {
	case waitChange: // starts anew, but for what the handler was told
		it.attempts, it.events, it.why = 0, 0, cause{}
		it.renew()
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
		it.touched, it.taken = true, codeOf(e.Type)
	}
	merged := it.events > 0
	if !merged {
		it.received, it.backlog, it.due = now, e.Initial, container.Never
	}
	it.backlog = it.backlog && e.Initial
	it.count(1)
	it.addCause(causeOf(e))
	return merged
}

// count adds to the events that the call stands for.
func (it *item[P]) count(n int32) {
	it.events = int32(min(int64(it.events)+int64(n), math.MaxInt32)) //nolint:gosec // it is bounded here
}

// begin makes an item the work of one event that passed. It is that event's alone, or merges others.
func (it *item[P]) begin(e *Event[P], now container.Moment, alone bool) {
	it.uid, it.bare = e.UID, true
	it.take(e, now)
	if alone {
		it.fixed = codeOf(e.Type)
	}
}

// join merges an event, for which there is no room, into what would have been another event's alone.
func (it *item[P]) join(e *Event[P], now container.Moment) (merged bool) {
	it.fixed = codeNone
	return it.take(e, now)
}

// adopt fills in what the event of a new item did not say, but an earlier one of
// the object did.
func (it *item[P]) adopt(uid string, generation int64, at place) {
	it.uid = cmp.Or(it.uid, uid)
	it.generation = cmp.Or(it.generation, generation)
	if !it.fresh {
		it.place = at
	}
}

// follow gives an item, which came while r ran, the history of r, which failed: the
// two are one call then.
func (it *item[P]) follow(r *item[P]) {
	if !it.fresh {
		it.payload, it.bare, it.keyOnly, it.place, it.fresh = r.payload, r.bare, r.keyOnly, r.place, r.fresh
	}
	it.adopt(r.uid, r.generation, it.place)
	it.inherit(r)
	it.touched = it.touched || r.touched
	if r.unsaid {
		it.unsaid, it.initial = true, r.initial
	}
	it.taken = cmp.Or(it.taken, r.taken)
	it.backlog = it.backlog && r.backlog
	it.attempts = r.attempts
	it.count(r.events)
	late := it.reasons()
	it.why = cause{}
	it.extra().causes = nil
	it.extras.fresh = r.attempts > 0
	if r.extras != nil {
		it.extras.spared = r.extras.spared
	}
	for _, c := range append(r.reasons(), late...) {
		it.addCause(c)
	}
	it.received = r.received
}

// inherit compares an item with what r would have been compared with.
func (it *item[P]) inherit(r *item[P]) {
	if r.touched {
		it.compare(r.base, r.before())
		it.initial = r.initial
	}
}

// requeued is the work of a requeue, which keeps the type of what is out of the set.
func (it *item[P]) requeued(out, alone bool) item[P] {
	next := item[P]{
		uid: it.uid, payload: it.payload, bare: it.bare, keyOnly: it.keyOnly, fresh: it.fresh,
		touched: out, place: it.place, generation: it.generation,
		wait: waitRequeue,
	}
	if n := it.newer(); n != nil {
		next.payload, next.bare, next.keyOnly = n.Payload, n.Bare, n.keyOnly
	}
	if out {
		next.taken = codeOf(it.typ())
	}
	if alone {
		next.fixed = cmp.Or(next.taken, codeUnchanged)
	}
	return next
}

// asked makes a requeue whose time has come a reason of the call.
func (it *item[P]) asked() {
	it.received, it.events = it.due, 1
	it.addCause(cause{typ: codeUnchanged, via: codeRequeue})
}

// failed makes a failure a reason of the next call.
func (it *item[P]) failed() { it.addCause(cause{typ: codeOf(it.typ()), via: codeRetry}) }

// call fills in what the handler is given.
func (it *item[P]) call(c *Call[P], e *engine, k Key) {
	t := it.typ()
	*c = Call[P]{
		Key: k, UID: it.uid, Type: t, Payload: it.payload, Bare: it.bare,
		Initial: it.initial && t == Added,
		Attempt: int(it.attempts) + 1, Merged: int(max(it.events-1, 0)),
		Causes: it.tell(e.opts.Kind, k), Received: e.at(it.received),
	}
	if t != Added && t != Unchanged {
		c.Before = it.before()
	}
}
