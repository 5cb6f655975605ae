package queue

import (
	"math"
	"sync/atomic"
	"time"
)

// Limit bounds the memory of the work in a Queue or a Pool. An event that arrives when the held bytes have
// reached the budget is keyOnly: the engine keeps only what KeyOnly makes of its payload, and merges it into queued work of
// its object, if there is any, also with InOrder and in a Pool. So the last event below the
// budget may exceed it, and after that the memory grows with the number of queued objects, not with the events.
// The Event.Before of the first event of a call is kept, and weighed, even over the budget.
type Limit[P any] struct {
	// Budget is how many bytes may be held: the payloads and previous states of queued and running work,
	// and, where events are not merged, CallOverhead for each call. Not positive: no limit.
	Budget int64
	// Weight gives the bytes of a payload, keyOnly or not, and of what Call.Before is, together: what both have in common
	// counts once. Where there is no payload it is given the zero one, where there is no Before nil.
	Weight func(payload P, before any) int64
	// KeyOnly gives what is kept of a payload for which there is no room. It should weigh next to nothing.
	KeyOnly func(P) P
	// Full, if not nil, counts the engines without room, of all that share it: see Room.
	Full *atomic.Int32
}

// CallOverhead is what a queued call weighs in addition to its payload, in bytes: roughly its own memory.
// It counts with InOrder and in a Pool, where few objects can have many calls.
const CallOverhead = 512

// Limit sets the limit. It is called before the first Add.
func (q *Queue[P]) Limit(l Limit[P]) {
	q.limit.Limit = l
	q.load.budget, q.load.count = l.Budget, l.Full
	if q.opts.InOrder {
		q.limit.extra = CallOverhead
	}
}

// Limit sets the limit. It is called before the first Add.
func (p *Pool[P]) Limit(l Limit[P]) {
	p.limit.Limit = l
	p.load.budget, p.load.count = l.Budget, l.Full
	p.limit.extra = CallOverhead
}

// limit weighs what waits.
type limit[P any] struct {
	Limit[P]
	load  *load
	extra int64 // of each call, beside its payload
}

// fit makes an event keyOnly where it does not fit, when the item in its place is gone (nil: there is none). It
// is keyOnly, too, when a call of its object that was made keyOnly runs: that call may read a newer state, and a
// later one must not tell an older.
func (l *limit[P]) fit(e *Event[P], instead *item[P], behindSlim bool) {
	if l.Budget <= 0 || e.Bare {
		return
	}
	held := l.load.held
	if instead != nil { // what it is compared with stays
		var none P
		held -= int64(instead.weight) - l.Weight(none, instead.before())
	}
	if held >= l.Budget || behindSlim {
		e.Payload, e.keyOnly = l.KeyOnly(e.Payload), true
	}
}

// weigh brings the sum up to date with an item that came or changed.
func (l *limit[P]) weigh(it *item[P]) {
	if l.Budget <= 0 {
		return
	}
	var payload P
	if !it.bare {
		payload = it.payload
	}
	sum := l.Weight(payload, it.before())
	if !it.keyOnly {
		sum += l.extra
	}
	if n := it.newer(); n != nil && !n.Bare {
		sum += l.Weight(n.Payload, nil)
	}
	sum = min(max(sum, 0), math.MaxUint32)
	l.load.held += sum - int64(it.weight)
	it.weight = uint32(sum)
}

// release takes an item off the sum.
func (l *limit[P]) release(it *item[P]) {
	l.load.held -= int64(it.weight)
	it.weight = 0
}

// load is how much an engine holds, against its budget. It is guarded by the engine's lock.
type load struct {
	budget int64 // 0: none
	held   int64
	full   atomic.Bool   // for those who wait for room; it ends some way below the budget
	count  *atomic.Int32 // of all that are full; may be nil
	room   chan struct{} // closed when it ends; nil: nobody waits
	roomy  time.Time     // when it ended last; zero: it never did
}

// over reports whether an event that comes now is keyOnly.
func (l *load) over() bool { return l.budget > 0 && l.held >= l.budget }

// update follows every change. When an engine is closed nobody waits for it.
func (l *load) update(closed bool) {
	switch {
	case closed || l.held <= l.budget-(l.budget+3)/4:
		if l.full.Load() {
			l.turn(false, -1)
			l.roomy = time.Now()
			if l.room != nil {
				close(l.room)
				l.room = nil
			}
		}
	case l.over() && !l.full.Load():
		l.turn(true, 1)
	}
}

func (l *load) turn(full bool, by int32) {
	l.full.Store(full)
	if l.count != nil {
		l.count.Add(by)
	}
}

// Room returns a channel that is closed when there is room for events again, some way below the budget, or the engine
// has shut down. It returns nil if there is room now. Events that arrive in between are keyOnly if they do not fit.
func (e *engine) Room() <-chan struct{} {
	if !e.load.full.Load() {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.load.full.Load() {
		return nil
	}
	if e.load.room == nil {
		e.load.room = make(chan struct{})
	}
	return e.load.room
}

// Roomy is when there was room again, after there was none, for the last time: when a channel of Room was closed, if somebody
// had one. Zero: it never was.
func (e *engine) Roomy() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.load.roomy
}
