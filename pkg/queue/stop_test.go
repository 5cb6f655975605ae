package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// both runs a test for a queue and for a pool.
func both(t *testing.T, f func(t *testing.T, r *rig)) {
	t.Helper()
	t.Run("queue", func(t *testing.T) {
		inBubble(t, func(t *testing.T) { f(t, newRig(t, Options{Concurrency: 2})) })
	})
	t.Run("pool", func(t *testing.T) {
		inBubble(t, func(t *testing.T) { f(t, newPoolRig(t, Options{Concurrency: 2})) })
	})
}

func (r *rig) engine() *engine {
	if r.q != nil {
		return &r.q.engine
	}
	return &r.p.engine
}

func TestShutdownStartsNothingAndWaitsForWhatRuns(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		e := r.engine()
		r.answers("a/0", retry())
		r.hold("a/0", "a/1")
		r.answers("a/3", retry())
		r.on(added("a/3", ""))
		for i := range 3 {
			r.on(added(fmt.Sprintf("a/%d", i), ""))
		}
		e.Shutdown()
		e.Shutdown() // does nothing
		r.on(added("a/4", ""))
		r.after(time.Hour) // the retry is due, and one hangs
		if got := e.Running(); len(got) != 2 || got[0].Key != key("a/0") {
			t.Errorf("running: %+v", got)
		}
		if e.Idle() {
			t.Error("idle, while two run")
		}
		select {
		case <-r.ended:
			t.Fatal("Run returned while calls run")
		default:
		}
		r.release("a/0")
		r.release("a/1")
		<-r.ended
		r.expect("Added a/3=", "Added a/0=", "Added a/1=")
		r.stats(Stats{Waiting: 1, Retrying: 2}) // recorded, not called again
		if !e.Idle() {
			t.Error("not idle, while nothing runs or will run")
		}
	})
}

func TestTheEndOfTheContextShutsDown(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		got := make(chan error, 1)
		q := New(Options{}, func(ctx context.Context, _ Call[int]) Result {
			<-ctx.Done()
			got <- ctx.Err()
			return Result{}
		})
		ended := make(chan struct{})
		go func() { defer close(ended); q.Run(ctx) }()
		q.Add(Event[int]{Key: key("a/x"), Type: Added, Passed: true})
		synctest.Wait()
		cancel()
		<-ended
		if err := <-got; !errors.Is(err, context.Canceled) {
			t.Errorf("the context of the call ended with %v", err)
		}
		q.Add(Event[int]{Key: key("a/y"), Type: Added, Passed: true})
		if s := q.Stats(); s != (Stats{}) {
			t.Errorf("stats %+v, want that the event was ignored", s)
		}
		q = New(Options{}, func(context.Context, Call[int]) Result { panic("called") })
		q.Add(Event[int]{Key: key("a/x"), Type: Added, Passed: true})
		q.Run(ctx) // over already
	})
}

func TestWhatIsAddedBeforeRunIsCalled(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		called := make(chan Key, 9)
		q := New(Options{Concurrency: 2}, func(_ context.Context, c Call[int]) Result {
			called <- c.Key
			return Result{}
		})
		for i := range 5 {
			q.Add(Event[int]{Key: Key{Name: fmt.Sprint(i)}, Type: Added, Passed: true})
		}
		if q.Idle() {
			t.Error("idle, with five calls due")
		}
		go q.Run(t.Context())
		if err := q.WaitIdle(t.Context()); err != nil {
			t.Fatal(err)
		}
		q.Shutdown()
		if len(called) != 5 {
			t.Errorf("%d calls, want 5", len(called))
		}
	})
}

func TestWaitIdle(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		e := r.engine()
		if err := e.WaitIdle(t.Context()); err != nil || !e.Idle() {
			t.Errorf("new: idle %v, %v", e.Idle(), err)
		}
		r.answers("a/x", retry())
		r.hold("a/x")
		r.on(added("a/x", ""))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := e.WaitIdle(ctx); !errors.Is(err, context.DeadlineExceeded) || e.Idle() {
			t.Errorf("while it runs: idle %v, %v", e.Idle(), err)
		}
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if err := e.WaitIdle(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		r.release("a/x")
		wg.Wait() // the retry is not due
		r.expect("Added a/x=")
		time.Sleep(time.Second) // now it is, whether its timer has run or not
		if err := e.WaitIdle(t.Context()); err != nil {
			t.Error(err)
		}
		r.expect("Added a/x= attempt 2")
	})
}

// Nothing starts after Shutdown returned, whatever goes on at that moment: in
// real time, for the race detector.
func TestShutdownRaces(t *testing.T) {
	for range 50 {
		var over atomic.Bool
		var late atomic.Int32
		q := New(Options{Concurrency: 4, Backoff: Backoff{Min: 1, Max: 1000}}, func(_ context.Context, c Call[int]) Result {
			if over.Load() {
				late.Add(1)
			}
			return Result{Outcome: Outcome(c.Payload % 4)}
		})
		ended := make(chan struct{})
		go func() { defer close(ended); q.Run(context.Background()) }()
		var wg sync.WaitGroup
		for g := range 4 {
			wg.Go(func() {
				for i := range 200 {
					q.Add(Event[int]{Key: Key{Name: fmt.Sprint(i % 7)}, Type: Modified, Passed: i%5 != 0, Payload: i + g})
				}
			})
		}
		q.Shutdown()
		n := len(q.Running())
		over.Store(true)
		wg.Wait()
		<-ended
		if got := int(late.Load()); got > n {
			t.Fatalf("%d calls began after Shutdown, when %d ran", got, n)
		}
	}
}
