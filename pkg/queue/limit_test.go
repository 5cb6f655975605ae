package queue

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// state of an object in these tests: its weight; what was slimmed is negative.
func weightOf(p int) int64 { return int64(max(p, 0)) }
func slimOf(p int) int     { return -p }

func heldBy(q *Queue[int]) int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.limit.held
}

func TestLimitBoundsWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		got := map[string]int{}
		out := make(chan struct{})
		q := New(Options{Concurrency: 1}, func(_ context.Context, c Call[int]) Result {
			<-out
			mu.Lock()
			defer mu.Unlock()
			got[c.Key.Name] = c.Payload
			if c.Key.Name == "fails" && c.Attempt == 1 {
				return Result{Outcome: Retry}
			}
			return Result{}
		})
		q.Limit(10, weightOf, slimOf)
		go q.Run(t.Context())
		defer q.Shutdown()
		add := func(name string, weight int) {
			q.Add(Event[int]{Key: Key{Name: name}, UID: name, Type: Added, Payload: weight, Passed: true})
		}
		add("fails", 4)
		synctest.Wait() // it runs
		add("a", 4)
		add("b", 4) // one too many
		add("c", 2)
		add("a", 3) // the newer state is weighed beside the older, which it replaces only then
		if h := heldBy(q); h > 10 {
			t.Errorf("%d held, want at most 10", h)
		}
		close(out)
		synctest.Wait()
		time.Sleep(time.Hour) // the retry is due
		synctest.Wait()
		want := map[string]int{"fails": 4, "a": -3, "b": -4, "c": 2}
		for name, p := range want {
			if got[name] != p {
				t.Errorf("%s was called with %d, want %d", name, got[name], p)
			}
		}
		if h := heldBy(q); h != 0 {
			t.Errorf("%d held at rest", h)
		}
	})
}

func TestLimitLetsGoOfWhatIsDropped(t *testing.T) {
	q := New(Options{}, func(context.Context, Call[int]) Result { return Result{} })
	q.Limit(100, weightOf, slimOf)
	for i := range 50 {
		q.Add(Event[int]{Key: Key{Name: strconv.Itoa(i)}, UID: "u", Type: Added, Payload: 3, Passed: true})
	}
	if h := heldBy(q); h < 97 || h > 100 {
		t.Errorf("%d held, want all that fits into 100", h)
	}
	for i := range 50 {
		q.Add(Event[int]{Key: Key{Name: strconv.Itoa(i)}, UID: "u", Type: Deleted, Was: true})
	}
	if h := heldBy(q); h != 0 {
		t.Errorf("%d held, and nothing waits", h)
	}
}
