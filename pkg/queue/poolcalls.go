package queue

import "time"

// step makes one call: see owner.
func (p *Pool[P]) step() bool {
	e, c, r, ok := p.next()
	if !ok {
		return false
	}
	res := unreturned()
	defer func() { // also when the handler ends the goroutine
		p.finish(e, &c, r, res)
	}()
	res = invoke(p.ctx, p.opts.Timeout, p.handle, c)
	return true
}

// next takes the call that is to start: the first in the line.
func (p *Pool[P]) next() (e *entry[P], c Call[P], r *run, ok bool) {
	p.mu.Lock()
	if p.closed || p.line.n == 0 {
		p.leave()
		p.update()
		p.mu.Unlock()
		return nil, c, nil, false
	}
	e = p.line.first.of
	e.turn.remove()
	e.mate.remove()
	e.changed = e.origin.changed
	if e.slim {
		e.origin.slim++
	}
	now := time.Now()
	wait := e.waited(now)
	c = e.call(e.origin.id.key)
	r = p.started(c.Key, c.UID, c.Type, c.Attempt, now)
	p.update()
	p.mu.Unlock()
	p.opts.Observer.Started(wait)
	return e, c, r, true
}

// finish ends a call.
func (p *Pool[P]) finish(e *entry[P], c *Call[P], r *run, res Result) {
	now := time.Now()
	f := Finish{
		Key: c.Key, UID: c.UID, Type: c.Type, Attempt: c.Attempt, Merged: c.Merged,
		Outcome: res.Outcome, Err: res.Err, Took: now.Sub(r.info.Started),
	}
	var n notes
	p.mu.Lock()
	p.stopped(r)
	p.limit.release(&e.item) // weighed again where it waits again
	if e.slim {
		e.origin.slim--
	}
	gaveUp := p.settle(e, res, now, &f, &n)
	p.update()
	p.mu.Unlock()
	n.tell(p.opts.Observer)
	p.opts.Observer.Finished(f)
	if gaveUp {
		p.opts.Observer.GaveUp(f)
	}
}

// settle acts on the result of a call. It reports whether the event was given up.
func (p *Pool[P]) settle(e *entry[P], res Result, now time.Time, f *Finish, n *notes) bool {
	switch {
	case res.Outcome == Done || res.Outcome == Drop:
		p.release(e)
		return false
	case e.dropped != e.origin.dropped: // dropped while it ran
		n.gone++
		p.release(e)
		return false
	case res.Outcome == Requeue:
		e.item = e.requeued(e.typ().out(), true)
		p.again(e, max(res.After, 0), now, f)
		return false
	case res.Outcome == Postpone:
		p.retry(e, max(res.After, 0), now, f)
		return false
	}
	e.attempts++
	if res.Outcome == Permanent || p.opts.MaxAttempts > 0 && e.attempts >= p.opts.MaxAttempts {
		p.release(e)
		return true
	}
	delay := p.opts.delay(res, e.attempts)
	if e.changed != e.origin.changed {
		delay = 0
	}
	p.retry(e, delay, now, f)
	return false
}

// retry puts a call back that failed.
func (p *Pool[P]) retry(e *entry[P], after time.Duration, now time.Time, f *Finish) {
	e.addCause(Cause{Type: e.typ(), Via: ViaRetry, Name: e.origin.id.key.String()})
	e.wait = waitRetry
	p.again(e, after, now, f)
}

// again puts a call back, to be made again.
func (p *Pool[P]) again(e *entry[P], after time.Duration, now time.Time, f *Finish) {
	p.limit.weigh(&e.item)
	e.due = now.Add(after)
	f.Again, f.Next = true, after
	if after > 0 {
		e.origin.waiting.pushFront(&e.mate)
		p.waits[e.wait.index()]++
		p.delays.push(&e.alarm, e.due)
		return
	}
	if e.wait == waitRequeue {
		e.asked(e.origin.id.key)
	}
	e.wait = waitNone
	e.origin.waiting.push(&e.mate)
	p.line.push(&e.turn)
}
