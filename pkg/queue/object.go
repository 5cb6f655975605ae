package queue

import "time"

// state is where an object is in its queue.
type state uint8

const (
	atRest   state = iota // unknown to the queue
	ready                 // in its lane
	blocked               // another queue runs a call for it: see Locks
	running               // its call runs
	retrying              // the first in its line waits to be tried again
	requeued              // it waits for the end of a requeue
	parked                // it waits for a change
	states
)

// object is what a queue keeps of an object that is not at rest.
type object[P any] struct {
	key   Key
	lane  *lane[P]
	seat  seat[*object[P]]  // in lane.ready
	alarm alarm[*object[P]] // in the queue's delays
	state state

	first, last *item[P] // the line of what waits, oldest first

	run      *item[P] // what runs
	told     place    // what it tells the handler
	toldSlim bool     // and that it has no payload, see limit
	disowned bool     // it was dropped while it runs: its result counts no more
	hurry    bool     // the generation changed while it runs: no backoff
}

// learn gives work of an unknown UID (triggers) the first that is known.
func (o *object[P]) learn(uid string) {
	if uid == "" {
		return
	}
	if o.run != nil && o.run.uid == "" {
		o.run.uid = uid
	}
	for it := o.first; it != nil && it.uid == ""; it = it.next {
		it.uid = uid
	}
}

// latest is the newest that is known of the UID: what waits, or what runs. Events
// come in the order of the watch, so nothing of the UID is behind another.
func (o *object[P]) latest(uid string) *item[P] {
	if o.last != nil {
		if same(o.last.uid, uid) {
			return o.last
		}
		return nil
	}
	if o.run != nil && !o.disowned && same(o.run.uid, uid) {
		return o.run
	}
	return nil
}

// taken is the type of the last event of the UID that passed and is not handled.
func (o *object[P]) taken(uid string) EventType {
	var t EventType
	if o.run != nil && !o.disowned && same(o.run.uid, uid) {
		t = o.run.taken
	}
	for it := o.first; it != nil; it = it.next {
		if it.taken != "" && same(it.uid, uid) {
			t = it.taken
		}
	}
	return t
}

func (o *object[P]) push(it *item[P]) {
	if o.last == nil {
		o.first = it
	} else {
		o.last.next = it
	}
	o.last = it
}

func (o *object[P]) pushFront(it *item[P]) {
	it.next = o.first
	o.first = it
	if o.last == nil {
		o.last = it
	}
}

func (o *object[P]) pop() *item[P] {
	it := o.first
	o.first = it.next
	it.next = nil
	if o.first == nil {
		o.last = nil
	}
	return it
}

// filter takes out of the line what keep does not want, and counts it, what was
// parked apart.
func (o *object[P]) filter(keep func(*item[P]) bool) (waiting, parked int) {
	it := o.first
	o.first, o.last = nil, nil
	for it != nil {
		next := it.next
		it.next = nil
		switch {
		case keep(it):
			o.push(it)
		case it.wait == waitChange:
			parked++
		default:
			waiting++
		}
		it = next
	}
	return waiting, parked
}

// tier is that of the best that waits: with a live event an object leaves the
// backlog. Live events come behind the backlog, so the ends of the line tell.
func (o *object[P]) tier() tier {
	if o.first.backlog && o.last.backlog {
		return tierBacklog
	}
	return tierLive
}

// want is the state in which the object has to be.
func (o *object[P]) want() state {
	switch {
	case o.run != nil:
		return running
	case o.first == nil:
		return atRest
	}
	switch o.first.wait {
	case waitRetry:
		return retrying
	case waitRequeue:
		return requeued
	case waitChange:
		return parked
	case waitNone:
	}
	if o.state == blocked {
		return blocked
	}
	return ready
}

// elapse ends the wait of the first in the line.
func (o *object[P]) elapse() {
	it := o.first
	if it.wait == waitRequeue {
		it.asked(o.key)
	}
	it.wait = waitNone
}

// asked makes a requeue whose time has come a reason of the call.
func (it *item[P]) asked(k Key) {
	it.received, it.events = it.due, 1
	it.addCause(Cause{Type: Unchanged, Via: ViaRequeue, Name: k.String()})
}

// lane is what is serialised. It is the item of the workqueue.
type lane[P any] struct {
	key     Key
	seat    seat[*lane[P]] // in the order of the lanes
	objects int            // not at rest
	only    *object[P]     // PerObject: the one that is ready
	ready   *fair[*object[P]]
}

func (l *lane[P]) push(o *object[P]) {
	if l.ready == nil {
		l.only = o
		o.seat.tier = o.tier()
		return
	}
	l.ready.push(&o.seat, o.tier())
}

func (l *lane[P]) remove(o *object[P]) {
	if l.ready == nil {
		l.only = nil
		return
	}
	l.ready.remove(&o.seat)
}

// pop takes out the object that is next, nil where none is ready.
func (l *lane[P]) pop() *object[P] {
	if l.ready == nil {
		o := l.only
		l.only = nil
		return o
	}
	o, _ := l.ready.pop()
	return o
}

func (l *lane[P]) empty() bool {
	if l.ready == nil {
		return l.only == nil
	}
	return l.ready.len() == 0
}

// tier is that of the object that is next.
func (l *lane[P]) tier() tier {
	if l.ready != nil {
		return l.ready.best()
	}
	if l.only != nil {
		return l.only.seat.tier
	}
	return tierBacklog
}

// laneOrder is the order of the lanes below the workqueue.
type laneOrder[P any] struct {
	fair fair[*lane[P]]
}

// Push puts a lane in; the workqueue calls it.
func (f *laneOrder[P]) Push(l *lane[P]) { f.fair.push(&l.seat, l.tier()) }

// Touch moves a lane up that waits in the backlog and has live work now.
func (f *laneOrder[P]) Touch(l *lane[P]) {
	if l.seat.seated() && l.tier() < l.seat.tier {
		f.fair.push(&l.seat, l.tier())
	}
}

// settle moves a lane down whose live work was dropped.
func (f *laneOrder[P]) settle(l *lane[P]) {
	if l.seat.seated() && l.tier() > l.seat.tier {
		f.fair.push(&l.seat, l.tier())
	}
}

// Len counts the lanes.
func (f *laneOrder[P]) Len() int { return f.fair.len() }

// Pop takes out the lane that is next.
func (f *laneOrder[P]) Pop() *lane[P] {
	l, _ := f.fair.pop()
	return l
}

// waited is how long a call that starts now has waited.
func (it *item[P]) waited(now time.Time) time.Duration {
	since := it.received
	if it.due.After(since) {
		since = it.due
	}
	return max(now.Sub(since), 0)
}
