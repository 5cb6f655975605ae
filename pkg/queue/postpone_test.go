package queue

import (
	"testing"
	"time"
)

func postpone(d time.Duration) Result { return Result{Outcome: Postpone, After: d, Err: errTest} }

func TestPostponeIsNoAttempt(t *testing.T) {
	for name, newRig := range map[string]func(*testing.T, Options) *rig{"queue": newRig, "pool": newPoolRig} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				r := newRig(t, Options{MaxAttempts: 1})
				r.answers("a/x", postpone(time.Second), postpone(time.Minute))
				r.on(deleted("a/x", "1"))
				r.stats(Stats{Retrying: 1})
				r.after(time.Second)
				r.after(time.Minute - 1)
				if r.count() != 2 {
					t.Fatalf("%d calls before the second delay is over", r.count())
				}
				r.after(1)
				r.expect("Deleted a/x=1", "Deleted a/x=1", "Deleted a/x=1")
				r.atRest()
			})
		})
	}
}

func TestWhatComesMeanwhileIsMergedIntoAPostponedCall(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{})
		r.answers("a/x", postpone(time.Minute))
		r.on(added("a/x", "1"))
		r.on(modified("a/x", "2"))
		r.after(time.Minute)
		r.expect("Added a/x=1", "Added a/x=2 merged 1")
	})
}
