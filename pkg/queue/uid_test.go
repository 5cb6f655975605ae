package queue

import (
	"testing"
	"time"
)

// Two objects that had one name: all of the older before any of the newer.
func TestUIDsAreNotMerged(t *testing.T) {
	for _, inOrder := range []bool{false, true} {
		t.Run(map[bool]string{false: "latest", true: "in order"}[inOrder], func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				r := newRig(t, Options{InOrder: inOrder})
				r.answers("a/x", Result{}, retry(), requeueAfter(time.Second), retry())
				r.hold("a/x")
				r.on(added("a/x", "1"))
				r.on(deleted("a/x", "2"), added("a/x#2", "3"))
				r.expect("Added a/x=1")
				r.stats(Stats{Waiting: 2, Running: 1})
				r.release("a/x")
				r.expect("Deleted a/x=2")
				r.after(time.Second)
				r.expect("Deleted a/x=2 attempt 2")
				r.after(time.Second)
				r.expect("Deleted a/x=2") // asked for again: not handled yet
				r.after(time.Second)
				r.expect("Deleted a/x=2 attempt 2", "Added a/x=3")
				if r.last().UID != "2" {
					t.Errorf("UID %q, want 2", r.last().UID)
				}
				r.atRest()
			})
		})
	}
}

func TestTheNewObjectNeedNotWaitForWhatTheOldWouldDoLater(t *testing.T) {
	t.Run("requeue", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			r := newRig(t, Options{})
			r.answers("a/x", requeueAfter(time.Hour))
			r.on(added("a/x", "1"))
			r.on(added("a/x#2", "2"))
			r.expect("Added a/x=1", "Added a/x=2")
			r.replaced(1)
		})
	})
	t.Run("requeue of a call that runs", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			r := newRig(t, Options{})
			r.answers("a/x", requeueAfter(time.Hour))
			r.hold("a/x")
			r.on(added("a/x", "1"))
			r.on(added("a/x#2", "2"))
			r.release("a/x")
			r.expect("Added a/x=1", "Added a/x=2")
			r.replaced(1)
		})
	})
	t.Run("parked", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			r := newRig(t, Options{})
			r.answers("a/x", permanent())
			r.on(added("a/x", "1"))
			r.on(added("a/x#2", "2"))
			r.expect("Added a/x=1", "Added a/x=2")
			if r.seen.parked != 0 {
				t.Errorf("parked %d, want none", r.seen.parked)
			}
			r.replaced(0)
		})
	})
	t.Run("parked, were it not replaced", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			r := newRig(t, Options{})
			r.answers("a/x", permanent())
			r.hold("a/x")
			r.on(added("a/x", "1"))
			r.on(added("a/x#2", "2"))
			r.release("a/x")
			r.expect("Added a/x=1", "Added a/x=2")
			if len(r.seen.gaveUp) != 1 {
				t.Errorf("gave up %+v, want the call of the old object", r.seen.gaveUp)
			}
			r.replaced(0)
		})
	})
}

// replaced checks what was dropped for a new object, and that nothing is left.
func (r *rig) replaced(n int) {
	r.t.Helper()
	if got := r.seen.dropped[DropReplaced]; got != n {
		r.t.Errorf("dropped as replaced: %d, want %d", got, n)
	}
	r.atRest()
}

func TestADeletedOfTheOldThatIsGivenUpLetsTheNewGo(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{})
		r.answers("a/x", retry(), permanent())
		r.on(deleted("a/x", "1"), added("a/x#2", "2"))
		r.after(time.Second)
		r.expect("Deleted a/x=1", "Deleted a/x=1 attempt 2", "Added a/x=2")
		r.atRest()
	})
}

func TestADeletedOfTheOldThatDidNotPassLetsTheNewGo(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{})
		r.answers("a/x", retry())
		r.on(modified("a/x", "1"))
		r.on(deleted("a/x", "1", filtered), added("a/x#2", "2"))
		r.expect("Modified a/x=1", "Added a/x=2")
		r.atRest()
	})
}

// A trigger knows no UID; the first that is told is its own, also while it runs
// (found by the model test).
func TestATriggerIsOfTheFirstUIDThatComes(t *testing.T) {
	for _, inOrder := range []bool{false, true} {
		inBubble(t, func(t *testing.T) {
			r := newRig(t, Options{InOrder: inOrder})
			r.answers("a/x", retry(), retry())
			r.hold("a/x")
			r.q.Add(triggered[string](key("a/x"), Cause{}))
			r.on() // it runs
			r.q.Add(triggered[string](key("a/x"), Cause{}))
			r.on(deleted("a/x", "1"))
			r.on(added("a/x#2", "2", generation(1)), modified("a/x#2", "3", generation(2)))
			r.on(deleted("a/x#2", "4", generation(2), filtered)) // nothing of 1
			r.release("a/x")
			r.after(time.Hour)
			if c := r.last(); c.Type != Deleted || c.UID != "1" {
				t.Errorf("in order %v: %q of %q came last", inOrder, describe(c), c.UID)
			}
			r.atRest()
		})
	}
}
