package queue

import "time"

// What the model says of retries, see model_test.go.

// see makes queued work due sooner, and restarts its attempts, where an event has news of its object.
func (m *model) see(k *modelKey, u *unit, e Event[string], now time.Time) (heard news) {
	heard = u.news(e)
	for _, other := range k.units {
		if same(other.uid, u.uid) && e.Type != Unchanged && e.Generation != 0 {
			other.gen = e.Generation
		}
	}
	h := k.units[0]
	if k.run != nil {
		if h = k.run; same(h.uid, u.uid) {
			k.heard = max(k.heard, heard)
		}
		return heard
	}
	if !same(h.uid, u.uid) || h.wait == waitChange {
		return heard
	}
	h.renewed = h.renewed || e.Passed && h.attempts > 0 && !m.opts.InOrder
	if heard == renewal {
		h.restart()
	}
	switch {
	case h.wait == waitNone, h.wait == waitRequeue && e.Passed:
		return heard
	case heard == renewal:
		h.sooner(k.urge(now, m.opts.Backoff.Min))
	case heard == stir && h.wait == waitRetry:
		if h.stir(k.stirred(now, m.opts.Backoff.Min)) {
			k.echo = k.echoed(now)
		}
	}
	h.elapse(now)
	return heard
}

// news is what an event means for a retry.
func (u *unit) news(e Event[string]) news {
	known := u.gen != 0
	switch counted := e.Generation > 0; {
	case e.Type == Unchanged && !e.Passed:
		return noNews
	case e.Type == Unchanged:
		return stir
	case u.out != e.Type.out(), counted && u.gen != e.Generation, known && e.Generation < 0 && u.gen != e.Generation:
		return renewal
	case !counted:
		return stir
	}
	return noNews
}

func (u *unit) restart() { u.attempts, u.spared, u.renewed = 0, 0, false }

func (u *unit) sooner(at time.Time) bool {
	if !at.Before(u.due) {
		return false
	}
	u.due = at
	return true
}

// stir brings a retry forward.
func (u *unit) stir(at time.Time) bool {
	brought := u.sooner(at)
	u.renewed = u.renewed || brought && u.attempts > 0
	return brought
}

func (k *modelKey) fail(now time.Time) {
	k.echoes++
	if !k.echo {
		k.echoes = 0
	}
	k.failed, k.echo = now, false
}

// echoed says whether what comes now may be an effect of the call that failed.
func (k *modelKey) echoed(now time.Time) bool { return now.Before(k.failed.Add(echoWindow)) }

// elapse ends a wait that is over.
func (u *unit) elapse(now time.Time) {
	if u.due.After(now) {
		return
	}
	if u.wait == waitRequeue {
		u.log[0].counts, u.log[0].at = true, u.due
	}
	u.wait = waitNone
}

func (k *modelKey) urge(now time.Time, least time.Duration) time.Time {
	k.echo, k.echoes = false, 0
	switch {
	case k.urged.After(now):
	case k.urged.IsZero() || now.Sub(k.urged) >= least:
		k.urged = now
	default:
		k.urged = k.urged.Add(least)
	}
	return k.urged
}

// stirred is when a retry is due after a trigger or a change.
func (k *modelKey) stirred(now time.Time, least time.Duration) time.Time {
	if at := k.failed.Add(least); at.After(now) {
		return at
	}
	return now
}

// revive has what was parked wait for no longer than news make it.
func (m *model) revive(k *modelKey, u *unit, heard news, now time.Time) {
	u.due = now
	switch {
	case heard == renewal:
		u.due = k.urge(now, m.opts.Backoff.Min)
	case k.echoes >= revivalsAtOnce:
		u.due = k.stirred(now, m.opts.Backoff.Min)
		fallthrough
	default:
		k.echo = k.echoed(now)
	}
	u.wait = waitRetry
	u.elapse(now)
}

// failed says whether a unit whose call failed stays.
func (m *model) failed(k *modelKey, u *unit, passed bool, res Result, now time.Time) bool {
	merges := passed && !m.opts.InOrder
	delay := res.After
	if res.Outcome != Postpone {
		u.attempts++
		if res.Outcome == Retry || res.Outcome == Conflict && res.After == 0 {
			delay = m.opts.Backoff.delay(u.attempts, 1)
		}
		if res.Outcome == Conflict {
			u.spared++
		}
		over := m.opts.MaxAttempts > 0 && u.attempts-u.spared >= m.opts.MaxAttempts
		switch {
		case res.Outcome == Permanent:
			return m.parks(k, u, passed, now)
		case k.heard == renewal, over && (u.renewed || k.heard == stir || merges):
			u.restart()
		case over:
			return m.parks(k, u, passed, now)
		}
	}
	if merges {
		u.renewed = u.attempts > 0
	}
	k.fail(now)
	u.wait, u.due = waitRetry, now.Add(delay)
	switch k.heard {
	case renewal:
		u.sooner(k.urge(now, m.opts.Backoff.Min))
	case stir:
		if u.stir(k.stirred(now, m.opts.Backoff.Min)) {
			k.echo = k.echoed(now)
		}
	case noNews:
	}
	u.elapse(now)
	return true
}

// parks ends what failed for good. It says whether the unit stays.
func (m *model) parks(k *modelKey, u *unit, passed bool, now time.Time) bool {
	if !m.opts.InOrder {
		k.fail(now)
	}
	switch {
	case m.opts.InOrder || !passed && (u.typ(false).out() || len(k.units) > 0):
		return false
	case passed:
		u.restart()
		m.revive(k, u, k.heard, now)
		return true
	}
	u.wait, u.due = waitChange, now
	for i := range u.log {
		u.log[i].Payload, u.log[i].Bare, u.log[i].keyOnly, u.log[i].counts, u.log[i].old = "", true, false, false, true
	}
	return true
}
