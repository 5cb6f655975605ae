package runtime

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/patience"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/replicas"
)

// lead waits for the lease, works while this replica has it, and gives it back if no callback is left that it protects.
func (r *Runtime) lead(ctx context.Context) error {
	e := r.election
	electing, stop := context.WithCancel(context.WithoutCancel(ctx)) // it is renewed while callbacks end
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.Run(electing)
	}()
	finish := sync.OnceFunc(func() {
		stop()
		<-done
	})
	defer finish()
	defer r.checkAccess(ctx)()
	unguarded := context.AfterFunc(e.Fence.Lost(), r.whenLost) //nolint:contextcheck // ends with the lease
	returned := true
	select {
	case <-ctx.Done():
	case <-e.Fence.Taken():
		returned = r.workWhileLeading(ctx)
	}
	r.health.End()
	finish()
	if cause := context.Cause(e.Fence.Lost()); cause != nil { //nolint:contextcheck // ends with the lease
		return cause
	}
	unguarded()
	switch {
	case !e.Fence.Held():
	case returned:
		e.Release(ctx)
	default:
		e.Keep()
	}
	return nil
}

// checkAccess checks the permissions of a standby until it leads, or until the returned function is called.
func (r *Runtime) checkAccess(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.access.Run(ctx, r.o.LeaderElection.RetryPeriod)
	}()
	go func() {
		select {
		case <-ctx.Done():
		case <-r.election.Fence.Taken():
			cancel()
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// whenLost has the process ended before another replica leads, where the runtime may end it.
func (r *Runtime) whenLost() {
	cause := context.Cause(r.election.Fence.Lost())
	if r.exit != nil && errors.Is(cause, replicas.ErrLeaseLost) {
		time.AfterFunc(r.election.Fence.Overdue()-patience.LastLine, r.exit)
	}
}

// workWhileLeading works until ctx ends or the lease is lost, and tells whether all callbacks have returned.
func (r *Runtime) workWhileLeading(ctx context.Context) bool {
	ctx, end := context.WithCancel(ctx)
	defer end()
	defer context.AfterFunc(r.election.Fence.Lost(), end)() //nolint:contextcheck // ends with the lease
	return r.work(ctx)
}

// patience is how long the end of Run waits for what is not finished: not at all where the lease was lost, since another replica
// leads soon.
func (r *Runtime) patience() time.Duration {
	if r.election != nil && errors.Is(r.election.Fence.Cause(), replicas.ErrLeaseLost) {
		return 0
	}
	return patience.LastWords
}
