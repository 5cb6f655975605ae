package replicas

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// errDeletedLease keeps a standby from making the Lease anew at once.
var errDeletedLease = errors.New("the Lease was deleted while another replica held it, which makes it anew or is waited for")

// lease is the lock that client-go's elector takes and renews. It notes what the elector does not tell: when each
// request was sent that succeeded, who holds the Lease, and why a request failed. And it bounds each request: a
// connection that is dead must not use up the whole deadline.
type lease struct {
	resourcelock.Interface
	e *Election
	// busy is held during a request. It is a channel, so that virtual time in tests goes on while somebody waits for it.
	busy chan struct{}
}

// Get implements resourcelock.Interface.
func (l *lease) Get(ctx context.Context) (record *resourcelock.LeaderElectionRecord, raw []byte, err error) {
	err = l.request(ctx, "get", func(ctx context.Context) (err error) {
		record, raw, err = l.Interface.Get(ctx)
		return err
	})
	if err == nil {
		l.e.saw(record, raw)
	}
	if apierrors.IsNotFound(err) {
		l.e.sawNone()
		if holder, wait := l.e.heldByOther(); wait {
			return nil, nil, fmt.Errorf("%w: %s", errDeletedLease, holder)
		}
	}
	return record, raw, err
}

// Create implements resourcelock.Interface.
func (l *lease) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.take(ctx, "create", record, l.Interface.Create)
}

// Update implements resourcelock.Interface.
func (l *lease) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.take(ctx, "update", record, l.Interface.Update)
}

// take takes or renews the Lease, for a process that has not lost it before. The elector notes in the record when it began to
// try; what counts for the others is how the Lease changes, so that it says when it was written.
func (l *lease) take(
	ctx context.Context, verb string, record resourcelock.LeaderElectionRecord,
	do func(context.Context, resourcelock.LeaderElectionRecord) error,
) error {
	if l.e.Fence.Lost().Err() != nil {
		return context.Cause(l.e.Fence.Lost()) //nolint:contextcheck // ends with the lease
	}
	var sent time.Time
	err := l.request(ctx, verb, func(ctx context.Context) error {
		sent = time.Now()
		record.RenewTime = metav1.NewTime(sent)
		return do(ctx, record)
	})
	if err == nil {
		l.e.took(sent)
	}
	return err
}

// RecordEvent implements resourcelock.Interface; the election writes Events of its own.
func (l *lease) RecordEvent(string) {}

// release gives the Lease back, if this replica holds it still.
func (l *lease) release(ctx context.Context) error {
	for {
		record, _, err := l.Interface.Get(ctx)
		switch {
		case apierrors.IsNotFound(err):
			return nil
		case err != nil:
			return err
		case record.HolderIdentity != l.Identity():
			return nil
		}
		record.HolderIdentity, record.LeaseDurationSeconds = "", 1 // as client-go does
		if err := l.Interface.Update(ctx, *record); !apierrors.IsConflict(err) {
			return err
		}
	}
}

// request makes one request and notes how it ended.
func (l *lease) request(ctx context.Context, verb string, do func(context.Context) error) error {
	select {
	case l.busy <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-l.busy }()
	bounded, cancel := context.WithTimeout(ctx, l.e.o.requestTimeout())
	defer cancel()
	err := do(bounded)
	switch {
	case err == nil:
		l.e.reached(verb)
	case errors.Is(ctx.Err(), context.Canceled) || apierrors.IsNotFound(err) || apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err):
		// Nobody waits for it any more; or it is part of the race for the Lease.
	default:
		l.e.failed(verb, err)
	}
	return err
}
