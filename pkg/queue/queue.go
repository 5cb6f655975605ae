package queue

import (
	"slices"

	"k8s.io/client-go/util/workqueue"

	"github.com/ancho-dev/ancho/internal/container"
)

// Queue is the engine of Reconcile. Of one object it makes one call at a time,
// with the latest state; of two objects that had one name, all of the older
// before any of the newer. All its methods are safe for concurrent use.
//
// Add has to see the events of an object in the order of its watch.
type Queue[P any] struct {
	engine
	handle Handler[P]

	// Guarded by engine.mu, as all below it: the workqueue keeps a lock of its
	// own, but is never used without ours.
	objects  container.Table[Key, *object[P]] // all that are not at rest
	lanes    container.Table[Key, *lane[P]]   // of those, where a lane is more than an object
	unsaid   container.Table[Key, unsaid]
	delays   container.Delays[*object[P]]
	order    *laneOrder[P]
	lanesDue *workqueue.Typed[*lane[P]]
	peak     int // of lanes in lanesDue since it was made
	items    int // in the lines of the objects
	counts   [states]int
	limit    limit[P]
}

// New makes a queue that calls h. Nothing runs before Run.
func New[P any](o Options, h Handler[P]) *Queue[P] {
	q := &Queue[P]{handle: h}
	q.init(o, q)
	q.limit.load = &q.load
	q.newLanesDue()
	return q
}

func (q *Queue[P]) newLanesDue() {
	q.order = &laneOrder[P]{}
	q.lanesDue = workqueue.NewTypedWithConfig(workqueue.TypedQueueConfig[*lane[P]]{Queue: q.order})
	q.peak = 0
}

// Stats counts what is in the queue.
func (q *Queue[P]) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	delayed := q.counts[retrying] + q.counts[requeued] + q.counts[parked]
	return Stats{
		Waiting:  q.items - delayed,
		Running:  q.counts[running],
		Retrying: q.counts[retrying],
		Requeued: q.counts[requeued],
		Parked:   q.counts[parked],
		Bytes:    q.load.held,
	}
}

// Parked describes the parked objects, sorted by key.
func (q *Queue[P]) Parked() []ParkedInfo {
	q.mu.Lock()
	infos := make([]ParkedInfo, 0, q.counts[parked])
	if q.counts[parked] > 0 {
		for _, o := range q.objects.M {
			if o.state == parked {
				it := o.first
				infos = append(infos, ParkedInfo{
					Key: o.key, UID: it.uid, Type: it.typ(), Attempt: int(it.attempts), Since: q.at(it.due), Err: it.extra().err,
				})
			}
		}
	}
	q.mu.Unlock()
	slices.SortFunc(infos, func(a, b ParkedInfo) int { return a.Key.compare(b.Key) })
	return infos
}

// object gives the object of a key, made where it is at rest.
func (q *Queue[P]) object(k Key) *object[P] {
	if o, ok := q.objects.Get(k); ok {
		return o
	}
	o := &object[P]{key: k}
	if q.opts.Strategy == PerObject {
		o.lane = &o.ownLane
		o.lane.object, o.lane.seat.Link.Of = o, o.lane
	} else {
		o.lane = q.lane(q.opts.Strategy.lane(k))
		o.lane.group.objects++
	}
	q.objects.Set(k, o)
	return o
}

// lane gives a lane that objects share.
func (q *Queue[P]) lane(k Key) *lane[P] {
	if l, ok := q.lanes.Get(k); ok {
		return l
	}
	l := &lane[P]{group: &group[P]{key: k}}
	l.seat.Link.Of = l
	q.lanes.Set(k, l)
	return l
}

// forget lets go of an object that is at rest.
func (q *Queue[P]) forget(o *object[P]) {
	q.objects.Delete(o.key)
	if g := o.lane.group; g != nil {
		if g.objects--; g.objects == 0 {
			q.lanes.Delete(g.key)
		}
	}
}

// place puts an object where it belongs after any change of its line.
func (q *Queue[P]) place(o *object[P], n *observations) {
	want := o.want()
	if want == o.state {
		if want == ready && o.lane.behind(o) {
			o.lane.push(o)
			q.lanesDue.Add(o.lane)
		}
		switch want {
		case retrying, requeued:
			if a := &o.delayed.alarm; a.Due != o.first.due {
				q.delays.Push(a, o.first.due)
			}
		case atRest:
			q.forget(o)
		}
		return
	}
	q.move(o, want, n)
	switch want {
	case ready:
		o.lane.push(o)
		q.lanesDue.Add(o.lane)
		q.peak = max(q.peak, q.order.Len()+q.counts[running])
	case retrying, requeued:
		q.delays.Push(&o.extra().alarm, o.first.due)
	case atRest:
		q.forget(o)
	}
}

// move changes the state of an object and takes it from where the old one had it.
func (q *Queue[P]) move(o *object[P], to state, n *observations) {
	switch o.state {
	case ready:
		o.lane.remove(o)
		q.order.settle(o.lane)
	case retrying, requeued:
		q.delays.Remove(&o.delayed.alarm)
	case parked:
		n.parked--
	}
	if to == parked {
		n.parked++
	}
	q.counts[o.state]--
	q.counts[to]++
	o.state = to
}

// trim makes the workqueue anew when it was large and has little left to do: it
// keeps the room that it had, and cannot let go of lanes whose work was dropped.
func (q *Queue[P]) trim() {
	if q.closed || !container.Outgrown(q.counts[ready]+q.counts[running], q.peak) {
		return
	}
	old := q.order
	q.newLanesDue()
	for r := q.running.First; r != nil; r = r.Next {
		if o, ok := q.objects.Get(r.Of.key); ok {
			q.lanesDue.Add(o.lane)
			q.lanesDue.Get() // the only one in it
			if !o.lane.empty() {
				q.lanesDue.Add(o.lane)
			}
		}
	}
	for old.Len() > 0 {
		if l := old.Pop(); !l.empty() {
			q.lanesDue.Add(l)
		}
	}
	q.peak = q.order.Len() + q.counts[running]
}

// startable, busy, soonest and elapse: see owner.
func (q *Queue[P]) startable() int {
	if q.hang.sum == 0 {
		return min(q.order.Len(), q.room(""))
	}
	others, n := q.order.Len(), 0
	for namespace := range q.hang.of {
		if q.hang.holds(namespace) > 0 {
			waits := q.order.fair.Waiting(namespace)
			others -= waits
			n += min(waits, q.room(namespace))
		}
	}
	return n + min(others, max(0, q.most()-q.running.N))
}

// crowded are the namespaces of which no call may start though others may.
func (q *Queue[P]) crowded() (skip []string) {
	if q.hang.sum == 0 {
		return nil
	}
	for namespace := range q.hang.of {
		if q.hang.holds(namespace) > 0 && q.room(namespace) == 0 {
			skip = append(skip, namespace)
		}
	}
	return skip
}

// oldest: see owner. Objects come into a line when they are due, so the first of each namespace is its oldest.
func (q *Queue[P]) oldest() (since container.Moment) {
	look := func(o *object[P]) {
		if it := o.first; it != nil && it.wait == waitNone {
			since = earlier(since, max(it.received, it.due))
		}
	}
	for l := range q.order.fair.Heads {
		if l.object != nil {
			look(l.object)
		}
	}
	for _, l := range q.lanes.M {
		for o := range l.group.ready.Heads {
			look(o)
		}
	}
	return since
}

func earlier(a, b container.Moment) container.Moment {
	if a == container.Never || b < a {
		return b
	}
	return a
}

func (q *Queue[P]) busy() int                         { return q.counts[ready] + q.counts[blocked] + q.counts[running] }
func (q *Queue[P]) soonest() (container.Moment, bool) { return q.delays.First() }

func (q *Queue[P]) elapse(now container.Moment) {
	var n observations // nothing is told: what is due was told of before
	for {
		o, ok := q.delays.Pop(now)
		if !ok {
			return
		}
		o.elapse()
		q.place(o, &n)
	}
}
