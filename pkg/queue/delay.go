package queue

import (
	"math"
	"time"
)

// delays is a heap of what waits for its time, soonest first. Unlike client-go's
// delaying queue it lets go of what is cancelled.
type delays[T any] struct {
	heap []*alarm[T]
}

// alarm is the place of one thing in at most one heap.
type alarm[T any] struct {
	of    T
	due   moment
	since moment // when the wait began, if its owner sets that: of two that are due at once the older goes first
	pos   int    // from 1; 0: not in the heap
}

func (a *alarm[T]) before(b *alarm[T]) bool {
	return a.due < b.due || a.due == b.due && a.since < b.since
}

// first gives when the soonest is due.
func (d *delays[T]) first() (moment, bool) {
	if len(d.heap) == 0 {
		return never, false
	}
	return d.heap[0].due, true
}

func (d *delays[T]) push(a *alarm[T], due moment) {
	d.remove(a)
	a.due = due
	d.heap = append(d.heap, a)
	a.pos = len(d.heap)
	d.up(a.pos)
}

// pop takes out the soonest if it is due.
func (d *delays[T]) pop(now moment) (T, bool) {
	if len(d.heap) == 0 || d.heap[0].due > now {
		var none T
		return none, false
	}
	a := d.heap[0]
	d.remove(a)
	return a.of, true
}

// remove takes a out, if it is in.
func (d *delays[T]) remove(a *alarm[T]) {
	if a.pos == 0 {
		return
	}
	i, last := a.pos, len(d.heap)
	d.swap(i, last)
	d.heap[last-1] = nil
	d.heap = d.heap[:last-1]
	a.pos = 0
	if i < last {
		d.up(i)
		d.down(i)
	}
	if outgrown(len(d.heap), cap(d.heap)) {
		d.heap = append(make([]*alarm[T], 0, len(d.heap)), d.heap...)
	}
}

// at, swap, up and down count positions from 1, as alarm.pos does.
func (d *delays[T]) at(i int) *alarm[T] { return d.heap[i-1] }

func (d *delays[T]) swap(i, j int) {
	d.heap[i-1], d.heap[j-1] = d.heap[j-1], d.heap[i-1]
	d.heap[i-1].pos, d.heap[j-1].pos = i, j
}

func (d *delays[T]) up(i int) {
	for i > 1 && d.at(i).before(d.at(i/2)) {
		d.swap(i, i/2)
		i /= 2
	}
}

func (d *delays[T]) down(i int) {
	for {
		c := 2 * i
		if c > len(d.heap) {
			return
		}
		if c < len(d.heap) && d.at(c+1).before(d.at(c)) {
			c++
		}
		if !d.at(c).before(d.at(i)) {
			return
		}
		d.swap(i, c)
		i = c
	}
}

// moment is a time as an engine counts it: in nanoseconds since just before the engine was made. It takes a third
// of the room of a time.Time, and half the time to look at the clock.
type moment int64

// never is no moment: all are later.
const never moment = 0

// add gives the moment that is d later; what lies beyond all time is its end.
func (m moment) add(d time.Duration) moment {
	if later := m + moment(d); later >= m {
		return later
	}
	return math.MaxInt64
}
