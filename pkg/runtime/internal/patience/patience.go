package patience

import (
	"context"
	"time"
)

// LastWords is how long the end of a program waits for its log, its last Kubernetes Events, its recording and its HTTP
// server, each.
const LastWords = 2 * time.Second

// LastLine is how long it waits for its log where it has to end at once.
const LastLine = 100 * time.Millisecond

// WaitFor calls f and waits until it returns, but no longer than d.
func WaitFor(d time.Duration, f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	EndsWithin(d, done)
}

// EndsWithin waits until a channel is closed, but no longer than d. It reports whether it is.
func EndsWithin(d time.Duration, done <-chan struct{}) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-done:
		return true
	case <-t.C:
	}
	select {
	case <-done: // both at once
		return true
	default:
		return false
	}
}

// Within calls f, which may not notice that ctx ends, since it writes to a pipe that nothing reads: then f is left behind after a while.
func Within(ctx context.Context, f func() error) error {
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = f()
	}()
	select {
	case <-done:
		return err
	case <-ctx.Done():
	}
	if !EndsWithin(LastWords, done) {
		return context.Cause(ctx)
	}
	return err
}
