package queue

import (
	"context"
	"testing"
	"time"
)

// engineOfTest is what Queue and Pool have in common.
type engineOfTest interface {
	Add(e Event[string])
	Knows(k Key, uid string) bool
	Busy(k Key, uid string) bool
	Run(ctx context.Context)
	WaitIdle(ctx context.Context) error
	Shutdown()
}

// An object is known while it has work: waiting, running or to be tried again.
func TestKnows(t *testing.T) {
	for name, engine := range map[string]func(Handler[string]) engineOfTest{
		"queue": func(h Handler[string]) engineOfTest { return New(Options{}, h) },
		"pool":  func(h Handler[string]) engineOfTest { return NewPool(Options{}, h) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				k := Key{Namespace: "ns", Name: "n"}
				var q engineOfTest
				running := false
				q = engine(func(_ context.Context, c Call[string]) Result {
					running = running || q.Knows(k, "u")
					if c.Attempt == 1 {
						return retry()
					}
					return Result{}
				})
				known := func(want bool) {
					t.Helper()
					if got := q.Knows(k, "u"); got != want {
						t.Errorf("known is %v", got)
					}
				}
				known(false)
				q.Add(Event[string]{Key: k, UID: "u", Type: Modified}) // it did not pass
				known(false)
				q.Add(Event[string]{Key: k, UID: "u", Type: Added, Passed: true})
				known(true)
				if q.Knows(Key{Namespace: "ns", Name: "other"}, "u") {
					t.Error("another object is known")
				}
				go q.Run(t.Context())
				if err := q.WaitIdle(t.Context()); err != nil {
					t.Fatal(err)
				}
				known(true) // to be tried again
				time.Sleep(time.Hour)
				known(false)
				if !running {
					t.Error("not known while it runs")
				}
				q.Shutdown()
			})
		})
	}
}

// An object is busy while a call of it runs; in a pool, until that has entered its callback.
func TestBusy(t *testing.T) {
	for name, c := range map[string]struct {
		engine  func(Handler[string]) engineOfTest
		entered bool // it is still busy then
	}{
		"queue": {func(h Handler[string]) engineOfTest { return New(Options{}, h) }, true},
		"pool":  {func(h Handler[string]) engineOfTest { return NewPool(Options{}, h) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				k := Key{Namespace: "ns", Name: "n"}
				var q engineOfTest
				busy := func(when string, want bool) {
					t.Helper()
					if got := q.Busy(k, "u"); got != want {
						t.Errorf("%s: busy is %v", when, got)
					}
				}
				called := false
				q = c.engine(func(_ context.Context, call Call[string]) Result {
					called = true
					busy("before it has entered", true)
					if q.Busy(Key{Namespace: "ns", Name: "other"}, "u") {
						t.Error("another object is busy")
					}
					call.Enter()
					busy("after it has entered", c.entered)
					return Result{}
				})
				busy("at first", false)
				q.Add(Event[string]{Key: k, UID: "u", Type: Added, Passed: true})
				busy("while the call waits", false)
				go q.Run(t.Context())
				if err := q.WaitIdle(t.Context()); err != nil {
					t.Fatal(err)
				}
				busy("at the end", false)
				if !called {
					t.Error("no call was made")
				}
				q.Shutdown()
			})
		})
	}
}
