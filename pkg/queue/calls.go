package queue

import "time"

// hand is what a goroutine that makes calls has in hand.
type hand[P any] struct {
	run
	q    *Queue[P]
	o    *object[P]
	call Call[P]
	wait time.Duration // for how long the call had waited
}

// worker: see owner.
func (q *Queue[P]) worker() worker { return &hand[P]{q: q} }

func (w *hand[P]) work() {
	w.q.mu.Lock()
	ok := w.q.next(w)
	w.q.mu.Unlock()
	for ok {
		ok = w.q.step(w)
	}
}

// step makes a call and takes the next. It gives false when there is none.
func (q *Queue[P]) step(w *hand[P]) (more bool) {
	q.opts.Observer.Started(w.wait)
	if w.over {
		q.opts.Observer.Overflowed()
	}
	var res Result
	returned := false
	defer func() {
		if !returned {
			res = unreturned()
		}
		more = q.finish(w, res, returned)
	}()
	res = invoke(q.ctx, q.opts.Timeout, q.handle, &w.call)
	returned = true
	return false
}

// next takes the call that is to start. mu is held.
func (q *Queue[P]) next(w *hand[P]) bool {
	for !q.closed && q.startable() > 0 {
		q.order.skip = q.crowded()
		l, _ := q.lanesDue.Get()
		q.order.skip = nil
		o := q.choose(l)
		if o == nil {
			if !l.empty() { // its backlog: other lanes may have live work
				q.lanesDue.Add(l)
			}
			q.lanesDue.Done(l)
			continue
		}
		now := q.now()
		w.o, w.wait = o, o.first.waited(now)
		q.start(o, &w.call)
		q.started(&w.run, w.call.Key, w.call.UID, w.call.Type, w.call.Attempt, now)
		if !l.empty() {
			q.lanesDue.Add(l) // for when this call is done
		}
		q.trim()
		q.update()
		return true
	}
	q.leave()
	q.trim()
	q.update()
	return false
}

// choose takes the first object of a lane, in its best tier, for which no other
// queue runs a call. The others come back when that call is over: see unlocked.
func (q *Queue[P]) choose(l *lane[P]) *object[P] {
	var n observations // nothing is told: the objects go on waiting
	for best := l.tier(); !l.empty() && l.tier() == best; {
		o := l.pop()
		if q.opts.Locks.try(q.lockID(o.key), q) {
			return o
		}
		q.move(o, blocked, &n)
	}
	return nil
}

func (q *Queue[P]) lockID(k Key) lockID { return lockID{scope: q.opts.LockScope, key: k} }

// unlocked makes ready what found its object locked.
func (q *Queue[P]) unlocked(k Key) {
	var n observations
	q.mu.Lock()
	defer q.mu.Unlock()
	o, ok := q.objects.Get(k)
	if !ok || o.state != blocked || q.closed {
		return
	}
	q.move(o, ready, &n)
	o.lane.push(o)
	q.lanesDue.Add(o.lane)
	q.update()
}

// start moves the first in the line to what runs.
func (q *Queue[P]) start(o *object[P], c *Call[P]) {
	var n observations // what is ready was not parked
	it := o.pop()
	q.items--
	q.move(o, running, &n)
	o.run, o.told, o.toldKeyOnly = it, it.where(), it.keyOnly
	o.disowned, o.news = false, noNews
	it.call(c, &q.engine, o.key)
}

// where is the place that the call tells of.
func (it *item[P]) where() place {
	switch it.typ() {
	case Deleted:
		return gone
	case Left:
		return left
	case Added, Modified, Unchanged:
	}
	return present
}

// finish ends a call, and takes the next if the goroutine goes on. The object is let go first, so that other
// queues can have it, then the slot and the lane.
func (q *Queue[P]) finish(w *hand[P], res Result, goesOn bool) (more bool) {
	q.opts.Locks.unlock(q.lockID(w.call.Key))
	f := w.call.finish(res)
	var n observations
	now := q.now()
	q.mu.Lock()
	f.Took = time.Duration(now - w.started)
	q.stopped(&w.run)
	o := w.o
	it := o.run
	o.run = nil
	q.limit.release(it) // weighed again where it waits again
	gaveUp := q.settle(o, it, res, now, &f, &n)
	if o.first != it {
		o.over(it)
	}
	q.place(o, &n)
	q.lanesDue.Done(o.lane)
	w.o, w.call = nil, Call[P]{}
	if goesOn {
		more = q.next(w)
	} else {
		q.trim()
		q.update()
	}
	h := q.engine.report()
	q.mu.Unlock()
	q.opts.report(&n, f, gaveUp)
	h.tell(q.opts.Observer)
	return more
}

// finish begins to describe a call that ended.
func (c *Call[P]) finish(res Result) Finish {
	return Finish{
		Key: c.Key, UID: c.UID, Type: c.Type, Attempt: c.Attempt, Merged: c.Merged,
		Initial: c.Initial, Causes: c.Causes, Outcome: res.Outcome, Err: res.Err, Label: res.Label,
	}
}

// report tells the observer of a call that ended, and of what came of it.
func (o *Options) report(n *observations, f Finish, gaveUp bool) {
	n.tell(o.Observer)
	o.Observer.Finished(f)
	if gaveUp {
		o.Observer.GaveUp(f)
	}
}
