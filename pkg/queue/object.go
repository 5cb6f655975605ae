package queue

import (
	"time"

	"github.com/ancho-dev/ancho/internal/container"
)

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

// object is what a queue keeps of an object that is not at rest. Mostly it has one item, and with PerObject a lane
// of its own: they are part of it, so that it is one piece of memory.
type object[P any] struct {
	key     Key
	lane    *lane[P]
	delayed *delayed[P]

	first, last *item[P] // the line of what waits, oldest first
	run         *item[P] // what runs

	state       state
	told        place // what runs tells the handler
	toldKeyOnly bool  // and that it has no payload, see limit
	disowned    bool  // it was dropped while it runs: its result counts no more
	news        news  // that came while it runs
	used        bool  // own is in use

	own     item[P]
	ownLane lane[P]
}

// delayed is what few objects need.
type delayed[P any] struct {
	patience
	seat  container.Seat[*object[P]]  // in a lane that objects share
	alarm container.Alarm[*object[P]] // in the queue's delays
}

// extra gives what few objects need, made where there is none.
func (o *object[P]) extra() *delayed[P] {
	if o.delayed == nil {
		o.delayed = &delayed[P]{}
		o.delayed.seat.Link.Of, o.delayed.alarm.Of = o, o
	}
	return o.delayed
}

// item gives an empty item.
func (o *object[P]) item() *item[P] {
	if o.used {
		return &item[P]{}
	}
	o.used = true
	return &o.own
}

// over lets go of an item whose work has ended.
func (o *object[P]) over(it *item[P]) {
	if it == &o.own {
		*it = item[P]{}
		o.used = false
	}
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
	taken := codeNone
	if o.run != nil && !o.disowned && same(o.run.uid, uid) {
		taken = o.run.taken
	}
	for it := o.first; it != nil; it = it.next {
		if it.taken != codeNone && same(it.uid, uid) {
			taken = it.taken
		}
	}
	return taken.typ()
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
		next, was := it.next, it.wait
		it.next = nil
		switch {
		case keep(it):
			o.push(it)
		case was == waitChange:
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
func (o *object[P]) tier() container.Tier {
	if o.first.backlog && o.last.backlog {
		return container.TierBacklog
	}
	return container.TierLive
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
		it.asked()
	}
	it.wait = waitNone
}

// lane is what is serialised. It is the item of the workqueue.
type lane[P any] struct {
	seat   container.Seat[*lane[P]] // in the order of the lanes
	object *object[P]               // whose own it is
	group  *group[P]                // of a lane that objects share
	ready  bool                     // the object is
}

// group is what is ready in a lane that objects share.
type group[P any] struct {
	key     Key
	objects int // not at rest
	ready   container.Fair[*object[P]]
}

func (l *lane[P]) push(o *object[P]) {
	if l.group == nil {
		l.ready = true
		return
	}
	l.group.ready.Push(&o.extra().seat, o.key.Namespace, o.tier())
}

func (l *lane[P]) remove(o *object[P]) {
	if l.group == nil {
		l.ready = false
		return
	}
	l.group.ready.Remove(&o.delayed.seat)
}

// pop takes out the object that is next, nil where none is ready.
func (l *lane[P]) pop() *object[P] {
	if l.group == nil {
		if !l.ready {
			return nil
		}
		l.ready = false
		return l.object
	}
	o, _ := l.group.ready.Pop()
	return o
}

func (l *lane[P]) empty() bool {
	if l.group == nil {
		return !l.ready
	}
	return l.group.ready.Len() == 0
}

// tier is that of the object that is next.
func (l *lane[P]) tier() container.Tier {
	if l.group != nil {
		return l.group.ready.Best()
	}
	if l.ready {
		return l.object.tier()
	}
	return container.TierBacklog
}

// behind reports whether a ready object's place is worse than what it has now.
func (l *lane[P]) behind(o *object[P]) bool {
	if l.group != nil {
		return o.tier() < o.delayed.seat.Tier
	}
	return l.seat.Seated() && o.tier() < l.seat.Tier
}

// namespace is whose turn the lane takes.
func (l *lane[P]) namespace() string {
	if l.group != nil {
		return l.group.key.Namespace
	}
	return l.object.key.Namespace
}

// laneOrder is the order of the lanes below the workqueue.
type laneOrder[P any] struct {
	fair container.Fair[*lane[P]]
	skip []string // namespaces that Pop passes over
}

// Push puts a lane in; the workqueue calls it.
func (f *laneOrder[P]) Push(l *lane[P]) { f.fair.Push(&l.seat, l.namespace(), l.tier()) }

// Touch moves a lane up that waits in the backlog and has live work now.
func (f *laneOrder[P]) Touch(l *lane[P]) {
	if l.seat.Seated() && l.tier() < l.seat.Tier {
		f.Push(l)
	}
}

// settle moves a lane down whose live work was dropped.
func (f *laneOrder[P]) settle(l *lane[P]) {
	if l.seat.Seated() && l.tier() > l.seat.Tier {
		f.Push(l)
	}
}

// Len counts the lanes.
func (f *laneOrder[P]) Len() int { return f.fair.Len() }

// Pop takes out the lane that is next.
func (f *laneOrder[P]) Pop() *lane[P] {
	l, _ := f.fair.Pop(f.skip...)
	return l
}

// waited is how long a call that starts now has waited.
func (it *item[P]) waited(now container.Moment) time.Duration {
	return time.Duration(max(now-max(it.received, it.due), 0))
}
