package queue

import (
	"bytes"
	"context"
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// goroutine tells which one calls it.
func goroutine() string {
	var b [64]byte
	text, _, _ := bytes.Cut(b[:runtime.Stack(b[:], false)], []byte(" ["))
	return string(text)
}

// Calls that come one after the other are made by the same goroutine, whose stack has grown; after a while without
// any it is gone.
func TestGoroutineLingers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var by []string
		q := New(Options{Concurrency: 4}, func(context.Context, Call[int]) Result {
			by = append(by, goroutine())
			return Result{}
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); q.Run(ctx) }()
		add := func() {
			q.Add(Event[int]{Key: Key{Name: "n"}, UID: "u", Type: Modified, Passed: true})
			synctest.Wait()
		}
		synctest.Wait()
		before := runtime.NumGoroutine()
		for range 3 {
			add()
			time.Sleep(lingerFor / 2)
		}
		if by[0] != by[1] || by[1] != by[2] {
			t.Errorf("three calls were made by %v", by)
		}
		time.Sleep(lingerFor)
		synctest.Wait()
		if n := runtime.NumGoroutine(); n != before {
			t.Errorf("%d goroutines when nothing runs, %d before", n, before)
		}
		add()
		if by[3] == by[2] {
			t.Error("the goroutine has not gone")
		}
		cancel() // while one lingers
		<-ended
	})
}

// More goroutines than the machine can run at once do not wait.
func TestFewGoroutinesLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 10 * runtime.GOMAXPROCS(0)
		together := make(chan struct{})
		q := New(Options{Concurrency: calls}, func(context.Context, Call[int]) Result {
			<-together
			return Result{}
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); q.Run(ctx) }()
		for i := range calls {
			q.Add(Event[int]{Key: Key{Name: strconv.Itoa(i)}, UID: "u", Type: Added, Passed: true})
		}
		synctest.Wait()
		if running := q.Stats().Running; running != calls {
			t.Fatalf("%d calls run, want %d", running, calls)
		}
		close(together)
		synctest.Wait()
		q.mu.Lock()
		spare := q.idleWorkers.spare
		q.mu.Unlock()
		if spare != runtime.GOMAXPROCS(0) {
			t.Errorf("%d goroutines idleWorkers, want %d", spare, runtime.GOMAXPROCS(0))
		}
		cancel()
		<-ended
	})
}
