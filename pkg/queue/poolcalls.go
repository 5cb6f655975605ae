package queue

import (
	"time"

	"github.com/ancho-dev/ancho/internal/container"
)

// poolHand is what a goroutine that makes calls has in hand.
type poolHand[P any] struct {
	run
	p    *Pool[P]
	e    *entry[P]
	call Call[P]
	wait time.Duration // for how long the call had waited
}

// worker: see owner.
func (p *Pool[P]) worker() worker { return &poolHand[P]{p: p} }

func (w *poolHand[P]) work() {
	w.p.mu.Lock()
	ok := w.p.next(w)
	w.p.mu.Unlock()
	for ok {
		ok = w.p.step(w)
	}
}

// step makes a call and takes the next. It gives false when there is none.
func (p *Pool[P]) step(w *poolHand[P]) (more bool) {
	p.opts.Observer.Started(w.wait)
	if w.over {
		p.opts.Observer.Overflowed()
	}
	var res Result
	returned := false
	defer func() {
		if !returned {
			res = unreturned()
		}
		more = p.finish(w, res, returned)
	}()
	res = invoke(p.ctx, p.opts.Timeout, p.handle, &w.call)
	returned = true
	return false
}

// next takes the call that is to start: the first in the line. mu is held.
func (p *Pool[P]) next(w *poolHand[P]) bool {
	var e *entry[P]
	if !p.closed {
		e = p.pick()
	}
	if e == nil {
		p.leave()
		p.update()
		return false
	}
	p.unline(e)
	e.mate.Remove()
	e.changed, e.stirred = e.origin.changed, e.origin.stirred
	if e.keyOnly {
		e.origin.keyOnly++
	}
	now := p.now()
	w.e, w.wait = e, e.waited(now)
	e.item.call(&w.call, &p.engine, e.origin.id.key)
	w.call.Entering = w
	p.started(&w.run, w.call.Key, w.call.UID, w.call.Type, w.call.Attempt, now)
	p.update()
	return true
}

// finish ends a call, and takes the next if the goroutine goes on.
func (p *Pool[P]) finish(w *poolHand[P], res Result, goesOn bool) (more bool) {
	f := w.call.finish(res)
	var n observations
	now := p.now()
	p.mu.Lock()
	f.Took = time.Duration(now - w.started)
	p.stopped(&w.run)
	e := w.e
	p.limit.release(&e.item) // weighed again where it waits again
	if e.keyOnly {
		e.origin.keyOnly--
	}
	if res.Outcome != Postpone { // else it is made later, still before the next of its object
		p.pass(e)
	}
	gaveUp := p.settle(e, res, now, &f, &n)
	w.e, w.call = nil, Call[P]{}
	if goesOn {
		more = p.next(w)
	} else {
		p.update()
	}
	h := p.engine.report()
	p.mu.Unlock()
	p.opts.report(&n, f, gaveUp)
	h.tell(p.opts.Observer)
	return more
}

// settle acts on the result of a call. It reports whether the event was given up.
func (p *Pool[P]) settle(e *entry[P], res Result, now container.Moment, f *Finish, n *observations) bool {
	switch {
	case res.Outcome == Done:
		e.origin.said = !e.typ().out()
		p.release(e)
		return false
	case e.dropped != e.origin.dropped: // dropped while it ran
		if res.Outcome != Drop {
			n.gone++
		}
		p.pass(e)
		p.release(e)
		return false
	case res.Outcome == Drop:
		p.owe(e)
		p.release(e)
		return false
	case res.Outcome == Requeue:
		e.origin.said = !e.typ().out()
		e.item = e.requeued(e.typ().out(), true)
		p.again(e, max(res.After, 0), now, f)
		return false
	case res.Outcome == Postpone:
		p.retry(e, max(res.After, 0), now, f)
		return false
	}
	e.tried(&res)
	delay := p.opts.delay(res, int(e.attempts))
	changed := e.changed != e.origin.changed
	switch {
	case res.Outcome != Permanent && changed:
		e.restart()
	case res.Outcome != Permanent && !e.exhausted(&res, p.opts.MaxAttempts):
	case res.Outcome != Permanent && (e.renewed() || e.stirred != e.origin.stirred):
		e.restart()
	default:
		p.owe(e)
		p.release(e)
		return true
	}
	p.retry(e, delay, now, f)
	return false
}

// retry puts a call back that failed.
func (p *Pool[P]) retry(e *entry[P], after time.Duration, now container.Moment, f *Finish) {
	e.failed()
	e.wait = waitRetry
	if e.stirred != e.origin.stirred && after > p.opts.Backoff.Min {
		after = p.opts.Backoff.Min
		e.brought(true)
	}
	p.again(e, after, now, f)
}

// again puts a call back, to be made again.
func (p *Pool[P]) again(e *entry[P], after time.Duration, now container.Moment, f *Finish) {
	p.limit.weigh(&e.item)
	g := e.origin
	if e.changed != g.changed { // there was a renewal while it ran
		g.urged = max(g.urged, now)
		after = min(after, time.Duration(g.urged-now))
	}
	e.due = now.Add(after)
	f.Again, f.Next = true, after
	if after > 0 {
		if e.alarm == nil {
			e.alarm = &container.Alarm[*entry[P]]{Of: e}
		}
		e.alarm.Since = now
		g.heard = noNews
		e.origin.waiting.PushFront(&e.mate)
		p.waits[e.wait.index()]++
		p.delays.Push(e.alarm, e.due)
		return
	}
	if e.wait == waitRequeue {
		e.asked()
	}
	e.wait = waitNone
	e.origin.waiting.Push(&e.mate)
	p.enqueue(e)
}
