package model

import (
	"fmt"
	"maps"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// told is a state of an object, as a callback sees it.
type told struct {
	uid, stamp string
	rv         uint64
}

func toldOf(o kind.Object) *told {
	return &told{uid: string(o.GetUID()), stamp: o.GetAnnotations()[stamp], rv: version(o.GetResourceVersion())}
}

// kept reads what a binding with Cached keeps: the resourceVersions of objects by their keys, and whether that is all.
type kept func() (objects map[string]uint64, synced bool)

// keeps makes one, of a Reader.
func keeps[T kind.Object](r *capability.Reader[T]) kept {
	return func() (map[string]uint64, bool) {
		out := map[string]uint64{}
		for o := range r.All() {
			out[o.GetNamespace()+"/"+o.GetName()] = version(o.GetResourceVersion())
		}
		return out, r.Synced()
	}
}

// before: what is said of the state before is true.
func (b *bound) before(c *call, t *track, wrong wrongFunc) {
	switch {
	case !b.cached || c.typ == capability.Added || c.typ == capability.Unchanged:
		if c.old != nil {
			wrong("has an old state")
		}
		return
	case !c.is():
		b.lastState(c, t, wrong)
		return
	case c.old == nil:
		wrong("has no old state")
		return
	}
	st := c.life.at(c.old.rv)
	switch {
	case c.old.uid != string(c.uid):
		wrong("has the old state of another object")
	case st == nil || st.stamp != c.old.stamp || !b.selects(c.life.place, st):
		wrong("has an old state that never was: %d", c.old.rv)
	case c.old.rv >= c.rv:
		wrong("has an old state that is none: %d", c.old.rv)
	case b.budget > 0 || !b.plain() || t.last == nil:
	case b.mode == latest && t.told && c.old.rv < t.doneRV:
		wrong("has an old state before %d, which was handled: %d", t.doneRV, c.old.rv)
	case b.mode != latest && b.passed(t, c.old.rv, c.rv):
		wrong("has an old state before others that were told: %d", c.old.rv)
	case b.mode == inOrder && b.present() && c.attempt == 1 && !b.retold(c, t) && t.last.is() && !c.life.outBetween(b.spec, c.old.rv, c.rv) && t.presentRV != c.old.rv:
		wrong("has an old state that is not the one told last, %d: %d", t.presentRV, c.old.rv)
	}
}

// passed says whether a state between two was told.
func (b *bound) passed(t *track, after, before uint64) bool {
	for rv := range t.states {
		if rv > after && rv < before {
			return true
		}
	}
	return false
}

// lastState: a Deleted or Left carries the last state in the set, or a later one of those that were told.
func (b *bound) lastState(c *call, t *track, wrong wrongFunc) {
	if b.finalizer != absent || c.partial {
		return
	}
	var last uint64 // states that differ in their finalizers or in the mark of deletion have one stamp
	for i := range c.life.states {
		if st := &c.life.states[i]; st.stamp == c.stamp && b.fits(c.life.place, st) {
			last = st.rv
		}
	}
	switch {
	case last == 0:
		wrong("carries a state that never was in the set: stamp %s", c.stamp)
	case b.plain() && last < t.presentRV && (b.mode != watch || b.concurrency == 1 && c.attempt == 1): // a retry comes out of order
		wrong("carries an older state than was told")
	}
}

// compareKept holds what the binding keeps to what there is.
func (b *bound) compareKept() {
	if !b.cached {
		return
	}
	want := map[string]uint64{}
	got, synced := b.reader()
	for _, l := range b.p.w.truth.order {
		switch key := l.namespace + "/" + l.name; {
		case l.resource != b.resource || l.gone:
		case b.finalizer != absent && l.now().deleting && !l.now().carries(b.finalizer):
			delete(got, key) // it is in the set if the program has known it before
		case l.isIn(b.spec):
			want[key] = l.now().rv
		}
	}
	if !synced || !maps.Equal(got, want) {
		b.p.w.bad = append(b.p.w.bad, fmt.Sprintf("%s: all is quiet: the Reader has %v (synced %t), want %v", b.spec, got, synced, want))
	}
}
