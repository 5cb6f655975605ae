package queue

import (
	"testing"
	"time"
)

func TestAnEventThatDidNotPassCausesNoCall(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{})
		r.on(added("a/x", "1", filtered), modified("a/x", "2", filtered), deleted("a/x", "3", filtered))
		r.expect()
		r.atRest()
		if r.seen.received != 0 {
			t.Errorf("received %d, want none", r.seen.received)
		}
	})
}

func TestAnEventThatDidNotPassBringsWhatWaitsUpToDate(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{Strategy: Global})
		r.hold("z")
		r.on(added("z", ""))
		r.on(added("a/x", "1"), modified("a/x", "2", filtered))
		r.release("z")
		r.expect("Added z=", "Added a/x=2")
		if len(r.last().Causes) != 1 {
			t.Errorf("causes %+v, want the one that passed", r.last().Causes)
		}
	})
}

// The object is gone, or left, and the binding takes neither: nothing of it is
// called any more.
func TestADeletedThatDidNotPassDropsTheWork(t *testing.T) {
	for _, out := range []Event[string]{deleted("a/x", "9", filtered), hasLeft("a/x", "9", filtered)} {
		for _, inOrder := range []bool{false, true} {
			name := string(out.Type)
			if inOrder {
				name += " in order"
			}
			t.Run(name, func(t *testing.T) { dropped(t, Options{InOrder: inOrder}, out) })
		}
	}
}

func dropped(t *testing.T, o Options, out Event[string]) {
	sub := func(name string, n int, f func(r *rig)) {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				r := newRig(t, o)
				f(r)
				r.after(time.Hour)
				r.expect()
				r.atRest()
				if got := r.seen.dropped[DropGone]; got != n {
					t.Errorf("dropped %d, want %d", got, n)
				}
			})
		})
	}
	sub("waiting", 1, func(r *rig) {
		r.hold("a/x")
		r.on(added("a/x", "1"))
		r.on(modified("a/x", "2"), out)
		r.release("a/x")
		r.expect("Added a/x=1")
	})
	sub("retrying", 1, func(r *rig) {
		r.answers("a/x", retry())
		r.on(added("a/x", "1"))
		r.on(out)
		r.expect("Added a/x=1")
	})
	sub("requeued", 1, func(r *rig) {
		r.answers("a/x", requeueAfter(time.Second))
		r.on(added("a/x", "1"))
		r.on(out)
		r.expect("Added a/x=1")
	})
	for _, res := range []Result{retry(), requeueAfter(time.Second), permanent(), requeueAfter(0)} {
		sub("running, then "+res.Outcome.String(), 1, func(r *rig) {
			r.answers("a/x", res)
			r.hold("a/x")
			r.on(added("a/x", "1"))
			r.on(out)
			r.release("a/x")
			r.expect("Added a/x=1")
		})
	}
	sub("running, then done", 0, func(r *rig) {
		r.hold("a/x")
		r.on(added("a/x", "1"))
		r.on(out)
		r.release("a/x")
		r.expect("Added a/x=1")
	})
	sub("running, and back again", 1, func(r *rig) {
		r.answers("a/x", retry())
		r.hold("a/x")
		r.on(added("a/x", "1"))
		r.on(out, added("a/x", "2"))
		r.release("a/x")
		r.expect("Added a/x=1", "Added a/x=2") // at once, and not as a retry
	})
	sub("only that UID", 1, func(r *rig) {
		r.answers("a/x", retry())
		r.on(modified("a/x", "1"))
		r.on(added("a/x#2", "2"), modified("a/x#3", "3"))
		r.expect("Modified a/x=1")
		old := out
		old.UID = "3"
		r.on(old)
		r.after(time.Second)
		r.expect("Modified a/x=1 attempt 2", "Added a/x=2")
	})
}
