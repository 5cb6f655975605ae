package queue

import (
	"cmp"

	"github.com/ancho-dev/ancho/internal/container"
)

// Add takes an event. It never blocks. After Shutdown it does nothing.
func (q *Queue[P]) Add(e Event[P]) {
	var n observations
	q.mu.Lock()
	if !q.closed {
		q.add(&e, &n)
		q.trim()
		q.update()
	}
	q.mu.Unlock()
	n.tell(q.opts.Observer)
}

func (q *Queue[P]) add(e *Event[P], n *observations) {
	q.outs(e)
	o, known := q.objects.Get(e.Key)
	if !e.Passed && !known {
		return
	}
	if !known {
		o = q.object(e.Key)
	}
	n.received = e.Passed
	o.learn(e.UID)
	had := o.latest(e.UID)
	if had == nil {
		q.replace(o, e.UID, n)
	}
	heard := noNews
	if had != nil {
		heard = e.newsOf(had.place != present, had.generation)
		q.hear(o, cmp.Or(e.UID, had.uid), heard, e.Passed)
	}
	switch {
	case e.Passed:
		q.enter(o, had, e, heard, n)
	case had == nil:
	case !e.Type.out():
		q.amend(o, had, e)
	default:
		q.goes(o, had, e, n)
	}
	q.place(o, n)
}

// enter puts an event that passed into the line.
func (q *Queue[P]) enter(o *object[P], had *item[P], e *Event[P], heard news, n *observations) {
	now := q.now()
	var uid string
	var generation int64
	var at place
	if had != nil {
		uid, generation, at = had.uid, had.generation, had.place
	}
	if had != nil && had == o.last {
		switch {
		case !q.opts.InOrder || had.fixed == codeUnchanged && e.Type == Unchanged:
			q.fit(o, e, had)
			wasParked := had.wait == waitChange
			n.merged = had.take(e, now)
			if wasParked {
				q.revive(o, had, heard, now)
			}
			q.limit.weigh(had)
			return
		case had.wait == waitRequeue: // the event's call takes its place
			q.filter(o, func(it *item[P]) bool { return it != had })
		case q.load.over() || had.keyOnly:
			q.fit(o, e, had)
			n.merged = had.join(e, now)
			q.limit.weigh(had)
			return
		}
	}
	q.fit(o, e, nil)
	it := o.item()
	it.begin(e, now, q.opts.InOrder)
	it.adopt(uid, generation, at)
	q.say(e.Key, it)
	o.push(it)
	q.items++
	q.limit.weigh(it)
}

// fit makes an event keyOnly for which there is no room.
func (q *Queue[P]) fit(o *object[P], e *Event[P], instead *item[P]) {
	q.limit.fit(e, instead, o.run != nil && o.toldKeyOnly && same(o.run.uid, e.UID))
}

// amend brings what waits, or what may have to run again, up to date with an
// event that did not pass.
func (q *Queue[P]) amend(o *object[P], had *item[P], e *Event[P]) {
	instead := had
	if had == o.run { // what it has, its call has until it returns
		instead = nil
	}
	switch {
	case !q.opts.InOrder:
		// What runs was given a copy, and what it told is in o.told.
		q.fit(o, e, instead)
		had.refresh(e)
	case had.fixed == codeUnchanged && had != o.run:
		q.fit(o, e, instead)
		had.refresh(e)
	default: // the call is of another event, but a requeue of it is of this state
		q.fit(o, e, nil)
		newer := *e
		newer.Before = nil // it is for a requeue, which tells of no change
		had.extra().newer = &newer
		had.see(e.Generation)
	}
	q.limit.weigh(had)
}

// goes takes a Deleted or Left that did not pass. Where the binding takes the
// other of the two, and was not told of it yet, that stays.
func (q *Queue[P]) goes(o *object[P], had *item[P], e *Event[P], n *observations) {
	taken := o.taken(e.UID)
	switch {
	case !taken.out():
		q.abandon(o, e.UID, n)
	case !q.opts.InOrder:
		as := *e
		as.Type = taken
		q.fit(o, &as, nil)
		had.refresh(&as)
		q.limit.weigh(had)
	}
}

// hear has the news of an event about a UID end the wait of its work, as far as it does. The event may then become
// part of that work.
func (q *Queue[P]) hear(o *object[P], uid string, heard news, passed bool) {
	if o.run != nil {
		if same(o.run.uid, uid) {
			o.news = max(o.news, heard)
		}
		return
	}
	it := o.first
	if !same(it.uid, uid) || it.wait == waitChange || heard == noNews && it.attempts == 0 {
		return
	}
	it.brought(passed && !q.opts.InOrder)
	if heard == renewal {
		it.restart()
	}
	if it.wait == waitNone || it.wait == waitRequeue && passed { // an event that passed takes the place of a requeue
		return
	}
	now, p := q.now(), &o.extra().patience
	switch {
	case heard == renewal:
		it.due = min(it.due, p.urge(now, &q.opts.Backoff))
	case heard == stir && it.wait == waitRetry:
		var brought bool
		it.due, brought = p.stir(now, it.due, &q.opts.Backoff)
		it.brought(brought)
	}
	if it.due <= now {
		o.elapse()
	}
}

// revive makes parked work due for which an event passed.
func (q *Queue[P]) revive(o *object[P], it *item[P], heard news, now container.Moment) {
	p := &o.extra().patience
	if heard == renewal {
		it.due = p.urge(now, &q.opts.Backoff)
	} else {
		it.due = p.revive(now, &q.opts.Backoff)
	}
	if it.due > now {
		it.wait = waitRetry
	}
}

// abandon drops all work of the UID: it is gone, or left, and nobody is to know.
func (q *Queue[P]) abandon(o *object[P], uid string, n *observations) {
	if o.run != nil && same(o.run.uid, uid) {
		o.disowned = true
	}
	n.gone += q.filter(o, func(it *item[P]) bool { return !same(it.uid, uid) })
}

// replace drops what an older object of this name would do only later, or only
// when it changes: it is gone. Its other work stays, before that of the new.
func (q *Queue[P]) replace(o *object[P], uid string, n *observations) {
	it := o.first
	if it == nil || same(it.uid, uid) {
		return
	}
	if it.wait == waitChange || it.wait == waitRequeue && !it.typ().out() {
		n.replaced += q.filter(o, func(other *item[P]) bool { return other != it })
	}
}

// filter takes items out of the line and counts those that were to be called.
func (q *Queue[P]) filter(o *object[P], keep func(*item[P]) bool) int {
	waiting, parked := o.filter(func(it *item[P]) bool {
		kept := keep(it)
		if !kept {
			q.limit.release(it)
			o.over(it)
		}
		return kept
	})
	q.items -= waiting + parked
	return waiting
}
