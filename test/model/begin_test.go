package model

import (
	"time"

	"github.com/ancho-dev/ancho/pkg/capability"
)

// begin holds a call that starts to what was promised. The world's lock is held.
func (b *bound) begin(c *call) {
	w := b.p.w
	w.logf("%s %s: begin of %s", c.began.Format(clock), b.id(), c)
	wrong := func(format string, a ...any) { w.wrongf(b, c, format, a...) }
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
	w.seen.count(c)
	switch {
	case c.cleanup:
		b.cleansUp(c, t, wrong)
	case b.finalizer != absent && c.is():
		b.isGuarded(c, t, wrong)
	}
	b.before(c, t, wrong)
	prev, seen := t.last, t.events[c.event()]
	c.first = seen == nil && c.typ != capability.Unchanged
	if b.budget == 0 {
		switch {
		case b.mode == watch:
			b.attempts(c, seen, t, wrong)
		case b.finalizer == absent:
			b.retries(c, prev, wrong)
		}
		if b.mode != latest && c.merged != 0 && !c.woken() && !b.behind(c, t) {
			wrong("stands for more than one event")
		}
	}
	if b.mode != watch && c.is() && c.rv < t.presentRV {
		wrong("carries an older state than a call before it, which was of %d", t.presentRV)
	}
	if c.attempt == 1 && b.behind(c, t) {
		t.overtaken++
	}
	if !b.plain() { // it is read live, so that it may be told of what the stream has yet to tell
		t.in = c.is() && (t.in || c.typ != capability.Unchanged)
	} else if b.mode != watch || b.concurrency == 1 && c.first && b.budget == 0 {
		b.order(c, t, wrong)
	}
	b.initial(c, t, wrong)
	again := b.retold(c, t)
	t.calls = append(t.calls, c)
	t.last, t.events[c.event()] = c, c
	if c.is() {
		t.states[c.rv] = true
		t.presentRV = max(t.presentRV, c.rv)
	} else if c.attempt == 1 && !again {
		t.outs[c.typ]++
	}
}

// behind says whether a call in order may be of an event that is behind a live read: it carries a state that is no older
// than that, and stands for the newer event, too.
func (b *bound) behind(c *call, t *track) bool {
	return b.mode != watch && !b.plain() && c.merged == 1 && t.presentRV > 0 && c.rv >= t.presentRV
}

// plain says whether what the binding is told comes from its stream alone.
func (b *bound) plain() bool { return b.finalizer == absent && len(b.triggers) == 0 }

type wrongFunc func(format string, a ...any)

// alone: what else runs.
func (b *bound) alone(c *call, wrong wrongFunc) {
	hang := 0 // these may have slots of their own
	for other := range b.running {
		if b.concurrency > 1 && !b.perNamespace && c.began.Sub(other.began) >= time.Minute {
			hang++
		}
	}
	if len(b.running) >= b.concurrency+min(hang, b.concurrency) {
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
	switch c.typ {
	case capability.Left:
		if c.partial == b.cached {
			wrong("carries more than identity, or less than what is cached")
		}
		var since uint64
		if t := b.track(c.uid); b.budget == 0 && b.mode != watch && b.plain() {
			if since = t.presentRV; b.unheard(l) {
				since = t.doneRV
			}
		}
		if !l.outAfter(b.spec, since) {
			wrong("is Left, and the object did not leave")
		}
	case capability.Deleted:
		if !l.gone {
			wrong("is Deleted, and the object exists")
		}
		if !l.everIn(b.spec) {
			wrong("is about an object that never was in the set")
		}
		if b.cached && c.partial {
			wrong("carries less than what is cached")
		}
		if !c.partial && b.finalizer == absent && !b.fits(l.place, &state{app: c.app, note: c.note}) {
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
	alone := b.mode != latest && b.budget == 0 // each event is a call
	excused := c.cleanup || c.typ == capability.Unchanged || c.initial && b.mode != watch
	if alone && !excused && !b.asks(c.typ) {
		wrong("is of a type that nobody asked for")
	}
}

// unheard says that the object is gone and nobody asks for that. A Left that was not handled before is told then, whatever
// came between the two.
func (b *bound) unheard(l *life) bool { return l.gone && !b.asks(capability.Deleted) }

// droppable says whether work that told of rv may have been dropped: the object is gone or left, and nobody asks for that.
func (b *bound) droppable(l *life, rv uint64) bool {
	return b.unheard(l) || !b.asks(capability.Left) && l.outAfter(b.spec, rv)
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
	if !b.present() || b.budget > 0 || !c.is() || c.typ == capability.Unchanged || c.attempt > 1 || b.retold(c, t) {
		return
	}
	known := t.told
	switch b.mode {
	case inOrder: // an Added that was given up is said by the next event
		known = t.in && t.told
	case watch:
		known = t.in
		if c.typ == capability.Added && !t.told { // it was given up, or is tried again later
			return
		}
	default:
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
	parked := t.last != nil && t.last.initial && t.last.outcome == givenUp // and woken
	if c.initial && (c.typ != capability.Added || b.p.calm && !parked) {
		wrong("is initial")
	}
	going := c.life.gone || c.life.now().deleting && b.finalizer != absent
	if b.mode == watch && b.concurrency > 1 || going && (b.budget > 0 || b.finalizer != absent) {
		return // the initial one may begin a moment later, or was dropped when it was read again and was gone
	}
	asks := b.asks(capability.Added) || b.mode != watch && b.asks(capability.Modified)
	if asks && t.last == nil && !c.cleanup && !c.woken() && c.is() && !c.initial && c.life.born < b.p.born && b.there(c.life) {
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
