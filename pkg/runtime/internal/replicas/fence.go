package replicas

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// leastMoment is how long callbacks have at least to return when the lease is lost, even where others may have it.
const leastMoment = 250 * time.Millisecond

// Fence says whether calls may start: only while no other replica can have the lease. A replica that was frozen
// or starved wakes up with timers and workers that race; so it is looked at right before each call, and the answer
// comes from the clock alone. Nil is a runtime without leader election, and is always open.
//
// The others count from when they saw the last renewal, which is not before it was sent. No replica compares clocks.
type Fence struct {
	lease, renew time.Duration   // of the lease, and in which it has to be renewed
	base         time.Time       // what until counts from, on the monotonic clock, which goes on while a process is stopped
	until        atomic.Int64    // nanoseconds after base up to which the lease is ours for certain
	first        chan struct{}   // closed when it is ours for the first time
	end          context.Context //nolint:containedctx // ends, with the cause, when it is not ours any more
	lose         context.CancelCauseFunc

	mu   sync.Mutex
	sent time.Time // when the last renewal that succeeded was sent; zero: none was
	ends time.Time // when others may have it
}

// NewFence returns a fence that is closed until a request takes the lease. The arguments are how long a lease lasts after its last
// renewal, and how long renewals may fail.
func NewFence(lease, renew time.Duration) *Fence {
	f := &Fence{lease: lease, renew: renew, base: time.Now(), first: make(chan struct{})}
	f.end, f.lose = context.WithCancelCause(context.Background())
	return f
}

// Open reports whether a call may start now.
func (f *Fence) Open() bool {
	return f == nil || int64(time.Since(f.base)) < f.until.Load()
}

// Renewed notes that a request succeeded which took or renewed the lease, and wrote when it was sent. It reports whether it is the
// first; once the lease is lost, it is lost. client-go's electors read that time in whole seconds, and see no renewal where
// these are the same: such a one prolongs nothing.
func (f *Fence) Renewed(sent time.Time) (first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.end.Err() != nil {
		return false
	}
	first = f.sent.IsZero()
	if !first && sent.Unix() == f.sent.Unix() {
		return false
	}
	f.sent, f.ends = sent, sent.Add(f.lease)
	f.until.Store(int64(f.ends.Sub(f.base)))
	if first {
		close(f.first)
	}
	return first
}

// Shut lets no call start any more and ends lost, with the cause. taken says that others have the lease by now. It reports
// whether it is the first to shut the fence.
func (f *Fence) Shut(cause error, taken bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.end.Err() != nil {
		return false
	}
	f.until.Store(0)
	if taken {
		f.ends = time.Now()
	}
	f.lose(cause)
	return true
}

// Held reports whether the lease was taken, and not lost or given back since. It may be past its time.
func (f *Fence) Held() bool { return !f.RenewedAt().IsZero() && f.end.Err() == nil }

// RenewedAt is when the last renewal was sent; zero: none was.
func (f *Fence) RenewedAt() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sent
}

// patience is how long renewals may go on to fail. Below zero it is over.
func (f *Fence) patience() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Until(f.sent.Add(f.renew))
}

// left is the time until others may have the lease.
func (f *Fence) left() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Until(f.ends)
}

// Moment is how long callbacks have to return after a lost lease cancelled them: half of the remaining time, and no longer than most.
func (f *Fence) Moment(most time.Duration) time.Duration {
	return min(max(f.left()/2, leastMoment), most)
}

// Overdue is when a process ends that has not ended by itself after it lost the lease: before the remaining time ends.
func (f *Fence) Overdue() time.Duration {
	return max(f.left()*3/4, 2*leastMoment)
}

// Taken is closed when this replica has the lease for the first time.
func (f *Fence) Taken() <-chan struct{} { return f.first }

// Lost is a context that ends when the lease is lost or given back; its cause says which.
func (f *Fence) Lost() context.Context { return f.end }

// Cause says why the lease was lost or given back; nil: it was not, and never is with a nil fence.
func (f *Fence) Cause() error {
	if f == nil {
		return nil
	}
	return context.Cause(f.end)
}

// Expire ends the lease by the clock, as if renewals had failed and nothing had noticed yet. It is for tests.
func (f *Fence) Expire() { f.until.Store(int64(time.Since(f.base))) }

// Ended is closed when the lease is lost; a nil fence never is.
func (f *Fence) Ended() <-chan struct{} {
	if f == nil {
		return nil
	}
	return f.end.Done()
}
