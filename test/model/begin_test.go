package model

import (
	"github.com/ancho-dev/ancho/pkg/capability"
)

// begin holds a call that starts to what was promised. The world's lock is held.
func (b *bound) begin(c *call) {
	w := b.p.w
	w.logf("%s %s: begin of %s", c.began.Format(clock), b.id(), c)
	wrong := func(format string, a ...any) { w.wrong(b, c, format, a...) }
	if b.p.stopped {
		wrong("starts after the stop")
	}
	l := w.truth.lives[c.uid]
	if l == nil || l.resource != b.resource || l.namespace+"/"+l.name != c.key {
		wrong("is of an object that nobody made")
		return
	}
	c.life = l
	b.alone(c, wrong)
	b.content(c, wrong)
	t := b.track(c.uid)
	prev, seen := t.last, t.events[c.event()]
	c.first = seen == nil && c.typ != capability.Unchanged
	if b.budget == 0 {
		if b.mode == watch {
			b.attempts(c, seen, t, wrong)
		} else {
			b.retries(c, prev, wrong)
		}
		if b.mode != latest && c.merged != 0 {
			wrong("stands for more than one event")
		}
	}
	if b.mode != watch || b.concurrency == 1 && c.first && b.budget == 0 {
		b.order(c, t, wrong)
	}
	b.initial(c, t, wrong)

	t.last, t.events[c.event()] = c, c
	if c.is() {
		t.states[c.rv] = true
		t.presentRV = max(t.presentRV, c.rv)
	} else if c.attempt == 1 {
		t.outs[c.typ]++
	}
}

type wrongFunc func(format string, a ...any)

// alone: what else runs.
func (b *bound) alone(c *call, wrong wrongFunc) {
	if len(b.running) >= b.concurrency {
		wrong("is one more than may run at once")
	}
	if b.mode == watch {
		return
	}
	for other := range b.running {
		if b.perNamespace && other.life != nil && other.life.namespace == c.life.namespace {
			wrong("runs beside %s in one namespace", other)
		}
	}
	for _, o := range b.p.bindings {
		if o.capability != b.capability || o.resource != b.resource || o.mode == watch {
			continue
		}
		for other := range o.running {
			if other.key == c.key {
				wrong("overlaps with %s: %s", o.id(), other)
			}
		}
	}
}

// content: what is said of the object is true, and the object is in the selection or out of it.
func (b *bound) content(c *call, wrong wrongFunc) {
	l := c.life
	if n := len(c.causes); n == 0 || n > 16 {
		wrong("has %d causes", n)
	}
	switch {
	case c.typ == capability.Left:
		if !c.partial {
			wrong("carries more than identity")
		}
		var since uint64
		if b.budget == 0 && b.mode != watch {
			since = b.track(c.uid).presentRV
		}
		if !l.outAfter(b.spec, since) {
			wrong("is Left, and the object did not leave")
		}
	case c.typ == capability.Deleted:
		if !l.gone {
			wrong("is Deleted, and the object exists")
		}
		if !l.everIn(b.spec) {
			wrong("is about an object that never was in the set")
		}
		if !c.partial && !b.selects(l.place, &state{app: c.app, note: c.note}) {
			wrong("tells of a state outside the selection: %s=%s %s=%s", label, c.app, note, c.note)
		}
	default:
		st := l.at(c.rv)
		switch {
		case c.partial:
			wrong("is partial")
		case st == nil:
			wrong("tells of a state that never was")
		case st.stamp != c.stamp || st.app != c.app || st.note != c.note:
			wrong("tells of another state than the server had: stamp %s, want %s", c.stamp, st.stamp)
		case !b.selects(l.place, st):
			wrong("is outside the selection")
		case c.content != "" && version(c.content) > version(c.stamp):
			wrong("has content of a later state")
		}
	}
	if b.mode != latest && b.budget == 0 && c.typ != capability.Unchanged && !b.asks(c.typ) && !(c.initial && b.mode != watch) {
		wrong("is of a type that nobody asked for")
	}
}

// droppable says whether work that told of rv may have been dropped: the object is gone or left, and nobody asks for that.
func (b *bound) droppable(l *life, rv uint64) bool {
	return l.gone && !b.asks(capability.Deleted) || !b.asks(capability.Left) && l.outAfter(b.spec, rv)
}

// retries: attempts and requeues of a Reconcile, where one call of an object follows another.
func (b *bound) retries(c, prev *call, wrong wrongFunc) {
	switch {
	case prev == nil && c.attempt != 1:
		wrong("is the first for the object")
	case prev == nil:
		if c.typ == capability.Unchanged {
			wrong("is the first for the object, and nobody asked")
		}
	case c.attempt == 1:
		if prev.outcome == failed && !b.droppable(c.life, prev.rv) {
			wrong("is no further attempt after %s", prev)
		}
		if c.typ == capability.Unchanged && (prev.outcome != asked || c.began.Sub(prev.ended) < requeueDelay) {
			wrong("came though nobody asked, or too soon after %s", prev)
		}
		if prev.outcome == succeeded && prev.is() && c.is() && c.rv == prev.rv {
			wrong("was handled before: %s", prev)
		}
	default:
		b.again(c, prev, wrong)
	}
}

// again: c is a further attempt of prev.
func (b *bound) again(c, prev *call, wrong wrongFunc) {
	if prev.outcome != failed || c.attempt != prev.attempt+1 {
		wrong("is no attempt that follows %s", prev)
	}
	same := c.rv == prev.rv && c.merged == prev.merged
	if c.typ != prev.typ && (same || b.mode != latest) || b.mode != latest && c.rv != prev.rv {
		wrong("is another event than the one that failed: %s", prev)
	}
	least := backoffMin / 2
	if prev.answer == retryAfter {
		least = retryDelay
	}
	if b.resource == configMaps && c.began.Sub(prev.ended) < least {
		wrong("came only %s after %s", c.began.Sub(prev.ended), prev)
	}
}

// attempts: attempts and requeues of a Watch, event by event.
func (b *bound) attempts(c, seen *call, t *track, wrong wrongFunc) {
	if seen != nil && seen.outcome == running {
		wrong("overlaps with a call for the same event: %s", seen)
		return
	}
	switch {
	case c.attempt > 1 && seen == nil:
		wrong("is the first for its event")
	case c.attempt > 1:
		b.again(c, seen, wrong)
	case c.typ == capability.Unchanged:
		if !b.wasAsked(c, t) {
			wrong("came though nobody asked, or too soon")
		}
	case seen != nil && seen.outcome != asked:
		wrong("was told before: %s", seen)
	}
}

// wasAsked looks for the call that asked for this one, which has its answer now.
func (b *bound) wasAsked(c *call, t *track) bool {
	for _, typ := range []capability.EventType{capability.Modified, capability.Unchanged} {
		from := t.events[event{c.rv, typ}]
		if from != nil && from.outcome == asked && c.began.Sub(from.ended) >= requeueDelay {
			from.outcome = succeeded
			return true
		}
	}
	return false
}

// order: states of an object go on, and so do the objects of a name.
func (b *bound) order(c *call, t *track, wrong wrongFunc) {
	if b.budget == 0 && t.last != nil && c.rv < t.last.rv {
		wrong("goes back behind %s", t.last)
	}
	b.netType(c, t, wrong)
	t.in = c.is()
	old := b.newest[c.key]
	b.newest[c.key] = c.life
	if old == nil || old == c.life {
		return
	}
	if old.born > c.life.born {
		wrong("comes after a younger object of the name was told of")
		return
	}
	was := b.track(old.uid)
	switch {
	case was.last == nil:
	case !was.in:
		if b.mode != watch && was.last.outcome != succeeded && was.last.outcome != givenUp {
			wrong("does not wait for %s of the object that had the name", was.last)
		}
	case b.asks(capability.Deleted) && b.asks(capability.Left), b.asks(capability.Deleted) && !old.outAfter(b.spec, was.presentRV):
		wrong("comes before the end of the object that had the name: %s", was.last)
	}
}

// netType: the type is what changed since the last call that did not fail, or is that of the one event.
func (b *bound) netType(c *call, t *track, wrong wrongFunc) {
	if !b.present() || b.budget > 0 || !c.is() || c.typ == capability.Unchanged || c.attempt > 1 {
		return
	}
	known := t.told
	if b.mode != latest {
		known = t.in
	}
	want := capability.Added
	if known {
		want = capability.Modified
	}
	unseen := !b.asks(capability.Left) || b.app != absent && !b.asks(capability.Deleted) && c.life.gone
	if unseen && c.life.outBetween(b.spec, t.presentRV, c.rv) {
		return // what left and came back may have been seen to leave, or not; or the look came when it was deleted
	}
	if c.typ != want {
		wrong("is not %s", want)
	}
}

// initial: said of what was there, and of nothing else.
func (b *bound) initial(c *call, t *track, wrong wrongFunc) {
	if c.initial && (c.typ != capability.Added || b.p.calm) {
		wrong("is initial")
	}
	asks := b.asks(capability.Added) || b.mode != watch && b.asks(capability.Modified)
	if asks && t.last == nil && c.is() && !c.initial && c.life.born < b.p.born && b.there(c.life) {
		wrong("is not initial, though the object was there before the program")
	}
}

// there says whether an object has been in the set since the program began.
func (b *bound) there(l *life) bool {
	for i := range l.states {
		last := i == len(l.states)-1 || l.states[i+1].rv > b.p.startRV
		if last && !b.selects(l.place, &l.states[i]) {
			return false
		}
	}
	return true
}
