package queue

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// limited is a limit for these tests: a payload weighs the number that it is, and so does what was before; what is
// keyOnly ends with a tilde, and weighs nothing.
func limited(budget int64) Limit[string] {
	return Limit[string]{
		Budget: budget,
		Weight: func(p string, before any) int64 {
			b, _ := before.(string)
			return numberIn(p) + numberIn(b)
		},
		KeyOnly: func(p string) string { return strings.TrimSuffix(p, "~") + "~" },
	}
}

func numberIn(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// calls is the limit for so many calls with a payload that weighs nothing.
func limitedTo(calls int64) Limit[string] { return limited(calls * CallOverhead) }

func (r *rig) bytes(want int64) {
	r.t.Helper()
	var got int64
	if r.q != nil {
		got = r.q.Stats().Bytes
	} else {
		got = r.p.Stats().Bytes
	}
	if got != want {
		r.t.Errorf("%d bytes held, want %d", got, want)
	}
}

func TestLimitBoundsWhatWaits(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{Concurrency: 1})
		r.q.Limit(limited(10))
		r.answers("fails", retry())
		r.hold("fails")
		r.on(added("fails", "4"))
		r.on(added("a", "4"), added("b", "4")) // the last that comes below the budget reaches beyond it
		r.bytes(12)
		r.on(added("c", "2"), modified("a", "3")) // what is replaced makes room
		r.bytes(11)
		r.on(modified("b", "9")) // 7 without it
		r.bytes(16)
		r.on(modified("b", "1"))
		r.bytes(8)
		r.on(added("d", "4"), modified("c", "2"))
		r.bytes(12)
		r.release("fails")
		r.after(time.Hour)
		r.sorted()
		r.expect("Added a=3 merged 1", "Added b=1 merged 2", "Added c=2~ merged 1", "Added d=4", "Added fails=4", "Added fails=4 attempt 2")
		r.atRest()
	})
}

// How an object was before its first event counts, is kept where there is no room, and is not made room for.
func TestLimitWeighsWhatWasBefore(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{Concurrency: 1})
		r.q.Limit(limited(10))
		r.hold("z")
		r.on(added("z", "0"))
		r.on(modified("a/x", "3", before("4")))
		r.bytes(7)
		r.on(modified("a/x", "2", before("3"))) // of what merges the first
		r.bytes(6)
		r.on(modified("b/x", "1", before("4"))) // reaches beyond
		r.bytes(11)
		r.on(modified("c/x", "5", before("6")))
		r.bytes(17)
		r.on(modified("a/x", "9", before("2"))) // what it takes the place of does not make room enough
		r.bytes(15)
		if r.q.Room() == nil {
			t.Error("there is room")
		}
		r.answers("c/x", permanent())
		r.release("z")
		r.expect("Added z=0", "Modified a/x=9~ before=4 merged 2", "Modified b/x=1 before=4", "Modified c/x=5~ before=6")
		r.bytes(6) // parked, it will be compared with the same
		r.on(deleted("c/x", "", filtered))
		r.atRest()
	})
}

// In order, and in a pool, each call has its own, as long as there is room.
func TestLimitWeighsWhatWasBeforeEachCall(t *testing.T) {
	for name, rigOf := range map[string]func(*testing.T) *rig{
		"in order": func(t *testing.T) *rig { return newRig(t, Options{InOrder: true, Concurrency: 1}) },
		"pool":     func(t *testing.T) *rig { return newPoolRig(t, Options{Concurrency: 1}) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				r := rigOf(t)
				if r.q != nil {
					r.q.Limit(limitedTo(3))
				} else {
					r.p.Limit(limitedTo(3))
				}
				r.hold("a/x")
				r.on(modified("a/x", "1", before("600")))
				r.bytes(CallOverhead + 601)
				r.on(modified("a/x", "2", before("500")))
				r.bytes(2*CallOverhead + 1103)
				r.on(modified("a/x", "3", before("400")))
				r.bytes(CallOverhead + 601 + 500)
				r.release("a/x")
				r.expect("Modified a/x=1 before=600", "Modified a/x=3~ before=500 merged 1")
				r.atRest()
			})
		})
	}
}

func TestLimitLetsGoOfWhatIsDropped(t *testing.T) {
	q := New(Options{}, func(context.Context, Call[string]) Result { return Result{} })
	q.Limit(limited(100))
	for i := range 50 {
		q.Add(added(strconv.Itoa(i), "3"))
	}
	if b := q.Stats().Bytes; b != 102 {
		t.Errorf("%d held, want what fits into 100 and the one that reaches beyond", b)
	}
	for i := range 50 {
		q.Add(deleted(strconv.Itoa(i), "", filtered))
	}
	if b := q.Stats().Bytes; b != 0 {
		t.Errorf("%d held, and nothing waits", b)
	}
}

// While a call runs that reads a newer state, what comes is read again as well: it must not tell an older one.
func TestLimitWhatComesBehindSlimIsSlim(t *testing.T) {
	for name, o := range map[string]Options{"merging": {}, "in order": {InOrder: true}} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				r := newRig(t, o)
				r.q.Limit(limited(1))
				r.hold("full", "a/x")
				r.on(added("full", "1"), added("a/x", "1"))
				r.release("full")
				r.on(modified("a/x", "2"))
				r.release("a/x")
				r.on(modified("a/x", "3"))
				r.expect("Added full=1", "Added a/x=1~", "Modified a/x=2~", "Modified a/x=3")
				r.atRest()
			})
		})
	}
}

func TestLimitInOrderMergesWhatDoesNotFit(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{InOrder: true})
		r.q.Limit(limitedTo(3))
		r.hold("a/x")
		r.on(added("a/x", "0"))
		r.on(modified("a/x", "0"), modified("a/x", "0")) // there is room
		r.on(modified("a/x", "3"), hasLeft("a/x", "4"))  // in place of the last
		r.on(added("b/y", "5"))                          // starts at once, without its payload
		r.hold("b/z")
		r.on(added("b/z", "6"))
		r.on(modified("b/z", "7"), modified("b/z", "8"), deleted("b/z", "9"), added("b/z#2", "10"), modified("b/z#2", "11"))
		r.bytes(3*CallOverhead + 4)
		r.expect("Added a/x=0", "Added b/y=5~", "Added b/z=6~")
		r.release("a/x", "b/z")
		r.sorted()
		r.expect("Added b/z=11~ merged 1", "Deleted b/z=9~ merged 2", "Left a/x=4 merged 2", "Modified a/x=0")
		if r.seen.merged != 5 {
			t.Errorf("%d merged, want 5", r.seen.merged)
		}
		r.on(added("a/x", "1"), modified("a/x", "2"))
		r.expect("Added a/x=1", "Modified a/x=2")
		r.atRest()
	})
}

func TestLimitInOrderFailures(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{InOrder: true})
		r.q.Limit(limitedTo(1))
		r.answers("a/x", retry(), requeueAfter(time.Minute))
		r.on(added("a/x", "1"))
		r.on(modified("a/x", "2"), modified("a/x", "3"), modified("a/x", "4")) // part of what waits to be tried again
		r.stats(Stats{Retrying: 1, Bytes: CallOverhead + 4})
		r.after(time.Second)
		r.expect("Added a/x=1", "Added a/x=4 attempt 2 merged 3")
		r.on(modified("a/x", "5")) // takes the place of the requeue
		r.expect("Modified a/x=5")
		r.atRest()
	})
}

// A requeue is for the latest state, also when it was what merged that told it.
func TestLimitInOrderRequeueOfWhatMerged(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{InOrder: true})
		r.q.Limit(limitedTo(1))
		r.answers("a/x", retry(), requeueAfter(time.Minute))
		r.hold("a/x")
		r.on(added("a/x", "1"))
		r.on(modified("a/x", "2", filtered))
		r.one("a/x")
		r.on(modified("a/x", "3"))
		r.after(time.Second)
		r.release("a/x")
		r.after(time.Minute)
		r.expect("Added a/x=1", "Added a/x=3 attempt 2 merged 1", "Unchanged a/x=3")
		r.atRest()
	})
}

func TestLimitPoolMergesWhatDoesNotFit(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newPoolRig(t, Options{Concurrency: 1})
		r.p.Limit(limitedTo(3))
		r.hold("a/x")
		r.on(added("a/x", "0"))
		r.on(modified("a/x", "0"), added("b/y", "0"))
		r.on(modified("a/x", "1"), modified("b/y", "2"), added("b/z", "3"), modified("b/z", "4"), deleted("b/z", "5"), added("b/z#2", "6"))
		r.stats(Stats{Running: 1, Waiting: 4, Bytes: 3*CallOverhead + 3})
		r.release("a/x")
		r.expect("Added a/x=0", "Modified a/x=1 merged 1", "Added b/y=2 merged 1", "Deleted b/z=5~ merged 2", "Added b/z=6~")
		if n := r.seen.finished[3]; n.Merged != 2 || r.seen.merged != 4 {
			t.Errorf("told of %d merged, %d in all, want 2 and 4", n.Merged, r.seen.merged)
		}
		r.on(added("a/x", "1"), modified("a/x", "2"))
		r.expect("Added a/x=1", "Modified a/x=2")
		r.atRest()
	})
}

// However often the callback fails or asks to be called again, what waits does not grow with the events.
func TestLimitPoolFailures(t *testing.T) {
	for name, res := range map[string]Result{"retry": retryAfter(time.Minute), "requeue": requeueAfter(time.Minute)} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				r := newPoolRig(t, Options{})
				r.p.Limit(limitedTo(4))
				for i := range 100 {
					r.answers("a/x", res)
					r.on(modified("a/x", strconv.Itoa(i)))
					r.after(time.Millisecond)
				}
				s := r.p.Stats()
				if s.Retrying+s.Requeued > 5 || s.Bytes > 5*CallOverhead+500 {
					t.Errorf("%+v, want what there is room for", s)
				}
				r.mu.Lock()
				delete(r.answer, key("a/x"))
				r.mu.Unlock()
				r.after(time.Hour)
				if c := r.last(); c.Payload != "99" {
					t.Errorf("the last call has %q, want 99", c.Payload)
				}
				r.atRest()
			})
		})
	}
}

func TestLimitPoolPutsNoOlderStateBehindANewer(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newPoolRig(t, Options{Concurrency: 1})
		r.p.Limit(limitedTo(2))
		r.hold("z", "a/x")
		r.on(added("z", "0"), added("w", "0"), added("a/x", "1"))
		r.on(deleted("w", "", filtered)) // now there is room
		r.on(modified("a/x", "2"))       // part of what waits, which would have been read
		r.stats(Stats{Running: 1, Waiting: 1, Bytes: 2*CallOverhead + 2})
		r.on(modified("a/x", "3"), added("b/y", "1"))
		r.release("z")
		r.one("a/x")
		r.expect("Added z=0", "Added a/x=3 merged 2", "Added b/y=1~")

		r.hold("b/y")
		r.on(added("v", "1024"), added("b/y", "2")) // reads, when it starts
		r.after(0)
		r.on(modified("b/y", "3"))
		r.release("b/y", "a/x")
		r.expect("Added v=1024", "Added b/y=2~", "Modified b/y=3~")
		r.atRest()
	})
}

func TestRoom(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newPoolRig(t, Options{Concurrency: 1})
		var full atomic.Int32
		l := limitedTo(8)
		l.Full = &full
		r.p.Limit(l)
		if r.p.Room() != nil {
			t.Error("an empty pool has no room")
		}
		r.hold("a/x")
		for range 8 {
			r.on(added("a/x", "0"))
		}
		room := r.p.Room()
		if full.Load() != 1 {
			t.Error("a full pool is not counted")
		}
		if room == nil || r.p.Room() != room {
			t.Fatal("a full pool has room, or tells everybody something else")
		}
		if !r.p.Roomy().IsZero() {
			t.Error("there was room again, says a pool that is full for the first time")
		}
		time.Sleep(time.Second)
		for i := range 2 {
			if isClosed(room) {
				t.Fatalf("there is room with %d of 8 done", i)
			}
			r.one("a/x")
		}
		if !isClosed(room) || r.p.Room() != nil || full.Load() != 0 {
			t.Error("there is no room with 2 of 8 done")
		}
		roomy := time.Now()
		time.Sleep(time.Second)
		if got := r.p.Roomy(); !got.Equal(roomy) {
			t.Errorf("there was room again at %s, want %s", got, roomy)
		}
		for range 2 {
			r.on(added("a/x", "0"))
		}
		room = r.p.Room()
		if room == nil || isClosed(room) {
			t.Fatal("a pool that is full again has room")
		}
		if got := r.p.Roomy(); !got.Equal(roomy) {
			t.Errorf("there was room again at %s, says a pool that is full, want %s", got, roomy)
		}
		r.p.Shutdown()
		if !isClosed(room) || r.p.Room() != nil || full.Load() != 0 {
			t.Error("somebody waits for room in a pool that is closed")
		}
	})
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
