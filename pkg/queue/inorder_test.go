package queue

import (
	"fmt"
	"testing"
	"time"
)

func TestInOrderEveryEventIsACall(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{InOrder: true})
		r.answers("a/x", retry(), retry(), Result{}, retry())
		r.on(added("a/x", "1"), modified("a/x", "2"), added("a/y", "1"), hasLeft("a/x", "3"), added("a/x", "4"), deleted("a/x", "5"))
		r.sorted()
		r.expect("Added a/x=1", "Added a/y=1")
		r.stats(Stats{Waiting: 4, Retrying: 1})
		r.after(time.Second)
		r.expect("Added a/x=1 attempt 2")
		r.after(2 * time.Second)
		r.expect("Added a/x=1 attempt 3", "Modified a/x=2")
		r.after(time.Second)
		r.expect("Modified a/x=2 attempt 2", "Left a/x=3", "Added a/x=4", "Deleted a/x=5")
		if r.seen.merged != 0 {
			t.Errorf("merged %d, want none", r.seen.merged)
		}
		r.atRest()
	})
}

func TestInOrderGivesUpOneEvent(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{InOrder: true, MaxAttempts: 2})
		r.answers("a/x", retry(), retry(), permanent())
		r.on(added("a/x", "1"), modified("a/x", "2"), modified("a/x", "3"))
		r.after(time.Second)
		r.expect("Added a/x=1", "Added a/x=1 attempt 2", "Added a/x=2", "Added a/x=3")
		if len(r.seen.gaveUp) != 2 || r.seen.gaveUp[0].Attempt != 2 || r.seen.gaveUp[1].Outcome != Permanent || r.seen.parked != 0 {
			t.Errorf("gave up %+v, parked %d", r.seen.gaveUp, r.seen.parked)
		}
		r.atRest()
	})
}

func TestInOrderRequeue(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{InOrder: true})
		r.answers("a/x", requeueAfter(time.Minute))
		r.on(added("a/x", "1"))
		r.after(time.Minute)
		r.expect("Added a/x=1", "Unchanged a/x=1")

		r.answers("a/x", requeueAfter(time.Minute)) // superseded by what comes
		r.on(modified("a/x", "2"))
		r.on(modified("a/x", "3"))
		r.after(time.Hour)
		r.expect("Modified a/x=2", "Modified a/x=3")

		r.answers("a/x", requeueAfter(time.Minute)) // or by what is there
		r.hold("a/x")
		r.on(modified("a/x", "4"))
		r.on(modified("a/x", "5"))
		r.release("a/x")
		r.after(time.Hour)
		r.expect("Modified a/x=4", "Modified a/x=5")
		r.atRest()
	})
}

// A requeue is for the latest state, a retry for its own event.
func TestInOrderWhatDidNotPassIsForTheRequeueAlone(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{InOrder: true})
		r.answers("a/x", retry(), requeueAfter(time.Minute))
		r.hold("a/x")
		r.on(added("a/x", "1"))
		r.on(modified("a/x", "2", filtered))
		r.release("a/x")
		r.after(time.Second)
		r.expect("Added a/x=1", "Added a/x=1 attempt 2")
		r.after(time.Minute)
		r.expect("Unchanged a/x=2")
		r.answers("a/x", requeueAfter(time.Minute))
		r.on(modified("a/x", "3"))
		r.on(modified("a/x", "4", filtered))
		r.after(time.Minute)
		r.expect("Modified a/x=3", "Unchanged a/x=4")
		r.atRest()
	})
}

// Found by the model test.
func TestInOrderTheRequeueOfARetriedTriggerIsForTheLatestState(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{InOrder: true})
		r.answers("a/x", retry(), requeueAfter(time.Second))
		r.hold("a/x")
		r.q.Add(triggered[string](key("a/x"), Cause{}))
		r.on()
		r.on(modified("a/x", "1", filtered)) // while it runs
		r.release("a/x")
		r.on(modified("a/x", "2", filtered)) // while it waits
		r.after(2 * time.Second)
		r.expect("Unchanged a/x= bare", "Unchanged a/x=2 attempt 2", "Unchanged a/x=2")
	})
}

func TestInOrderTriggersAreMerged(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{InOrder: true})
		r.hold("a/x")
		r.on(added("a/x", "1"))
		r.q.Add(triggered[string](key("a/x"), Cause{Via: ViaOwned}))
		r.q.Add(triggered[string](key("a/x"), Cause{Via: ViaUsed}))
		r.on(modified("a/x", "2"))
		r.q.Add(triggered[string](key("a/x"), Cause{Via: ViaOwned}))
		r.release("a/x")
		r.expect("Added a/x=1", "Unchanged a/x= bare merged 1", "Modified a/x=2", "Unchanged a/x= bare")
		r.atRest()
	})
}

// Also a change of generation behind it makes a retry due at once, but once only.
func TestInOrderAChangeOfGenerationIsDueAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{InOrder: true})
		r.answers("a/x", retry(), retry())
		r.on(added("a/x", "1", generation(1)))
		r.on(modified("a/x", "2", generation(2)))
		r.expect("Added a/x=1", "Added a/x=1")
		r.on(modified("a/x", "3", generation(2)))
		r.after(time.Second - 1)
		r.expect()
		r.after(1)
		r.expect("Added a/x=1 attempt 2", "Modified a/x=2", "Modified a/x=3")
	})
}

func TestInOrderInitialObjectsWithLiveEventsMoveUp(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{InOrder: true, Concurrency: 1})
		r.hold("z")
		r.on(added("z", ""))
		for i := range 3 {
			r.on(added(fmt.Sprintf("a/%d", i), "", initial))
		}
		r.on(modified("a/2", ""))
		r.release("z")
		r.order("z", "a/2", "a/2", "a/0", "a/1")
	})
}
