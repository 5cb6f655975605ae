package queue

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/ancho-dev/ancho/internal/container"
)

const many = 100_000

// A hundred thousand names come and go, some by failures, requeues and parking:
// nothing is left, and what was large is small again.
func TestNothingIsKeptOfObjectsAtRest(t *testing.T) {
	for s, many := range map[Strategy]int{PerObject: many, PerNamespace: many / 5} {
		t.Run(s.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				locks := NewLocks()
				q := New(Options{Strategy: s, Concurrency: 4, Locks: locks}, func(_ context.Context, c Call[string]) Result {
					if c.Type != Added || c.Attempt > 1 {
						return Result{}
					}
					switch c.Payload {
					case "1":
						return retry()
					case "2":
						return requeueAfter(time.Minute)
					case "3":
						return permanent()
					}
					return Result{}
				})
				r := &rig{t: t, q: q}
				name := func(i int) Key { return Key{Namespace: fmt.Sprint(i % (many / 2)), Name: fmt.Sprint(i)} }
				for i := range many {
					q.Add(Event[string]{Key: name(i), UID: "1", Type: Added, Passed: true, Initial: true, Payload: fmt.Sprint(i % 5)})
				}
				var ended sync.WaitGroup
				ended.Go(func() { q.Run(t.Context()) })
				if err := q.WaitIdle(t.Context()); err != nil {
					t.Fatal(err)
				}
				r.stats(Stats{Retrying: many / 5, Requeued: many / 5, Parked: many / 5})
				time.Sleep(time.Hour)
				r.stats(Stats{Parked: many / 5})
				for i := range many {
					q.Add(Event[string]{Key: name(i), UID: "1", Type: Deleted, Passed: i%2 == 0, Payload: fmt.Sprint(i % 5)})
				}
				if err := q.WaitIdle(t.Context()); err != nil {
					t.Fatal(err)
				}
				r.atRest()
				small(t, q)
				q.Shutdown()
				ended.Wait()
			})
		})
	}
}

// small fails the test if a structure of the queue has room for many.
func small[P any](t *testing.T, q *Queue[P]) {
	t.Helper()
	q.mu.Lock()
	defer q.mu.Unlock()
	for what, n := range map[string]int{
		"objects": q.objects.Peak, "lanes": q.lanes.Peak, "delays": cap(q.delays.Heap), "workqueue": q.peak,
		"live namespaces": q.order.fair.Rings[container.TierLive].ByName.Peak, "backlog namespaces": q.order.fair.Rings[container.TierBacklog].ByName.Peak,
	} {
		if n >= container.LargeTable {
			t.Errorf("%s: room for %d", what, n)
		}
	}
	if q.opts.Locks != nil && q.opts.Locks.held.Peak >= container.LargeTable {
		t.Errorf("locks: room for %d", q.opts.Locks.held.Peak)
	}
}

// The workqueue cannot let go of a lane whose work was dropped; where all slots
// hang nothing would take it out either.
func TestDroppedWorkIsLetGoWhileAllSlotsHang(t *testing.T) {
	for _, s := range []Strategy{PerObject, PerNamespace} {
		t.Run(s.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				r := newRig(t, Options{Concurrency: 2, Strategy: s})
				r.hold("h/1", "i/2")
				r.on(added("h/1", ""), added("i/2", ""))
				r.on(modified("h/1", ""), added("h/3", ""))
				for i := range 10 * container.LargeTable {
					k := fmt.Sprintf("%d/x", i)
					r.add(added(k, ""))
					r.add(deleted(k, "", filtered))
				}
				if n := len(r.q.objects.M); n != 3 {
					t.Errorf("%d objects, want 3", n)
				}
				if n := r.q.order.Len(); n > container.LargeTable {
					t.Errorf("%d lanes wait, want hardly any", n)
				}
				small(t, r.q)
				r.on(added("j/4", ""))
				// The books were made anew meanwhile: what ran still runs alone.
				r.stats(Stats{Waiting: 3, Running: 2})
				r.release("i/2")
				want := map[Strategy]Stats{
					PerObject:    {Waiting: 1, Running: 1}, // h/1 again
					PerNamespace: {Waiting: 2, Running: 1}, // and h/3
				}
				r.stats(want[s])
				r.release("h/1")
				r.atRest()
			})
		})
	}
}

func TestAPoolKeepsNothingAtRest(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		p := NewPool(Options{Concurrency: 4}, func(_ context.Context, c Call[string]) Result {
			if c.Attempt > 1 || c.Type == Unchanged {
				return Result{}
			}
			return []Result{{}, retry(), requeueAfter(time.Minute), permanent(), {Outcome: Drop}}[c.Payload[0]-'0']
		})
		r := &rig{t: t, p: p}
		for i := range many {
			p.Add(Event[string]{Key: Key{Name: fmt.Sprint(i)}, UID: "1", Type: Added, Passed: true, Payload: fmt.Sprint(i % 5)})
		}
		var ended sync.WaitGroup
		ended.Go(func() { p.Run(t.Context()) })
		if err := p.WaitIdle(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.stats(Stats{Retrying: many / 5, Requeued: many / 5})
		time.Sleep(time.Hour)
		r.atRest()
		if p.origins.Peak >= container.LargeTable || cap(p.delays.Heap) >= container.LargeTable {
			t.Errorf("room for %d objects and %d delays", p.origins.Peak, cap(p.delays.Heap))
		}
		p.Shutdown()
		ended.Wait()
	})
}

// With nothing to do there is no goroutine, however much was done.
func TestNoGoroutineAtRest(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.answers("a/1", requeueAfter(time.Hour))
		for i := range 10 {
			r.on(added(fmt.Sprintf("a/%d", i), ""))
		}
		e := r.engine()
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.workers != 0 {
			t.Errorf("%d goroutines", e.workers)
		}
	})
}

func TestTheTimerStopsWithTheLastDelay(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.answers("a/x", requeueAfter(time.Hour))
		r.on(added("a/x", ""))
		r.on(deleted("a/x", "", filtered))
		e := r.engine()
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.timer == nil || e.timer.Stop() {
			t.Error("the timer still runs")
		}
	})
}
