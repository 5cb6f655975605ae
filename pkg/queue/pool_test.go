package queue

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestAPoolStartsInOrder(t *testing.T) {
	for _, n := range []int{1, 3} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				r := newPoolRig(t, Options{Concurrency: n})
				var want []string
				r.hold("a/hold")
				for range n {
					r.on(added("a/hold", ""))
					want = append(want, "Added a/hold=")
				}
				for i := range 30 {
					k := fmt.Sprintf("%d/x", i%4)
					r.on(added(k, fmt.Sprint(i), initial), modified(k, fmt.Sprint(i)))
				}
				r.stats(Stats{Waiting: 60, Running: n})
				for i := range 30 {
					want = append(want, fmt.Sprintf("Added %d/x=%d initial", i%4, i), fmt.Sprintf("Modified %d/x=%d", i%4, i))
				}
				r.release("a/hold")
				if n > 1 { // which of two that started is first to write it down is open
					slices.Sort(want)
					r.sorted()
				}
				r.expect(want...)
				r.atRest()
			})
		})
	}
}

func TestAPoolRunsCallsOfOneObjectAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newPoolRig(t, Options{Concurrency: 3})
		r.hold("a/x")
		for i := range 5 {
			r.on(modified("a/x", fmt.Sprint(i)))
		}
		r.expect("Modified a/x=0", "Modified a/x=1", "Modified a/x=2")
		r.stats(Stats{Waiting: 2, Running: 3})
		r.release("a/x")
		if r.most != 3 {
			t.Errorf("%d at once, want 3", r.most)
		}
		r.atRest()
	})
}

func TestAPoolRetriesOutOfOrder(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newPoolRig(t, Options{Concurrency: 1})
		r.answers("a/x", retry(), retryAfter(time.Minute))
		r.on(added("a/x", "1", initial, generation(1)), modified("a/x", "2", generation(1)))
		r.on(modified("a/x", "3", generation(1)))
		r.expect("Added a/x=1 initial", "Modified a/x=2", "Modified a/x=3")
		r.stats(Stats{Retrying: 2})
		r.after(time.Second)
		r.expect("Added a/x=1 initial attempt 2")
		if c := r.last().Causes; len(c) != 2 || c[1] != (Cause{Type: Added, Via: ViaRetry, Name: "a/x"}) {
			t.Errorf("causes %+v", c)
		}
		r.after(time.Minute)
		r.expect("Modified a/x=2 attempt 2")
		if w := r.seen.waits[4]; w != 0 {
			t.Errorf("waited %s, want nothing since it was due", w)
		}
		r.atRest()
	})
}

func TestAPoolGivesUp(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newPoolRig(t, Options{MaxAttempts: 2})
		r.answers("a/x", retry(), retry(), permanent())
		r.on(added("a/x", "1"))
		r.after(time.Hour)
		r.on(modified("a/x", "2"))
		r.expect("Added a/x=1", "Added a/x=1 attempt 2", "Added a/x=2")
		if g := r.seen.gaveUp; len(g) != 2 || g[0].Attempt != 2 || g[1].Outcome != Permanent || len(r.seen.finished) != 3 {
			t.Errorf("gave up %+v", g)
		}
		r.atRest()
	})
}

func TestAPoolRequeues(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newPoolRig(t, Options{MaxAttempts: 2})
		r.answers("a/x", retry(), requeueAfter(time.Minute), Result{}, requeueAfter(0))
		r.answers("a/y", requeueAfter(time.Second))
		r.on(added("a/x", "1", initial), deleted("a/y", "1"))
		r.after(time.Second)
		r.stats(Stats{Requeued: 1})
		r.sorted()
		r.expect("Added a/x=1 initial", "Added a/x=1 initial attempt 2", "Deleted a/y=1", "Deleted a/y=1")
		r.on(modified("a/x", "2")) // a call of its own
		r.after(time.Minute)
		r.stats(Stats{Retrying: 0})
		r.expect("Modified a/x=2", "Unchanged a/x=1", "Unchanged a/x=1")
		if c := r.last().Causes; len(c) != 1 || c[0].Via != ViaRequeue {
			t.Errorf("causes %+v", c)
		}
	})
}

func TestAPoolDropsTheWorkOfWhatIsGone(t *testing.T) {
	for _, out := range []Event[string]{deleted("a/x", "9", filtered), hasLeft("a/x", "9", filtered)} {
		t.Run(string(out.Type), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				r := newPoolRig(t, Options{Concurrency: 1})
				r.on(out, modified("a/x", "0", filtered)) // unknown: nothing
				r.answers("a/x", retry(), requeueAfter(time.Minute), retry())
				r.on(added("a/x", "1"), modified("a/x", "2"))
				r.hold("a/x")
				r.on(modified("a/x", "3"), modified("a/x", "4"), modified("a/x#2", "5"))
				r.stats(Stats{Waiting: 2, Running: 1, Retrying: 1, Requeued: 1})
				r.on(out)
				r.stats(Stats{Waiting: 1, Running: 1})
				r.on(added("a/x", "6"))
				r.release("a/x")
				r.after(time.Hour)
				r.expect("Added a/x=1", "Modified a/x=2", "Modified a/x=3", "Modified a/x=5", "Added a/x=6")
				if got := r.seen.dropped[DropGone]; got != 4 {
					t.Errorf("dropped %d, want 4", got)
				}
				r.atRest()
			})
		})
	}
}

// A Deleted of what was taken as Left does not take that back.
func TestAPoolKeepsALeftThatPassed(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newPoolRig(t, Options{})
		r.answers("a/x", retry())
		r.on(hasLeft("a/x", "1"))
		r.on(deleted("a/x", "2", filtered))
		r.after(time.Second)
		r.expect("Left a/x=1", "Left a/x=1 attempt 2")
	})
}

func TestAPoolRetriesAtOnceAfterAChangeOfGeneration(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newPoolRig(t, Options{Concurrency: 1})
		r.answers("a/x", retry(), Result{}, retry())
		r.on(added("a/x", "1", generation(1)))
		r.on(modified("a/x", "2", generation(2)))
		r.expect("Added a/x=1", "Added a/x=1", "Modified a/x=2")
		r.answers("a/x", retry())
		r.hold("a/x")
		r.stats(Stats{Retrying: 1})
		r.on(modified("a/x", "3", generation(3), filtered)) // while one waits
		r.expect()                                          // there was one within the minimum backoff
		r.after(time.Second)
		r.on(modified("a/x", "4", generation(4), filtered)) // while it runs
		r.release("a/x")
		r.expect("Modified a/x=2")
		r.after(time.Second)
		r.expect("Modified a/x=2")
		r.atRest()
	})
}

func TestAPanicInAPoolIsAFailure(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newPoolRig(t, Options{Concurrency: 1})
		r.answers("a/x", Result{Err: &PanicError{Message: "oh"}})
		r.on(added("a/x", "1"))
		r.after(time.Second)
		r.expect("Added a/x=1", "Added a/x=1 attempt 2")
	})
}
