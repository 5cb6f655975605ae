package queue

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// waiting gives a rig whose object a/x has failed so often that it waits for eight seconds, of which d are over.
func waiting(t *testing.T, newRig func(*testing.T, Options) *rig, o Options, first Event[string], d time.Duration) *rig {
	t.Helper()
	r := newRig(t, o)
	r.answers("a/x", retry(), retry(), retry(), retry())
	r.on(first)
	r.after(7 * time.Second)
	if r.count() != 4 {
		t.Fatalf("%d calls, want 4", r.count())
	}
	r.after(d)
	r.expect(describe(r.calls[0]), describe(r.calls[1]), describe(r.calls[2]), describe(r.calls[3]))
	return r
}

// engines are what retries.
var engines = map[string]struct {
	make func(*testing.T, Options) *rig
	Options
}{
	"merging": {newRig, Options{}}, "in order": {newRig, Options{InOrder: true}}, "pool": {newPoolRig, Options{}},
}

func TestAChangeWithoutGenerationEndsABackoff(t *testing.T) {
	for name, e := range engines {
		for _, passes := range []bool{true, false} {
			t.Run(fmt.Sprint(name, " passes ", passes), func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					r := waiting(t, e.make, e.Options, added("a/x", "1"), 3*time.Second)
					change := modified("a/x", "2")
					change.Passed = passes
					r.on(change)
					if got := r.calls[4]; got.Attempt != 5 {
						t.Errorf("the call is attempt %d, want 5: growth goes on", got.Attempt)
					}
				})
			})
		}
	}
}

func TestATriggerEndsABackoff(t *testing.T) {
	for _, inOrder := range []bool{false, true} {
		inBubble(t, func(t *testing.T) {
			r := waiting(t, newRig, Options{InOrder: inOrder}, added("a/x", "1", generation(1)), 3*time.Second)
			r.q.Add(triggered[string](key("a/x"), Cause{Via: ViaUsed}))
			synctest.Wait()
			if r.count() < 5 || r.calls[4].Attempt != 5 || r.calls[4].Type != Added {
				t.Errorf("in order %v: %d calls", inOrder, r.count())
			}
		})
	}
}

// It does so no sooner than the minimum backoff after the failure, also for what came while the call ran.
func TestABackoffHasItsMinimum(t *testing.T) {
	for name, e := range engines {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				r := e.make(t, e.Options)
				r.answers("a/x", retryAfter(time.Hour), retryAfter(time.Hour))
				r.on(added("a/x", "1"))
				r.after(time.Millisecond)
				r.hold("a/x")
				r.on(modified("a/x", "2", filtered))
				r.after(time.Second - time.Millisecond - 1)
				if r.count() != 1 {
					t.Fatal("the retry came before the minimum")
				}
				r.after(1)
				if r.count() != 2 {
					t.Fatal("the change does not end the wait of RetryAfter")
				}
				r.on(modified("a/x", "3", filtered)) // while it runs
				r.release("a/x")
				r.after(time.Second - 1)
				if r.count() != 2 {
					t.Fatal("the retry came before the minimum")
				}
				r.after(1)
				if r.count() != 3 || r.calls[2].Attempt != 3 {
					t.Fatalf("%d calls", r.count())
				}
				r.atRest()
			})
		})
	}
}

// A change of a label or of the status is delivered with the retry, and does not end the backoff.
func TestTheSameGenerationWaits(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := waiting(t, newRig, Options{}, added("a/x", "1", generation(1)), time.Second)
		r.on(modified("a/x", "2", generation(1)))
		r.after(7*time.Second - 1)
		r.expect()
		r.after(1)
		r.expect("Added a/x=2 attempt 5 merged 1")
	})
}

// The first event of an object that a trigger had called for says of which generation it is: it may be a new one.
func TestAnUnknownGenerationIsNew(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{})
		r.answers("a/x", retryAfter(time.Hour), retryAfter(time.Hour))
		r.q.Add(triggered[string](key("a/x"), Cause{}))
		r.after(time.Minute)
		r.on(modified("a/x", "1", generation(5)))
		r.expect("Unchanged a/x= bare", "Modified a/x=1 merged 1")
		r.after(time.Minute)
		r.on(modified("a/x", "2", generation(5)))
		r.expect()
	})
}

func TestANewGenerationEndsTheWaitOfARequeue(t *testing.T) {
	for name, e := range engines {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				r := e.make(t, e.Options)
				r.answers("a/x", requeueAfter(time.Hour), requeueAfter(time.Hour))
				r.on(added("a/x", "1", generation(1)))
				r.on(modified("a/x", "2", generation(1), filtered))
				r.expect("Added a/x=1")
				r.after(time.Minute)
				r.hold("a/x")
				r.on(modified("a/x", "3", generation(2), filtered))
				if r.count() != 2 || r.last().Type != Unchanged {
					t.Fatalf("%d calls after the generation changed", r.count())
				}
				r.after(time.Minute)
				r.on(modified("a/x", "4", generation(3), filtered)) // while it runs
				r.release("a/x")
				if r.count() != 3 {
					t.Fatalf("%d calls after it changed while the call ran", r.count())
				}
				r.atRest()
			})
		})
	}
}

// An outage of a minute, in which the spec changes each 10 ms, uses up no attempts: the last state gets all that it may have.
func TestChangesDoNotUseUpAttempts(t *testing.T) {
	counts := map[string]func(n int64) int64{"with generations": func(n int64) int64 { return n }, "without": func(int64) int64 { return 0 }}
	for name, e := range engines {
		for kind, count := range counts {
			t.Run(name+" "+kind, func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					o := e.Options
					o.MaxAttempts, o.Concurrency = 3, 1000
					r := e.make(t, o)
					r.answers("a/x", repeat(retry(), 100_000)...)
					r.on(added("a/x", "0", generation(count(1))))
					for n := range int64(6000) {
						r.after(10 * time.Millisecond)
						r.on(modified("a/x", fmt.Sprint(n), generation(count(n+2))))
					}
					if len(r.seen.gaveUp) > 0 || r.seen.parked > 0 {
						t.Fatalf("gave up %d, parked %d during the outage", len(r.seen.gaveUp), r.seen.parked)
					}
					if calls := r.count(); name != "pool" && calls > 65 {
						t.Errorf("%d calls in a minute, want about one a second", calls)
					}
					r.mu.Lock()
					clear(r.answer) // it is over
					r.mu.Unlock()
					r.after(10 * time.Second)
					if c := r.last(); name == "merging" && c.Payload != "5999" {
						t.Errorf("the last call had %q", c.Payload)
					}
					r.atRest()
				})
			})
		}
	}
}

func repeat(res Result, n int) []Result {
	out := make([]Result, n)
	for i := range out {
		out[i] = res
	}
	return out
}

// The last state that came has as many attempts as MaxAttempts says, whatever failed before it came; then it is parked.
func TestTheLastStateHasAllItsAttempts(t *testing.T) {
	for name, last := range map[string]Event[string]{
		"a new generation": modified("a/x", "2", generation(2)), "the same generation": modified("a/x", "2", generation(1)),
		"a trigger": {Key: key("a/x"), Type: Unchanged, Bare: true, Passed: true},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				r := newRig(t, Options{MaxAttempts: 3})
				r.answers("a/x", repeat(retry(), 20)...)
				r.on(added("a/x", "1", generation(1)))
				r.after(time.Second)
				before := r.count()
				r.on(last)
				r.after(time.Hour)
				if n := r.count() - before; n < 3 || n > 2*3 || r.seen.parked != 1 {
					t.Errorf("%d calls after it came, parked %d", n, r.seen.parked)
				}
			})
		})
	}
}

// A Deleted is other work than what failed before, and has attempts of its own.
func TestADeletedHasItsOwnAttempts(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{MaxAttempts: 2})
		r.answers("a/x", retry(), retry())
		r.on(added("a/x", "1", generation(1)))
		r.on(deleted("a/x", "2"))
		r.after(time.Second)
		r.expect("Added a/x=1", "Deleted a/x=2 merged 1", "Deleted a/x=2 attempt 2 merged 1")
		if len(r.seen.gaveUp) != 0 {
			t.Errorf("gave up %v", r.seen.gaveUp)
		}
		r.atRest()
	})
}

// A handler that writes to an object without generations and fails gets an event of its own write after each call. That
// brings its retries forward for some time, not for ever.
func TestAHandlerThatWritesAndFailsBacksOff(t *testing.T) {
	for name, wrote := range map[string]Event[string]{"taken": modified("a/x", "w"), "filtered": modified("a/x", "w", filtered)} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				r := newRig(t, Options{Backoff: Backoff{Min: 100 * time.Millisecond, Max: time.Minute}})
				r.answers("a/x", repeat(retry(), 10_000)...)
				r.on(added("a/x", "1"))
				seen := 0
				for begun := time.Now(); time.Since(begun) < time.Hour; r.after(10 * time.Millisecond) {
					if n := r.count(); n > seen {
						seen = n
						r.on(wrote)
					}
				}
				if seen > 120 {
					t.Errorf("%d calls in an hour", seen)
				}
				r.on(modified("a/x", "other")) // and what comes later does so at once
				if n := r.count(); n != seen+1 {
					t.Errorf("%d calls after a change of another's, want %d", n, seen+1)
				}
			})
		})
	}
}

func TestAConflictIsNoAttempt(t *testing.T) {
	for name, e := range engines {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				o := e.Options
				o.MaxAttempts = 2
				r := e.make(t, o)
				conflict := Result{Outcome: Conflict, Err: errTest}
				r.answers("a/x", conflict, conflict, retry(), Result{Outcome: Conflict, Err: errTest, After: time.Minute})
				r.on(added("a/x", "1"))
				for i, d := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, time.Minute} {
					r.after(d - 1)
					if r.count() != i+1 {
						t.Fatalf("%d calls before delay %d ended", r.count(), i+1)
					}
					r.after(1)
				}
				r.expect("Added a/x=1", "Added a/x=1 attempt 2", "Added a/x=1 attempt 3", "Added a/x=1 attempt 4", "Added a/x=1 attempt 5")
				r.atRest()
			})
		})
	}
}
