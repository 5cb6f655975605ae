package queue

import (
	"time"

	"github.com/ancho-dev/ancho/internal/container"
)

// settle acts on the result of a call. It reports whether work was given up that
// is not parked.
func (q *Queue[P]) settle(o *object[P], it *item[P], res Result, now container.Moment, f *Finish, n *observations) bool {
	if o.disowned {
		if res.Outcome != Done && res.Outcome != Drop {
			n.gone++
		}
		return false
	}
	switch res.Outcome {
	case Done:
		if o.delayed != nil {
			o.delayed.echo, o.delayed.echoes = false, 0
		}
		return false
	case Drop:
		if next := o.follower(it); next != nil && next.touched && !q.opts.InOrder {
			next.inherit(it)
			q.limit.weigh(next)
		}
		q.owe(o, it)
		return false
	case Requeue:
		q.requeue(o, it, max(res.After, 0), now, f, n)
		return false
	case Postpone:
		q.again(o, it, max(res.After, 0), now, f)
		return false
	}
	it.tried(&res)
	delay := q.opts.delay(res, int(it.attempts))
	switch {
	case res.Outcome == Permanent:
		return q.giveUp(o, it, res.Err, now, f)
	case o.news == renewal:
		it.restart()
	case it.exhausted(&res, q.opts.MaxAttempts):
		if !q.renewed(o, it) {
			return q.giveUp(o, it, res.Err, now, f)
		}
		it.restart()
	}
	q.again(o, it, delay, now, f)
	return false
}

// renewed reports whether the attempts of work that just failed were not all for what is known of its object now. Then
// they begin again, and what came last is tried as often as it may be.
func (q *Queue[P]) renewed(o *object[P], it *item[P]) bool {
	stirred := o.news == stir && (o.delayed == nil || o.delayed.echoes < echoesAllowed)
	return it.renewed() || stirred || !q.opts.InOrder && o.follower(it) != nil
}

// follower is what came for the object of it while it ran, nil where nothing did.
func (o *object[P]) follower(it *item[P]) *item[P] {
	if o.first != nil && same(o.first.uid, it.uid) {
		return o.first
	}
	return nil
}

// requeue puts a call in the line that was asked for, unless one is there anyway.
func (q *Queue[P]) requeue(o *object[P], it *item[P], after time.Duration, now container.Moment, f *Finish, n *observations) {
	// Out of the set it was told to be, and still is: the call keeps its type.
	out := it.typ().out() && o.told != present
	switch {
	case o.follower(it) != nil:
		return
	case o.first != nil && !out: // another object has its name
		n.replaced++
		return
	}
	*it = it.requeued(out, q.opts.InOrder)
	it.due = now.Add(after)
	if o.news == renewal {
		it.due = min(it.due, o.extra().urge(now, &q.opts.Backoff))
	}
	f.Again, f.Next = true, time.Duration(it.due-now)
	if it.due <= now {
		it.wait = waitNone
		it.asked()
	}
	q.pushFront(o, it)
}

// again puts a failed call in the line, as one with what came while it ran.
func (q *Queue[P]) again(o *object[P], it *item[P], delay time.Duration, now container.Moment, f *Finish) {
	it.failed()
	it = q.rejoin(o, it)
	p, due := &o.extra().patience, now.Add(delay)
	p.fail(now)
	switch o.news {
	case renewal:
		due = min(due, p.urge(now, &q.opts.Backoff))
	case stir:
		var brought bool
		due, brought = p.stir(now, due, &q.opts.Backoff)
		it.brought(brought)
	case noNews:
	}
	it.waitUntil(due, now, f)
}

// waitUntil has work that failed wait.
func (it *item[P]) waitUntil(due, now container.Moment, f *Finish) {
	it.due = due
	if due > now {
		it.wait = waitRetry
	}
	f.Again, f.Next = true, time.Duration(due-now)
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
func (q *Queue[P]) giveUp(o *object[P], it *item[P], err error, now container.Moment, f *Finish) bool {
	if q.opts.InOrder {
		q.owe(o, it)
		return true
	}
	p := &o.extra().patience
	p.fail(now)
	switch {
	case o.follower(it) != nil:
		it = q.rejoin(o, it)
		it.restart()
		q.revive(o, it, o.news, now)
		it.waitUntil(it.due, now, f)
		return false
	case it.typ().out() || o.first != nil:
		return true
	}
	var none P
	it.payload, it.bare, it.keyOnly, it.fresh = none, true, false, false
	it.why, it.taken = cause{}, codeNone
	it.renew()
	it.wait, it.due, it.extra().err = waitChange, now, err
	q.pushFront(o, it)
	f.Parked = true
	return false
}
