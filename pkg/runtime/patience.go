package runtime

import (
	"context"
	"errors"
	"time"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/replicas"
)

// lastWords is how long the end of a program waits for its log, its last Kubernetes Events, its recording and its HTTP
// server, each.
const lastWords = 2 * time.Second

// lastLine is how long it waits for its log where it has to end at once.
const lastLine = 100 * time.Millisecond

// patience is how long the end of Run waits for what is not finished: not at all where the lease was lost, since another replica
// leads soon.
func (r *Runtime) patience() time.Duration {
	if r.election != nil && errors.Is(r.election.Fence.Cause(), replicas.ErrLeaseLost) {
		return 0
	}
	return lastWords
}

// waitFor calls f and waits until it returns, but no longer than d.
func waitFor(d time.Duration, f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	endsWithin(d, done)
}

// endsWithin waits until a channel is closed, but no longer than d. It reports whether it is.
func endsWithin(d time.Duration, done <-chan struct{}) bool {
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

// within calls f, which may not heed that ctx ends, since it writes to a pipe that nothing reads: then f is left behind after a while.
func within(ctx context.Context, f func() error) error {
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
	if !endsWithin(lastWords, done) {
		return context.Cause(ctx)
	}
	return err
}
