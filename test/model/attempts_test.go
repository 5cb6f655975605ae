package model

import (
	"slices"

	"github.com/ancho-dev/ancho/pkg/capability"
)

// retries: attempts and requeues of a Reconcile, where one call of an object follows another.
func (b *bound) retries(c, prev *call, wrong wrongFunc) {
	switch {
	case c.attempt > 1 && b.strayed(c): // it counts on
	case prev == nil && c.attempt != 1:
		wrong("is the first for the object")
	case prev == nil:
		if c.typ == capability.Unchanged && !c.woken() {
			wrong("is the first for the object, and nobody asked")
		}
	case c.attempt == 1:
		if prev.outcome == failed && !b.droppable(c.life, prev.rv) && !prev.woken() && !b.renewed(c, prev) {
			wrong("is no further attempt after %s", prev)
		}
		if c.typ == capability.Unchanged && !c.woken() && (prev.outcome != asked || c.began.Sub(prev.ended) < requeueDelay && !b.renewed(c, prev)) {
			wrong("came though nobody asked, or too soon after %s", prev)
		}
		if b.plain() && prev.outcome == succeeded && prev.is() && c.is() && c.rv == prev.rv {
			wrong("was handled before: %s", prev)
		}
	default:
		b.again(c, prev, wrong)
	}
}

// strayed says whether a trigger's call failed for another object of the name. Whose it was is not known until it is read, so
// the object that an event tells of next is taken for it.
func (b *bound) strayed(c *call) bool {
	for uid, t := range b.tracks {
		if uid != c.uid && t.last != nil && t.last.key == c.key && t.last.woken() && t.last.outcome == failed {
			return true
		}
	}
	return false
}

// again: c is a further attempt of prev.
func (b *bound) again(c, prev *call, wrong wrongFunc) {
	if prev.outcome != failed || c.attempt != prev.attempt+1 {
		wrong("is no attempt that follows %s", prev)
	}
	if c.woken() { // and read live
		return
	}
	same := c.rv == prev.rv && c.merged == prev.merged
	if c.typ == capability.Left && b.unheard(c.life) {
		same = false
	}
	// What is older than a live read is read again at each attempt, and stands for the newer events, too.
	reread := c.typ == capability.Unchanged || prev.merged > 0 && c.merged > 0
	if c.typ != prev.typ && (same || b.mode != latest) || b.mode != latest && !reread && c.rv != prev.rv {
		wrong("is another event than the one that failed: %s", prev)
	}
	least := backoffMin / 2
	if prev.answer == retryAfter && len(b.triggers) == 0 && !c.life.changed(prev) {
		least = retryDelay
	}
	if (b.resource == configMaps || !b.renewed(c, prev)) && c.began.Sub(prev.ended) < least {
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
		if !b.wasAsked(c, t) && !b.retold(c, t) {
			wrong("came though nobody asked, or too soon")
		}
	case seen != nil && (seen.outcome == failed && b.renewed(c, seen) || seen.outcome == givenUp && c.life.changed(seen)):
		// its attempts began again
	case seen != nil && seen.outcome != asked:
		wrong("was told before: %s", seen)
	}
}

// wasAsked looks for the call that asked for this one, which has its answer now.
func (b *bound) wasAsked(c *call, t *track) bool {
	for _, typ := range []capability.EventType{capability.Modified, capability.Unchanged} {
		from := t.events[event{c.rv, typ}]
		if from != nil && from.outcome == asked && (c.began.Sub(from.ended) >= requeueDelay || b.renewed(c, from)) {
			from.outcome = succeeded
			return true
		}
	}
	return false
}

// renewed says whether there is a reason for the attempts of a call's object to begin again, at once: a new generation, or the
// object entered or left the set.
func (b *bound) renewed(c, prev *call) bool {
	l, then := c.life, c.life.at(prev.rv)
	if then == nil || l.gone || !prev.is() || l.outAfter(b.spec, prev.rv) {
		return true
	}
	return slices.ContainsFunc(l.states, func(st state) bool { return st.rv > prev.rv && st.generation != then.generation })
}

// changed says whether the object changed after the state that a call was made with.
func (l *life) changed(since *call) bool { return l.gone || l.now().rv > since.rv }

// retold says whether the call is for the one event of an earlier call that failed, though its attempts began again.
func (b *bound) retold(c *call, t *track) bool {
	seen := t.events[c.event()]
	return b.mode != latest && seen != nil && (seen.outcome == failed || seen.outcome == givenUp)
}
