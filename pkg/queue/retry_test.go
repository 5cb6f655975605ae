package queue

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestBackoffGrowsToItsMaximum(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{Backoff: Backoff{Min: time.Second, Max: 5 * time.Second}})
		r.answers("a/x", retry(), retry(), retry(), retry(), retry())
		r.on(added("a/x", "1"))
		for i, seconds := range []int{1, 2, 4, 5, 5} {
			r.after(time.Duration(seconds)*time.Second - 1)
			if r.count() != i+1 {
				t.Fatalf("%d calls before the end of delay %d, want %d", r.count(), i+1, i+1)
			}
			r.after(1)
			if r.count() != i+2 || r.last().Attempt != i+2 {
				t.Fatalf("%d calls, last %q; want %d", r.count(), describe(r.last()), i+2)
			}
		}
		f := r.seen.finished[0]
		if f.Outcome != Retry || !errors.Is(f.Err, errTest) || !f.Again || f.Next != time.Second || f.Parked {
			t.Errorf("finished: %+v", f)
		}
		r.atRest()
	})
}

func TestEventsWaitForTheBackoff(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{})
		r.answers("a/x", retry())
		r.on(added("a/x", "1", generation(1)))
		r.on(modified("a/x", "2", generation(1)), modified("a/x", "3"))
		r.expect("Added a/x=1")
		r.stats(Stats{Retrying: 1})
		r.after(time.Second)
		r.expect("Added a/x=3 attempt 2 merged 2")
	})
}

func TestAChangeOfGenerationIsDueAtOnce(t *testing.T) {
	change := modified("a/x", "2", generation(2))
	unseen := modified("a/x", "2", generation(2), filtered)
	t.Run("while it waits", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			r := newRig(t, Options{})
			r.answers("a/x", retry(), retry())
			r.on(added("a/x", "1", generation(1)))
			r.after(time.Millisecond)
			r.on(change)
			r.expect("Added a/x=1", "Added a/x=2 merged 1")
			r.after(time.Second - 1) // the old delay means nothing any more
			r.expect()
			r.after(1)
			r.expect("Added a/x=2 attempt 2 merged 1")
			if r.seen.waits[1] != 0 {
				t.Errorf("waited %s, want nothing since it was due", r.seen.waits[1])
			}
		})
	})
	t.Run("while it runs", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			r := newRig(t, Options{})
			r.answers("a/x", retry(), retry())
			r.hold("a/x")
			r.on(added("a/x", "1", generation(1)))
			r.q.Add(triggered[string](key("a/x"), Cause{}))
			r.on(change)
			r.release("a/x")
			r.expect("Added a/x=1", "Added a/x=2 merged 2")
			r.after(time.Second - 1)
			r.expect()
		})
	})
	t.Run("that did not pass", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			r := newRig(t, Options{})
			r.answers("a/x", retry())
			r.on(added("a/x", "1", generation(1)))
			r.on(unseen)
			r.expect("Added a/x=1", "Added a/x=2")
		})
	})
	t.Run("of another object of that name", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			r := newRig(t, Options{})
			r.answers("a/x", retry())
			r.on(deleted("a/x", "1", generation(3)))
			r.on(added("a/x#2", "2", generation(1)), modified("a/x#2", "2", generation(2)))
			r.expect("Deleted a/x=1")
			r.after(time.Second)
			r.expect("Deleted a/x=1 attempt 2", "Added a/x=2 merged 1")
		})
	})
}

func TestRequeue(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{})
		r.answers("a/x", retry(), requeueAfter(time.Minute), requeueAfter(time.Minute))
		r.on(added("a/x", "1"))
		r.after(time.Second)
		r.expect("Added a/x=1", "Added a/x=1 attempt 2")
		r.stats(Stats{Requeued: 1})
		if !r.q.Idle() {
			t.Error("not idle while a requeue waits")
		}
		r.after(time.Minute)
		r.expect("Unchanged a/x=1")
		if c := r.last().Causes; len(c) != 1 || c[0] != (Cause{Type: Unchanged, Via: ViaRequeue, Name: "a/x"}) {
			t.Errorf("causes %+v", c)
		}
		if got := r.last().Received; got.Sub(r.begun) != time.Minute+time.Second {
			t.Errorf("received at %s, want when it was due", got.Sub(r.begun))
		}
		// It is brought up to date by what does not pass, and goes with the object.
		r.on(modified("a/x", "2", filtered))
		r.after(time.Minute)
		r.expect("Unchanged a/x=2")
		r.atRest()
	})
}

func TestAnEventSupersedesARequeue(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{})
		r.answers("a/x", requeueAfter(time.Minute), Result{}, requeueAfter(time.Minute))
		r.on(added("a/x", "1"))
		r.on(modified("a/x", "2"))
		r.expect("Added a/x=1", "Modified a/x=2")
		r.after(time.Hour)
		r.expect()
		r.hold("a/x") // also one that came while the call ran
		r.on(modified("a/x", "3"))
		r.on(modified("a/x", "4"))
		r.release("a/x")
		r.expect("Modified a/x=3", "Modified a/x=4")
		r.after(time.Hour)
		r.expect()
		r.atRest()
	})
}

func TestARequeueAtOnceGoesToTheEndOfTheLine(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{Concurrency: 1})
		r.answers("a/x", requeueAfter(0))
		r.hold("a/x")
		r.on(added("a/x", "1"))
		r.on(added("a/y", "1"))
		r.release("a/x")
		r.expect("Added a/x=1", "Added a/y=1", "Unchanged a/x=1")
	})
}

// Unchanged would say that the object exists.
func TestARequeueOfADeletedKeepsItsType(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{})
		r.answers("a/x", requeueAfter(time.Second), retry())
		r.on(deleted("a/x", "1"))
		r.after(2 * time.Second)
		r.expect("Deleted a/x=1", "Deleted a/x=1", "Deleted a/x=1 attempt 2")
		r.answers("a/x", requeueAfter(time.Second))
		r.on(hasLeft("a/x", "2"))
		r.after(time.Millisecond)
		r.on(added("a/x", "3"))
		r.expect("Left a/x=2", "Added a/x=3")
		r.atRest()
	})
}

func TestRetryAfter(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{})
		r.answers("a/x", retryAfter(time.Minute), retryAfter(0))
		r.on(added("a/x", "1"))
		r.after(time.Minute - 1)
		r.expect("Added a/x=1")
		r.after(1)
		r.expect("Added a/x=1 attempt 2")
		r.after(2*time.Second - 1) // nothing said: the backoff of the second failure
		r.expect()
		r.after(1)
		r.expect("Added a/x=1 attempt 3")
	})
}

func TestTimeout(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var cause error
		var err error
		returned := make(chan struct{})
		q := New(Options{Timeout: time.Minute, Concurrency: 2}, func(ctx context.Context, c Call[string]) Result {
			if c.Key.Name == "y" {
				return Result{}
			}
			<-ctx.Done()
			cause, err = context.Cause(ctx), ctx.Err()
			<-returned
			return Result{}
		})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ended := make(chan struct{})
		go func() { defer close(ended); q.Run(ctx) }()
		q.Add(added("a/x", ""))
		time.Sleep(time.Hour) // it does not return: object and slot stay held
		q.Add(modified("a/x", ""))
		q.Add(added("a/y", ""))
		synctest.Wait()
		if s := q.Stats(); s.Running != 1 || s.Waiting != 1 {
			t.Errorf("stats %+v, want it to run and a change to wait", s)
		}
		var timeout *TimeoutError
		if !errors.As(cause, &timeout) || timeout.Timeout != time.Minute || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("cause %v, error %v", cause, err)
		}
		q.Shutdown()
		close(returned)
		<-ended
	})
}

func TestAPanicIsAFailure(t *testing.T) {
	t.Run("queue", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			panics(t, func(o Options, h Handler[string]) runner { return New(o, h) })
		})
	})
	t.Run("pool", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			panics(t, func(o Options, h Handler[string]) runner { return NewPool(o, h) })
		})
	})
}

// runner is a Queue or a Pool.
type runner interface {
	Add(Event[string])
	Run(context.Context)
	Shutdown()
}

func panics(t *testing.T, start func(Options, Handler[string]) runner) {
	seen := &counter{}
	values := []func(){
		func() { panic(errTest) },
		func() { panic("oh") },
		func() { runtime.Goexit() },
		func() {},
	}
	q := start(Options{Observer: seen, Concurrency: 1}, func(_ context.Context, c Call[string]) Result {
		values[c.Attempt-1]()
		return Result{}
	})
	ended := make(chan struct{})
	go func() { defer close(ended); q.Run(t.Context()) }()
	q.Add(added("a/x", ""))
	time.Sleep(time.Minute)
	q.Shutdown()
	<-ended
	if len(seen.finished) != 4 {
		t.Fatalf("%d calls, want 4", len(seen.finished))
	}
	for i, f := range seen.finished[:3] {
		var e *PanicError
		if f.Outcome != Retry || !errors.As(f.Err, &e) {
			t.Errorf("call %d: %v %v", i, f.Outcome, f.Err)
			continue
		}
		if want := []string{"it failed", "oh", "Goexit"}[i]; !strings.Contains(e.Error(), want) {
			t.Errorf("call %d: %q, want %q in it", i, e, want)
		}
		if i < 2 && !strings.Contains(string(e.Stack), "queue.panics") {
			t.Errorf("call %d: the stack does not name the handler:\n%s", i, e.Stack)
		}
	}
	if !errors.Is(seen.finished[0].Err, errTest) {
		t.Error("the error that was thrown is not unwrapped")
	}
}
