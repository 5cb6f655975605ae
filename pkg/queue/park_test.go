package queue

import (
	"errors"
	"testing"
	"time"
)

func TestAPermanentFailureParksUntilTheObjectChanges(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{})
		r.answers("a/x", retry(), permanent(), permanent())
		r.on(added("a/x", "1", initial, generation(1)))
		r.after(time.Hour)
		r.expect("Added a/x=1 initial", "Added a/x=1 initial attempt 2")
		r.stats(Stats{Parked: 1})
		got := r.q.Parked()
		if len(got) != 1 || got[0].Key != key("a/x") || got[0].UID != "1" || got[0].Type != Added || got[0].Attempt != 2 ||
			!errors.Is(got[0].Err, errTest) || time.Since(got[0].Since) != time.Hour-time.Second {
			t.Errorf("parked: %+v", got)
		}
		if it := r.q.objects.M[key("a/x")].first; it.payload != "" || it.reasons() != nil {
			t.Error("a parked object keeps its payload or causes")
		}
		if f := r.seen.finished[1]; !f.Parked || f.Again || len(r.seen.gaveUp) != 0 || r.seen.parked != 1 {
			t.Errorf("finished %+v, gave up %v, parked %d", f, r.seen.gaveUp, r.seen.parked)
		}
		r.on(modified("a/x", "2", generation(2), filtered)) // nobody is to know
		r.expect()
		r.after(time.Second)
		r.on(modified("a/x", "3", generation(2)))
		r.expect("Added a/x=3 initial") // it was not told: still new to the handler
		if r.seen.waits[2] != 0 || r.seen.parked != 1 {
			t.Errorf("waited %s, parked %d", r.seen.waits[2], r.seen.parked)
		}
		r.q.Add(triggered[string](key("a/x"), Cause{}))
		r.expect("Added a/x= bare initial") // the payload was let go: read it
		r.stats(Stats{})
		r.atRest()
		if r.seen.parked != 0 {
			t.Errorf("the observer knows of %d parked objects, want none", r.seen.parked)
		}
	})
}

func TestAChangeWhileTheCallRunsKeepsItFromBeingParked(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{MaxAttempts: 2})
		r.answers("a/x", permanent(), retry(), retry())
		r.hold("a/x")
		r.on(added("a/x", "1"))
		r.on(modified("a/x", "2"))
		r.one("a/x")
		r.expect("Added a/x=1", "Added a/x=2 merged 1")
		r.one("a/x")
		r.after(time.Second)
		r.expect("Added a/x=2 attempt 2 merged 1")
		r.on(modified("a/x", "3"))
		r.release("a/x")
		r.expect() // its attempts begin again, after the minimum backoff
		r.after(time.Second)
		r.expect("Added a/x=3 merged 2")
		r.atRest()
	})
}

// A handler whose failure writes to the object, and so revives what it parked, does not spin.
func TestAHandlerThatRevivesWhatItParkedBacksOff(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{Backoff: Backoff{Min: 100 * time.Millisecond, Max: time.Minute}})
		r.answers("a/x", repeat(permanent(), 10_000)...)
		r.on(added("a/x", "1", generation(1)))
		seen := 0
		for begun := time.Now(); time.Since(begun) < time.Hour; r.after(10 * time.Millisecond) {
			if n := r.count(); n > seen {
				seen = n
				r.on(modified("a/x", "w", generation(1)))
			}
		}
		if seen > 120 {
			t.Errorf("%d calls in an hour", seen)
		}
	})
}

func TestMaxAttemptsParks(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{MaxAttempts: 3})
		r.answers("a/x", retry(), retryAfter(time.Second), retry(), retry())
		r.on(added("a/x", "1"))
		r.after(time.Hour)
		r.expect("Added a/x=1", "Added a/x=1 attempt 2", "Added a/x=1 attempt 3")
		r.stats(Stats{Parked: 1})
		r.on(modified("a/x", "2"))
		r.after(time.Second)
		r.expect("Added a/x=2", "Added a/x=2 attempt 2")
		r.atRest()
	})
}

func TestADeletedOrLeftThatFailsForGoodIsGivenUp(t *testing.T) {
	for _, e := range []Event[string]{deleted("a/x", "1"), hasLeft("a/x", "1")} {
		for _, res := range []Result{permanent(), retry()} {
			t.Run(string(e.Type)+" "+res.Outcome.String(), func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					r := newRig(t, Options{MaxAttempts: 1})
					r.answers("a/x", res)
					r.on(e)
					if len(r.seen.gaveUp) != 1 || r.seen.gaveUp[0].Type != e.Type || r.seen.parked != 0 {
						t.Errorf("gave up %+v", r.seen.gaveUp)
					}
					r.atRest()
				})
			})
		}
	}
}

func TestAParkedObjectThatIsDeletedIsForgotten(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{})
		r.answers("a/x", permanent())
		r.answers("a/y", permanent())
		r.on(added("a/x", "1"))
		r.on(added("a/y", "1"))
		r.stats(Stats{Parked: 2})
		if got := r.q.Parked(); len(got) != 2 || got[0].Key.Name != "x" || got[1].Key.Name != "y" {
			t.Errorf("parked: %+v", got)
		}
		r.expect("Added a/x=1", "Added a/y=1")
		r.on(deleted("a/x", "2"), deleted("a/y", "2", filtered))
		r.expect("Deleted a/x=2")
		r.atRest()
		if r.seen.parked != 0 || r.seen.dropped[DropGone] != 0 {
			t.Errorf("parked %d, dropped %v", r.seen.parked, r.seen.dropped)
		}
	})
}
