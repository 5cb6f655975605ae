package queue

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestStrategiesSerialise(t *testing.T) {
	tests := []struct {
		strategy Strategy
		want     []string // that run while all are held
	}{
		{PerObject, []string{"Added a/x=1", "Added a/y=1", "Added b/x=1", "Added c="}},
		{PerNamespace, []string{"Added a/x=1", "Added b/x=1", "Added c="}},
		{PerKind, []string{"Added a/x=1"}},
		{Global, []string{"Added a/x=1"}},
	}
	for _, tt := range tests {
		t.Run(tt.strategy.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				r := newRig(t, Options{Strategy: tt.strategy})
				r.hold("a/x", "a/y", "b/x", "c")
				for _, k := range []string{"a/x", "a/x", "a/y", "b/x", "c"} {
					v := "1"
					if k == "c" {
						v = ""
					}
					r.on(added(k, v))
				}
				r.sorted()
				r.expect(tt.want...)
				r.release("a/x", "a/y", "b/x", "c")
				if r.count() != 5 {
					t.Errorf("%d calls, want 5", r.count())
				}
				r.atRest()
			})
		})
	}
}

func TestConcurrencyBoundsWhatRuns(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{Concurrency: 3})
		var keys []string
		for i := range 20 {
			keys = append(keys, fmt.Sprintf("a/%d", i))
		}
		r.hold(keys...)
		for _, k := range keys {
			r.add(added(k, ""))
		}
		r.stats(Stats{Waiting: 17, Running: 3})
		r.release(keys...)
		if r.count() != 20 || r.most != 3 {
			t.Errorf("%d calls, at most %d at once; want 20 and 3", r.count(), r.most)
		}
		r.atRest()
	})
}

// A handler that hangs holds its object, its lane and one slot, nothing else.
func TestAHangingCallHoldsItsObjectAlone(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{Concurrency: 2, Strategy: PerNamespace})
		r.hold("a/x")
		r.on(added("a/x", ""))
		for i := range 10 {
			r.on(added("a/y", ""), added(fmt.Sprintf("b/%d", i), ""), modified("a/x", ""))
		}
		if r.count() != 11 {
			t.Errorf("%d calls, want a/x and ten of b", r.count())
		}
		r.after(time.Hour)
		if got := r.q.Running(); len(got) != 1 || got[0].Key != key("a/x") || time.Since(got[0].Started) != time.Hour || got[0].Type != Added || got[0].UID != "1" {
			t.Errorf("running: %+v, want a/x for an hour", got)
		}
		r.stats(Stats{Waiting: 2, Running: 1})
		r.release("a/x")
		r.atRest()
	})
}

// What waits for a retry holds neither lane nor slot.
func TestARetryThatWaitsHoldsNothing(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{Concurrency: 1, Strategy: Global})
		r.answers("a/x", retry())
		r.on(added("a/x", "1"))
		r.on(added("a/y", "1"))
		r.expect("Added a/x=1", "Added a/y=1")
		r.stats(Stats{Retrying: 1})
		r.after(time.Second)
		r.expect("Added a/x=1 attempt 2")
	})
}

func TestLiveGoesBeforeTheInitialBacklog(t *testing.T) {
	for _, s := range []Strategy{PerObject, PerNamespace, Global} {
		t.Run(s.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				r := newRig(t, Options{Concurrency: 1, Strategy: s})
				r.hold("z/z")
				r.on(added("z/z", ""))
				r.on(
					added("a/1", "", initial), added("a/2", "", initial), added("a/3", "", initial),
					added("b/live", ""),
					modified("a/3", ""), // moves up
					added("b/backlog", "", initial),
				)
				r.release("z/z")
				want := []string{"z/z", "b/live", "a/3", "a/1", "b/backlog", "a/2"}
				if s == PerNamespace {
					// A namespace comes back when its call is done: behind b.
					want = []string{"z/z", "b/live", "a/3", "b/backlog", "a/1", "a/2"}
				}
				r.order(want...)
				r.atRest()
			})
		})
	}
}

// A lane goes back to the backlog when its live work is dropped (found by the
// model test).
func TestADroppedLiveEventTakesItsLaneDown(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{Concurrency: 1, Strategy: PerNamespace})
		r.hold("z/z")
		r.on(added("z/z", ""))
		r.on(added("a/x", ""), added("a/y", "", initial), added("b/x", ""))
		r.on(deleted("a/x", "", filtered))
		r.release("z/z")
		r.order("z/z", "b/x", "a/y")
	})
}

// Nor does a lane's backlog start in place of live work that is locked, before
// that of other lanes (found by the model test).
func TestALockedLiveObjectDoesNotLetItsLanesBacklogGoFirst(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		locks := NewLocks()
		other := newRig(t, Options{Locks: locks})
		other.hold("b/z")
		other.on(added("b/z", ""))
		r := newRig(t, Options{Concurrency: 1, Strategy: PerNamespace, Locks: locks})
		r.hold("c/c")
		r.on(added("c/c", ""))
		r.on(added("b/x", "", initial), added("b/z", ""), added("a/x", ""))
		r.release("c/c")
		r.order("c/c", "a/x", "b/x")
		other.release("b/z")
		r.order("c/c", "a/x", "b/x", "b/z")
		r.atRest()
	})
}

func TestNamespacesTakeTurns(t *testing.T) {
	for _, s := range []Strategy{PerObject, Global} {
		t.Run(s.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				r := newRig(t, Options{Concurrency: 1, Strategy: s})
				r.hold("z/z")
				r.on(added("z/z", ""))
				for i := range 4 {
					r.on(added(fmt.Sprintf("a/%d", i), ""))
				}
				r.on(added("b/0", ""), added("b/1", ""), added("c/0", ""))
				r.release("z/z")
				r.order("z/z", "a/0", "b/0", "c/0", "a/1", "b/1", "a/2", "a/3")
			})
		})
	}
}

// order compares the keys of all calls.
func (r *rig) order(want ...string) {
	r.t.Helper()
	var got []string
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.calls {
		got = append(got, c.Key.String())
	}
	if !slices.Equal(got, want) {
		r.t.Errorf("order:\n\t%s\nwant:\n\t%s", strings.Join(got, " "), strings.Join(want, " "))
	}
}

// Two queues of one capability never call for one object at once.
func TestLocksKeepQueuesApart(t *testing.T) {
	for _, s := range []Strategy{PerObject, Global} {
		t.Run(s.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				locks := NewLocks()
				a := newRig(t, Options{Locks: locks, LockScope: "pods", Strategy: s, Concurrency: 1})
				b := newRig(t, Options{Locks: locks, LockScope: "pods", Strategy: s, Concurrency: 1})
				c := newRig(t, Options{Locks: locks, LockScope: "nodes", Strategy: s})
				a.hold("a/x")
				a.on(added("a/x", "1"))
				b.on(added("a/x", "1"))
				b.stats(Stats{Waiting: 1})
				b.on(added("a/y", "1")) // neither the lane nor the slot is held
				c.on(added("a/x", "1"))
				b.expect("Added a/y=1")
				c.expect("Added a/x=1")
				b.on(modified("a/x", "2"))
				a.on(modified("a/x", "2"))
				a.release("a/x")
				a.expect("Added a/x=1", "Modified a/x=2")
				b.expect("Added a/x=2 merged 1")
				a.atRest()
				b.atRest()
			})
		})
	}
}

func TestWhatIsDroppedWhileItsObjectIsLockedNeedsNoLock(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		locks := NewLocks()
		a := newRig(t, Options{Locks: locks})
		b := newRig(t, Options{Locks: locks})
		c := newRig(t, Options{Locks: locks})
		a.hold("a/x")
		a.on(added("a/x", "1"))
		for range 3 {
			b.on(added("a/x", "1"))
			b.on(deleted("a/x", "1", filtered))
		}
		c.on(added("a/x", "1"))
		if n := len(locks.held.M[lockID{key: key("a/x")}].waiters); n != 2 {
			t.Errorf("%d wait for the lock, want each queue once", n)
		}
		b.stats(Stats{})
		a.release("a/x")
		b.expect()
		c.expect("Added a/x=1")
		b.atRest()
	})
}

func TestAPanicLetsTheObjectGo(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		locks := NewLocks()
		a := newRig(t, Options{Locks: locks, Concurrency: 1})
		b := newRig(t, Options{Locks: locks})
		a.answers("a/x", Result{Err: &PanicError{Message: "oh"}})
		a.on(added("a/x", "1"))
		a.on(added("a/y", "1"))
		b.on(added("a/x", "1"))
		a.expect("Added a/x=1", "Added a/y=1")
		b.expect("Added a/x=1")
		a.stats(Stats{Retrying: 1})
	})
}
