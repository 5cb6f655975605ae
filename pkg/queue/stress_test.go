package queue

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// Two queues over the same objects, in real time, for the race detector: no two
// calls for one object at once, and the last state of each is handled.
func TestStress(t *testing.T) {
	const objects, rounds = 20, 300
	locks := NewLocks()
	var inside [objects]atomic.Int32
	var queues [2]*Queue[int]
	var last [2][objects]atomic.Int64
	for i := range queues {
		o := Options{Concurrency: 4, Strategy: Strategy(i), Locks: locks, Backoff: Backoff{Min: 1, Max: 1000}}
		queues[i] = New(o, func(_ context.Context, c Call[int]) Result {
			n, err := strconv.Atoi(c.Key.Name)
			if err != nil || inside[n].Add(1) != 1 {
				t.Errorf("two calls for object %s at once (%v)", c.Key, err)
			}
			defer inside[n].Add(-1)
			if !c.Bare && c.Attempt%3 != 0 && c.Payload%4 == 1 {
				return retry()
			}
			if !c.Bare {
				last[i][n].Store(int64(c.Payload))
			}
			return Result{}
		})
	}
	var running, adding sync.WaitGroup
	for _, q := range queues {
		running.Go(func() { q.Run(t.Context()) })
		for n := range objects {
			adding.Go(func() {
				k := Key{Namespace: strconv.Itoa(n % 3), Name: strconv.Itoa(n)}
				for round := range rounds {
					q.Add(Event[int]{Key: k, UID: "1", Type: Modified, Payload: round, Passed: true, Was: true, Generation: int64(round / 7)})
					if round%5 == 0 {
						q.Add(triggered[int](k, Cause{Via: ViaOwned}))
					}
				}
			})
		}
	}
	adding.Wait()
	for i, q := range queues {
		for s := q.Stats(); s.Waiting+s.Running+s.Retrying > 0; s = q.Stats() {
			if err := q.WaitIdle(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for n := range objects {
			if got := last[i][n].Load(); got != rounds-1 {
				t.Errorf("queue %d: the last state of %d that was handled is %d, want %d", i, n, got, rounds-1)
			}
		}
		q.Shutdown()
	}
	running.Wait()
	if n := len(locks.held.M); n != 0 {
		t.Errorf("%d locks are held", n)
	}
}
