package queue

import "time"

// step makes one call: see owner.
func (p *Pool[P]) step() bool {
	c, r, ok := p.next()
	if !ok {
		return false
	}
	res := unreturned()
	defer func() { // also when the handler ends the goroutine
		p.finish(c, r, res)
	}()
	res = invoke(p.ctx, p.opts.Timeout, p.handle, c.call)
	return true
}

// next takes the call that is to start: the first in the line.
func (p *Pool[P]) next() (*entry[P], *run, bool) {
	p.mu.Lock()
	if p.closed || p.line.n == 0 {
		p.leave()
		p.update()
		p.mu.Unlock()
		return nil, nil, false
	}
	c := p.line.first.of
	c.place.remove()
	c.mate.remove()
	c.changed = c.origin.changed
	now := time.Now()
	since := c.call.Received
	if c.alarm.due.After(since) {
		since = c.alarm.due
	}
	r := p.started(c.call.Key, c.call.UID, c.call.Type, c.call.Attempt, now)
	p.update()
	p.mu.Unlock()
	p.opts.Observer.Started(max(now.Sub(since), 0))
	return c, r, true
}

// finish ends a call.
func (p *Pool[P]) finish(c *entry[P], r *run, res Result) {
	now := time.Now()
	f := Finish{
		Key: c.call.Key, UID: c.call.UID, Type: c.call.Type, Attempt: c.call.Attempt,
		Outcome: res.Outcome, Err: res.Err, Took: now.Sub(r.info.Started),
	}
	var n notes
	p.mu.Lock()
	p.stopped(r)
	gaveUp := p.settle(c, res, now, &f, &n)
	p.update()
	p.mu.Unlock()
	n.tell(p.opts.Observer)
	p.opts.Observer.Finished(f)
	if gaveUp {
		p.opts.Observer.GaveUp(f)
	}
}

// settle acts on the result of a call. It reports whether the event was given up.
func (p *Pool[P]) settle(c *entry[P], res Result, now time.Time, f *Finish, n *notes) bool {
	done := res.Outcome == Done || res.Outcome == Drop
	over := p.opts.MaxAttempts > 0 && c.call.Attempt >= p.opts.MaxAttempts
	switch {
	case done:
		p.release(c)
		return false
	case c.dropped != c.origin.dropped: // dropped while it ran
		n.gone++
		p.release(c)
		return false
	case res.Outcome == Requeue:
		p.delay(c, max(res.After, 0), now, f, true)
		return false
	case res.Outcome == Postpone:
		c.call.Attempt--
		p.delay(c, max(res.After, 0), now, f, false)
		return false
	case res.Outcome == Permanent || over:
		p.release(c)
		return true
	}
	delay := p.opts.delay(res, c.call.Attempt)
	if c.changed != c.origin.changed {
		delay = 0
	}
	p.delay(c, delay, now, f, false)
	return false
}

// delay puts a call back, to be made again.
func (p *Pool[P]) delay(c *entry[P], after time.Duration, now time.Time, f *Finish, requeue bool) {
	due := now.Add(after)
	via := ViaRetry
	if c.requeue = requeue; requeue {
		via = ViaRequeue
		c.call.Attempt, c.call.Initial = 0, false
		c.call.Causes, c.call.Received = nil, due
		if !c.call.Type.out() {
			c.call.Type = Unchanged
		}
	}
	c.call.Attempt++
	c.call.Causes = addCause(lastCauses(c.call.Causes), Cause{Type: c.call.Type, Via: via, Name: c.call.Key.String()})
	c.origin.waiting.push(&c.mate)
	c.alarm.due = due
	f.Again, f.Next = true, after
	if after == 0 {
		p.line.push(&c.place)
		return
	}
	p.waits[c.kind()]++
	p.delays.push(&c.alarm, due)
}
