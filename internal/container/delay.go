package container

import (
	"math"
	"time"
)

// Delays is a heap of things that are due at a time, soonest first. Unlike client-go's
// delaying queue it lets go of what is cancelled.
type Delays[T any] struct {
	Heap []*Alarm[T]
}

// Alarm is the place of one thing in at most one heap.
type Alarm[T any] struct {
	Of    T
	Due   Moment
	Since Moment // when the wait began, if its owner sets that: of two that are due at once the older goes first
	pos   int    // from 1; 0: not in the heap
}

func (a *Alarm[T]) before(b *Alarm[T]) bool {
	return a.Due < b.Due || a.Due == b.Due && a.Since < b.Since
}

// First gives when the soonest is due.
func (d *Delays[T]) First() (Moment, bool) {
	if len(d.Heap) == 0 {
		return Never, false
	}
	return d.Heap[0].Due, true
}

// Push puts an alarm in, out of the place that it had.
func (d *Delays[T]) Push(a *Alarm[T], due Moment) {
	d.Remove(a)
	a.Due = due
	d.Heap = append(d.Heap, a)
	a.pos = len(d.Heap)
	d.up(a.pos)
}

// Pop takes out the soonest if it is due.
func (d *Delays[T]) Pop(now Moment) (T, bool) {
	if len(d.Heap) == 0 || d.Heap[0].Due > now {
		var none T
		return none, false
	}
	a := d.Heap[0]
	d.Remove(a)
	return a.Of, true
}

// Remove takes a out, if it is in.
func (d *Delays[T]) Remove(a *Alarm[T]) {
	if a.pos == 0 {
		return
	}
	i, last := a.pos, len(d.Heap)
	d.swap(i, last)
	d.Heap[last-1] = nil
	d.Heap = d.Heap[:last-1]
	a.pos = 0
	if i < last {
		d.up(i)
		d.down(i)
	}
	if Outgrown(len(d.Heap), cap(d.Heap)) {
		d.Heap = append(make([]*Alarm[T], 0, len(d.Heap)), d.Heap...)
	}
}

// at, swap, up and down count positions from 1, as alarm.pos does.
func (d *Delays[T]) at(i int) *Alarm[T] { return d.Heap[i-1] }

func (d *Delays[T]) swap(i, j int) {
	d.Heap[i-1], d.Heap[j-1] = d.Heap[j-1], d.Heap[i-1]
	d.Heap[i-1].pos, d.Heap[j-1].pos = i, j
}

func (d *Delays[T]) up(i int) {
	for i > 1 && d.at(i).before(d.at(i/2)) {
		d.swap(i, i/2)
		i /= 2
	}
}

func (d *Delays[T]) down(i int) {
	for {
		c := 2 * i
		if c > len(d.Heap) {
			return
		}
		if c < len(d.Heap) && d.at(c+1).before(d.at(c)) {
			c++
		}
		if !d.at(c).before(d.at(i)) {
			return
		}
		d.swap(i, c)
		i = c
	}
}

// Moment is a time as an engine counts it: in nanoseconds since just before the engine was made. It takes a third
// of the room of a time.Time, and half the time to look at the clock.
type Moment int64

// Never is no moment: all are later.
const Never Moment = 0

// Add gives the moment that is d later; what lies beyond all time is its end.
func (m Moment) Add(d time.Duration) Moment {
	if later := m + Moment(d); later >= m {
		return later
	}
	return math.MaxInt64
}
