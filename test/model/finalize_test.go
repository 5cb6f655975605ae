package model

import (
	"fmt"

	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/pkg/capability"
)

// cleanUp stands for the clean-up of one object for one finalizer.
type cleanUp struct {
	uid       types.UID
	finalizer string
}

// counts say how much of what a run has seen.
type counts struct {
	CleanUps, Woken, Olds, Writes, Refused int
}

func (n *counts) count(c *call) {
	if c.cleanup {
		n.CleanUps++
	}
	if c.woken() {
		n.Woken++
	}
	if c.old != nil {
		n.Olds++
	}
}

func (n *counts) add(more *counts) {
	n.CleanUps += more.CleanUps
	n.Woken += more.Woken
	n.Olds += more.Olds
	n.Writes += more.Writes
	n.Refused += more.Refused
}

// keeps says whether a state, which follows those that are known, is in the set of a binding with a finalizer.
func (s *spec) keeps(l *life, st *state) bool {
	switch {
	case st.carries(s.finalizer):
		return s.within(l.place)
	case st.deleting:
		return len(l.states) > 0 && l.now().members[s.finalizer]
	}
	return s.fits(l.place, st)
}

// carried says whether the finalizer was on ever.
func (l *life) carried(finalizer string) bool {
	for i := range l.states {
		if l.states[i].carries(finalizer) {
			return true
		}
	}
	return false
}

// isGuarded: Reconcile is called for an object that carries the finalizer, and is not being deleted.
func (b *bound) isGuarded(c *call, t *track, wrong wrongFunc) {
	st := c.life.at(c.rv)
	switch {
	case st == nil:
	case t.cleaned:
		wrong("is cleaned up already")
	case st.deleting:
		wrong("is being deleted")
	case !c.life.carried(b.finalizer):
		wrong("comes before the finalizer is on")
	case b.mode == latest && !st.carries(b.finalizer):
		wrong("does not carry the finalizer")
	}
}

// cleansUp: the clean-up is called for an object that is being deleted and carries the finalizer, or carried it until something else
// removed it; and for one that was deleted although it carried the finalizer. It was not cleaned up yet.
func (b *bound) cleansUp(c *call, t *track, wrong wrongFunc) {
	st := c.life.at(c.rv)
	switch {
	case t.cleaned:
		wrong("has succeeded before")
	case !c.life.carried(b.finalizer) && !c.life.tried:
		wrong("never carried the finalizer")
	case c.typ == capability.Deleted && !c.life.gone:
		wrong("exists")
	case c.typ == capability.Deleted && !c.life.robbed && !c.life.tried:
		wrong("was deleted, and did not carry the finalizer")
	case c.typ != capability.Deleted && st != nil && !st.deleting:
		wrong("is not being deleted")
	case c.typ != capability.Deleted && st != nil && !st.carries(b.finalizer) && !c.life.robbed:
		wrong("does not carry the finalizer")
	}
}

// missedGuarded says what a binding with a finalizer has not done for an object, though all is quiet.
func (b *bound) missedGuarded(l *life, t *track) string {
	st := l.now()
	told := t != nil && t.last != nil
	switch {
	case l.gone && b.asks(capability.Deleted) && told && t.last.is() && !l.outAfter(b.spec, t.presentRV):
		return "was deleted, and that was not told"
	case l.gone && st.carries(b.finalizer) && told && !b.p.w.cleaned[cleanUp{l.uid, b.finalizer}]:
		return "was deleted with the finalizer, and never cleaned up"
	case l.gone:
		return ""
	case st.deleting && st.carries(b.finalizer):
		return "is being deleted, and waits for the clean-up"
	case st.deleting || !b.selects(l.place, st):
		return ""
	case !st.carries(b.finalizer):
		return "does not carry the finalizer"
	case !b.present():
		return ""
	case !told:
		return "was never told"
	case t.last.rv != st.rv && !b.echoed(l, t.last.rv):
		return fmt.Sprintf("is at %d: told last was %s", st.rv, t.last)
	case t.last.outcome != succeeded && t.last.outcome != givenUp:
		return fmt.Sprintf("nothing came after %s", t.last)
	}
	return ""
}

// echoed says whether the only thing that has happened since is that the binding's finalizer was put on.
func (b *bound) echoed(l *life, since uint64) bool {
	for i := range l.states {
		if st := &l.states[i]; st.rv > since && st.by != b.finalizer {
			return false
		}
	}
	return true
}
