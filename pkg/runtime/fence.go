package runtime

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// leastMoment is how long callbacks have at least to return when the lease is lost, even where others may have it.
const leastMoment = 250 * time.Millisecond

// fence says whether calls may start: only while no other replica can have the lease. A replica that was frozen
// or starved wakes up with timers and workers that race; so it is looked at right before each call, and the answer
// comes from the clock alone. Nil is a runtime without leader election, and is always open.
//
// The others count from when they saw the last renewal, which is not before it was sent. Nobody compares clocks.
type fence struct {
	lease, renew time.Duration   // of the lease, and in which it has to be renewed
	base         time.Time       // what until counts from, on the monotonic clock, which goes on while a process is stopped
	until        atomic.Int64    // nanoseconds after base up to which the lease is ours for certain
	taken        chan struct{}   // closed when it is ours for the first time
	lost         context.Context //nolint:containedctx // ends, with the cause, when it is not ours any more
	lose         context.CancelCauseFunc

	mu   sync.Mutex
	sent time.Time // when the last renewal that succeeded was sent; zero: none was
	ends time.Time // when others may have it
}

func newFence(lease, renew time.Duration) *fence {
	f := &fence{lease: lease, renew: renew, base: time.Now(), taken: make(chan struct{})}
	f.lost, f.lose = context.WithCancelCause(context.Background())
	return f
}

// open tells whether a call may start now.
func (f *fence) open() bool {
	return f == nil || int64(time.Since(f.base)) < f.until.Load()
}

// renewed notes that a request succeeded which took or renewed the lease, and wrote when it was sent. It tells whether it is the
// first; once the lease is lost, it is lost. client-go's electors read that time in whole seconds, and see no renewal where
// these are the same: such a one prolongs nothing.
func (f *fence) renewed(sent time.Time) (first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lost.Err() != nil {
		return false
	}
	first = f.sent.IsZero()
	if !first && sent.Unix() == f.sent.Unix() {
		return false
	}
	f.sent, f.ends = sent, sent.Add(f.lease)
	f.until.Store(int64(f.ends.Sub(f.base)))
	if first {
		close(f.taken)
	}
	return first
}

// shut lets no call start any more and ends lost, with the cause. taken says that others have the lease by now. It tells
// whether it is the first to shut the fence.
func (f *fence) shut(cause error, taken bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lost.Err() != nil {
		return false
	}
	f.until.Store(0)
	if taken {
		f.ends = time.Now()
	}
	f.lose(cause)
	return true
}

// held tells whether the lease was taken, and not lost or given back since. It may be past its time.
func (f *fence) held() bool { return !f.renewedAt().IsZero() && f.lost.Err() == nil }

// renewedAt is when the last renewal was sent; zero: none was.
func (f *fence) renewedAt() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sent
}

// patience is how long renewals may go on to fail. Below zero it is over.
func (f *fence) patience() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Until(f.sent.Add(f.renew))
}

// left is the time until others may have the lease.
func (f *fence) left() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Until(f.ends)
}

// moment is how long callbacks have to return after a lost lease cancelled them: half of what is left.
func (f *fence) moment() time.Duration {
	return min(max(f.left()/2, leastMoment), lastChance)
}

// overdue is when a process ends that has not ended by itself after it lost the lease: before what is left is over.
func (f *fence) overdue() time.Duration {
	return max(f.left()*3/4, 2*leastMoment)
}

// ended is closed when the lease is lost; a nil fence never is.
func (f *fence) ended() <-chan struct{} {
	if f == nil {
		return nil
	}
	return f.lost.Done()
}
