package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/ancho-dev/ancho/internal/plaintext"
)

// lead waits for the lease, works while this replica has it, and gives it back if no callback is left that it protects.
func (r *Runtime) lead(ctx context.Context) error {
	e := r.election
	electing, stop := context.WithCancel(context.WithoutCancel(ctx)) // it is renewed while callbacks end
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.run(electing)
	}()
	finish := sync.OnceFunc(func() {
		stop()
		<-done
	})
	defer finish()
	defer r.checkAccess(ctx)()
	unguarded := context.AfterFunc(e.fence.lost, r.whenLost) //nolint:contextcheck // ends with the lease
	returned := true
	select {
	case <-ctx.Done():
	case <-e.fence.taken:
		returned = r.workWhileLeading(ctx)
	}
	r.health.stopped.Store(true)
	finish()
	if cause := context.Cause(e.fence.lost); cause != nil { //nolint:contextcheck // ends with the lease
		return cause
	}
	unguarded()
	switch {
	case !e.fence.held():
	case returned:
		e.release(ctx)
	default:
		e.log.Info("the lease is not given back, since callbacks still run: another replica leads when it is over",
			"leaseDuration", e.o.LeaseDuration.String())
	}
	return nil
}

// checkAccess checks the permissions of a standby until it leads, or until the returned function is called.
func (r *Runtime) checkAccess(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.access.run(ctx, r.election.o.RetryPeriod)
	}()
	go func() {
		select {
		case <-ctx.Done():
		case <-r.election.fence.taken:
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
	cause := context.Cause(r.election.fence.lost)
	if r.exit != nil && errors.Is(cause, ErrLeaseLost) {
		time.AfterFunc(r.election.fence.overdue()-lastLine, r.exit)
	}
}

// workWhileLeading works until ctx ends or the lease is lost, and tells whether all callbacks have returned.
func (r *Runtime) workWhileLeading(ctx context.Context) bool {
	ctx, end := context.WithCancel(ctx)
	defer end()
	defer context.AfterFunc(r.election.fence.lost, end)() //nolint:contextcheck // ends with the lease
	return r.work(ctx)
}

// LeaderSnapshot is the state of the leader election.
type LeaderSnapshot struct {
	Lease    string     `json:"lease"` // namespace/name
	Identity string     `json:"identity"`
	Leading  bool       `json:"leading"`
	Leader   string     `json:"leader,omitempty"`  // who has the lease, as last seen
	Since    *time.Time `json:"since,omitempty"`   // this replica leads, or led
	Renewed  *time.Time `json:"renewed,omitempty"` // when the last renewal that succeeded was sent
	Error    string     `json:"error,omitempty"`   // of the last request
}

// snapshot is nil where there is no election.
func (e *election) snapshot() *LeaderSnapshot {
	if e == nil {
		return nil
	}
	renewed := e.fence.renewedAt()
	e.mu.Lock()
	defer e.mu.Unlock()
	s := &LeaderSnapshot{Lease: e.o.Namespace + "/" + e.o.Name, Identity: e.o.Identity, Leading: e.leading(), Leader: e.holder}
	if since := e.since; !since.IsZero() {
		s.Since, s.Renewed = &since, &renewed
	}
	if e.err != nil {
		s.Error = plaintext.Bound(e.err.Error())
	}
	return s
}

// leading tells whether this replica has the lease for certain.
func (e *election) leading() bool { return e.fence.held() && e.fence.open() }

// say writes the election's line of /readyz, and tells whether this replica leads or is ready to.
func (e *election) say(w io.Writer) bool {
	s := e.snapshot()
	e.mu.Lock()
	seen := e.seen
	e.mu.Unlock()
	switch {
	case s.Leading:
		say(w, "ok", s.Lease, "leading since "+s.Since.Format(time.RFC3339))
		return true
	case s.Error != "":
		say(w, "fail", s.Lease, "standby: "+s.Error)
		return false
	case !seen:
		say(w, "wait", s.Lease, "standby: the lease is not read yet")
		return false
	}
	say(w, "ok", s.Lease, fmt.Sprintf("standby, leader %q", s.Leader))
	return true
}
