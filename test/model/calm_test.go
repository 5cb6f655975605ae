package model

import (
	"fmt"
	"maps"
	"time"

	"pgregory.net/rapid"

	"github.com/ancho-dev/ancho/pkg/capability"
)

// knowledge is what a binding knew of an object when all was handled.
type knowledge struct {
	rv   uint64
	outs map[capability.EventType]int
}

// longest is after which time all that was to come has come: a connection that is dead is given up after ten and a half
// minutes.
const longest = 13 * time.Minute

// stepCalm ends all faults, lets everything come to its end, and looks whether all was handled.
func (w *world) stepCalm(t *rapid.T) { w.calm(t) }

func (w *world) calm(fail failing) {
	fail.Helper()
	w.heal()
	w.mu.Lock()
	for _, b := range w.p.bindings {
		clear(b.plans)
	}
	w.writes = nil
	w.mu.Unlock()
	w.let()
	time.Sleep(longest)
	w.settle()
	w.report(fail)
	w.compare()
	w.report(fail)
}

// compare holds what every binding was told to what the server has.
func (w *world) compare() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.logf("%s calm", time.Now().Format(clock))
	for _, b := range w.p.bindings {
		for _, l := range w.truth.order {
			if l.resource != b.resource {
				continue
			}
			why := b.missed(l)
			if why == "" {
				why = b.slept(l)
			}
			if why != "" {
				w.bad = append(w.bad, fmt.Sprintf("%s: all is quiet: %s (%s): %s", b.spec, l.place, l.uid[:4], why))
			}
		}
	}
	for _, b := range w.p.bindings {
		b.compareKept()
	}
	w.quiet()
	w.p.calm, w.p.gap, w.p.since, w.p.moment = true, false, w.rv, w.truth.moment
}

// quiet looks at what the program says of itself.
func (w *world) quiet() {
	s := w.p.r.Snapshot()
	objects := 0
	for _, st := range s.Streams {
		objects += st.Objects
		if st.Phase != "streaming" || !st.Synced {
			w.bad = append(w.bad, fmt.Sprintf("all is quiet, and the stream %s is %s (%s)", st.Stream, st.Phase, st.Message))
		}
	}
	for _, b := range s.Bindings {
		if n := b.Waiting + b.Retrying + b.Requeued + len(b.Running); n > 0 || len(w.truth.there) == 0 && len(b.Parked) > 0 {
			w.bad = append(w.bad, fmt.Sprintf("all is quiet, and the binding has work: %+v", b))
		}
	}
	if len(w.truth.there) == 0 && objects > 0 {
		w.bad = append(w.bad, fmt.Sprintf("%d objects are known of none that there are", objects))
	}
}

// missed says what the binding should have been told of an object, and was not; empty where all is well.
func (b *bound) missed(l *life) string {
	known, knew := b.known[l.uid]
	t := b.tracks[l.uid]
	defer b.know(l)
	if b.finalizer != absent {
		return b.missedGuarded(l, t)
	}
	if t != nil {
		if why := b.unfinished(l, t); why != "" {
			return why
		}
	}
	switch {
	case l.isIn(b.spec):
		return b.missedState(l, t, known, knew)
	case !knew && (t == nil || !t.in):
		return ""
	}
	since := known.rv
	if t != nil {
		since = max(since, t.presentRV)
	}
	told := func(typ capability.EventType) bool {
		if b.mode != watch {
			return t != nil && t.last.typ == typ
		}
		return t != nil && t.outs[typ] > known.outs[typ]
	}
	out := l.outAfter(b.spec, since)
	switch {
	case !l.gone && b.asks(capability.Left) && !told(capability.Left):
		return "left, and that was not told"
	case l.gone && b.asks(capability.Deleted) && !out && !told(capability.Deleted):
		return "was deleted, and that was not told"
	case l.gone && b.asks(capability.Deleted) && b.asks(capability.Left) && !told(capability.Deleted) && !told(capability.Left):
		return "has gone, and that was not told"
	}
	return ""
}

// know keeps what the binding knows now.
func (b *bound) know(l *life) {
	delete(b.known, l.uid)
	if !l.isIn(b.spec) {
		return
	}
	k := knowledge{rv: l.now().rv, outs: map[capability.EventType]int{}}
	if t := b.tracks[l.uid]; t != nil {
		maps.Copy(k.outs, t.outs)
		t.overtaken = 0
	}
	b.known[l.uid] = k
}

// unfinished: a call that failed is made again, and one that was asked for is made.
func (b *bound) unfinished(l *life, t *track) string {
	calls := []*call{t.last}
	if b.mode == watch && b.budget == 0 {
		calls = calls[:0]
		for _, c := range t.events {
			calls = append(calls, c)
		}
	}
	for _, c := range calls {
		if c.outcome != succeeded && c.outcome != givenUp && !b.droppable(l, c.rv) && (c.outcome != asked || !l.gone) {
			return fmt.Sprintf("nothing came after %s", c)
		}
	}
	return ""
}

// missedState: the object is in the set.
func (b *bound) missedState(l *life, t *track, known knowledge, knew bool) string {
	now := l.now().rv
	changed := knew && known.rv < now && !l.outAfter(b.spec, known.rv)
	switch {
	case b.present() && (t == nil || !t.states[now]), !b.present() && b.asks(capability.Modified) && changed && (t == nil || !t.states[now]):
		return fmt.Sprintf("its state at %d was not told", now)
	case b.asks(capability.Added) && t == nil:
		return "was never told"
	case b.present() && b.mode != watch && (t.last.rv != now || !t.last.is()):
		return fmt.Sprintf("is at %d: told last was %s", now, t.last)
	case b.present() && b.mode != latest && b.budget == 0 && !b.p.gap:
		out := 0
		for _, st := range l.states {
			if st.rv > b.p.since && b.selects(l.place, &st) && !t.states[st.rv] && !b.droppable(l, st.rv) {
				if out++; out > t.overtaken {
					return fmt.Sprintf("its state at %d was left out", st.rv)
				}
			}
		}
	}
	return ""
}
