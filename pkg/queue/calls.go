package queue

import "time"

// step makes one call: see owner.
func (q *Queue[P]) step() bool {
	o, c, r, ok := q.next()
	if !ok {
		return false
	}
	res := unreturned()
	defer func() { // also when the handler ends the goroutine
		q.finish(o, &c, r, res)
	}()
	res = invoke(q.ctx, q.opts.Timeout, q.handle, c)
	return true
}

// next takes the call that is to start.
func (q *Queue[P]) next() (o *object[P], c Call[P], r *run, ok bool) {
	var wait time.Duration
	var n notes
	q.mu.Lock()
	for !ok && !q.closed && q.order.Len() > 0 {
		l, _ := q.lineup.Get()
		if o = q.choose(l, &n); o == nil {
			if !l.empty() { // its backlog: other lanes may have live work
				q.lineup.Add(l)
			}
			q.lineup.Done(l)
			continue
		}
		now := time.Now()
		wait = o.first.waited(now)
		c = q.start(o, &n)
		r = q.started(c.Key, c.UID, c.Type, c.Attempt, now)
		if !l.empty() {
			q.lineup.Add(l) // for when this call is done
		}
		ok = true
	}
	if !ok {
		q.leave()
	}
	q.trim()
	q.update()
	q.mu.Unlock()
	if ok {
		q.opts.Observer.Started(wait)
	}
	return o, c, r, ok
}

// choose takes the first object of a lane, in its best tier, for which no other
// queue runs a call. The others come back when that call is over: see unlocked.
func (q *Queue[P]) choose(l *lane[P], n *notes) *object[P] {
	for best := l.tier(); !l.empty() && l.tier() == best; {
		o := l.pop()
		if q.opts.Locks.try(q.lockID(o.key), q) {
			return o
		}
		q.move(o, blocked, n)
	}
	return nil
}

func (q *Queue[P]) lockID(k Key) lockID { return lockID{scope: q.opts.LockScope, key: k} }

// unlocked makes ready what found its object locked.
func (q *Queue[P]) unlocked(k Key) {
	var n notes
	q.mu.Lock()
	defer q.mu.Unlock()
	o, ok := q.objects.get(k)
	if !ok || o.state != blocked || q.closed {
		return
	}
	q.move(o, ready, &n)
	o.lane.push(o)
	q.lineup.Add(o.lane)
	q.update()
}

// start moves the first in the line to what runs.
func (q *Queue[P]) start(o *object[P], n *notes) Call[P] {
	it := o.pop()
	q.items--
	q.move(o, running, n)
	o.run, o.told, o.toldSlim = it, it.where(), it.slim
	o.disowned, o.hurry = false, false
	return it.call(o.key)
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

// finish ends a call: the object is let go first, so that other queues can have
// it, then the slot and the lane.
func (q *Queue[P]) finish(o *object[P], c *Call[P], r *run, res Result) {
	now := time.Now()
	q.opts.Locks.unlock(q.lockID(c.Key))
	f := Finish{
		Key: c.Key, UID: c.UID, Type: c.Type, Attempt: c.Attempt, Merged: c.Merged,
		Outcome: res.Outcome, Err: res.Err, Took: now.Sub(r.info.Started),
	}
	var n notes
	q.mu.Lock()
	q.stopped(r)
	it := o.run
	o.run = nil
	q.limit.release(it) // weighed again where it waits again
	gaveUp := q.settle(o, it, res, now, &f, &n)
	q.place(o, &n)
	q.lineup.Done(o.lane)
	q.trim()
	q.update()
	q.mu.Unlock()
	n.tell(q.opts.Observer)
	q.opts.Observer.Finished(f)
	if gaveUp {
		q.opts.Observer.GaveUp(f)
	}
}
