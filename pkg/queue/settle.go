package queue

import (
	"cmp"
	"time"
)

// settle acts on the result of a call. It reports whether work was given up that
// is not parked.
func (q *Queue[P]) settle(o *object[P], it *item[P], res Result, now time.Time, f *Finish, n *notes) bool {
	if o.disowned {
		if res.Outcome != Done && res.Outcome != Drop {
			n.gone++
		}
		return false
	}
	switch res.Outcome {
	case Done:
		return false
	case Drop:
		if next := o.follower(it); next != nil && !q.opts.InOrder {
			next.inherit(it)
		}
		return false
	case Requeue:
		q.requeue(o, it, max(res.After, 0), now, f, n)
		return false
	case Postpone:
		q.again(o, it, max(res.After, 0), now, f)
		return false
	}
	it.attempts++
	if res.Outcome == Permanent || q.opts.MaxAttempts > 0 && it.attempts >= q.opts.MaxAttempts {
		return q.giveUp(o, it, res.Err, now, f)
	}
	delay := q.opts.delay(res, it.attempts)
	if o.hurry {
		delay = 0
	}
	q.again(o, it, delay, now, f)
	return false
}

// follower is what came for the object of it while it ran, nil where nothing did.
func (o *object[P]) follower(it *item[P]) *item[P] {
	if o.first != nil && same(o.first.uid, it.uid) {
		return o.first
	}
	return nil
}

// requeue puts a call in the line that was asked for, unless one is there anyway.
func (q *Queue[P]) requeue(o *object[P], it *item[P], after time.Duration, now time.Time, f *Finish, n *notes) {
	// Out of the set it was told to be, and still is: the call keeps its type.
	out := it.typ().out() && o.told != present
	switch {
	case o.follower(it) != nil:
		return
	case o.first != nil && !out: // another object has its name
		n.replaced++
		return
	}
	if it.newer != nil {
		it.payload, it.bare, it.slim = it.newer.Payload, it.newer.Bare, it.newer.slim
	}
	next := it.requeued(out, q.opts.InOrder)
	next.due = now.Add(after)
	if after == 0 {
		next.wait = waitNone
		next.asked(o.key)
	}
	q.pushFront(o, &next)
	f.Again, f.Next = true, after
}

// requeued is the work of a requeue, which keeps the type of what is out of the set.
func (it *item[P]) requeued(out, alone bool) item[P] {
	next := item[P]{
		uid: it.uid, payload: it.payload, bare: it.bare, slim: it.slim, fresh: it.fresh,
		touched: out, place: it.place, generation: it.generation,
		wait: waitRequeue,
	}
	if out {
		next.taken = it.typ()
	}
	if alone {
		next.fixed = cmp.Or(next.taken, Unchanged)
	}
	return next
}

// again puts a failed call in the line, as one with what came while it ran.
func (q *Queue[P]) again(o *object[P], it *item[P], delay time.Duration, now time.Time, f *Finish) {
	it.addCause(Cause{Type: it.typ(), Via: ViaRetry, Name: o.key.String()})
	it = q.rejoin(o, it)
	it.due = now.Add(delay)
	if delay > 0 {
		it.wait = waitRetry
	}
	f.Again, f.Next = true, delay
}

// rejoin puts a failed call at the head of the line, merged with what follows.
func (q *Queue[P]) rejoin(o *object[P], it *item[P]) *item[P] {
	if next := o.follower(it); next != nil && !q.opts.InOrder {
		next.follow(it)
		q.limit.weigh(next)
		return next
	}
	q.pushFront(o, it)
	return it
}

// pushFront puts an item at the head of the line.
func (q *Queue[P]) pushFront(o *object[P], it *item[P]) {
	o.pushFront(it)
	q.items++
	q.limit.weigh(it)
}

// giveUp ends work that failed for good. What came while it ran is a change, for
// which it is tried again; else it is parked until there is one, where that can
// be. It reports whether it is neither.
func (q *Queue[P]) giveUp(o *object[P], it *item[P], err error, now time.Time, f *Finish) bool {
	switch {
	case q.opts.InOrder:
		return true
	case o.follower(it) != nil:
		it = q.rejoin(o, it)
		it.attempts, it.due = 0, now
		f.Again = true
		return false
	case it.typ().out() || o.first != nil:
		return true
	}
	var none P
	it.payload, it.bare, it.slim, it.fresh = none, true, false, false
	it.causes, it.taken = nil, ""
	it.wait, it.due, it.err = waitChange, now, err
	q.pushFront(o, it)
	f.Parked = true
	return false
}
