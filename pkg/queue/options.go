package queue

import (
	"math/rand/v2"
	"time"
)

// The defaults of Options.
const (
	DefaultConcurrency = 16
	DefaultBackoffMin  = 200 * time.Millisecond
	DefaultBackoffMax  = 5 * time.Minute
)

// Options are the settings of a Queue or a Pool. The zero value is useful.
type Options struct {
	// Strategy says what a Queue serialises. Default: PerObject. A Pool
	// serialises nothing.
	Strategy Strategy
	// InOrder makes every event of a Queue a call of its own.
	InOrder bool
	// Concurrency is how many calls run at once, but for the extra slots that Hanging describes. Default (where not
	// positive): DefaultConcurrency.
	Concurrency int
	// Backoff bounds the delays of Retry. Defaults (where not positive):
	// DefaultBackoffMin and DefaultBackoffMax.
	Backoff Backoff
	// MaxAttempts is how often work is tried before it is parked or given up, since an event of it last passed or brought
	// a retry forward. A Conflict does not count. Default: 0, no limit.
	MaxAttempts int
	// Timeout is after how long the context of a call is cancelled, with a
	// *TimeoutError as its cause. Default: 0, never.
	Timeout time.Duration
	// Kind is the kind of the objects, as their events name it in causes. Default: empty.
	Kind string
	// Locks, shared by several queues, keeps calls of them for one object (the
	// same LockScope and Key) from overlapping. Default: nil, none. A Pool takes
	// no locks.
	Locks *Locks
	// LockScope identifies the resource in Locks.
	LockScope string
	// Observer receives what happens. Default: nil, none.
	Observer Observer
	// Rand gives numbers in [0,1) for the jitter and must be safe for concurrent
	// use. Default: math/rand/v2.
	Rand func() float64
}

// Backoff bounds exponentially growing delays: Min, twice Min, and so on up to
// Max, each shortened by up to a half at random.
type Backoff struct {
	Min, Max time.Duration
}

func (o Options) withDefaults() Options {
	if o.Concurrency <= 0 {
		o.Concurrency = DefaultConcurrency
	}
	if o.Backoff.Min <= 0 {
		o.Backoff.Min = DefaultBackoffMin
	}
	if o.Backoff.Max <= 0 {
		o.Backoff.Max = DefaultBackoffMax
	}
	o.Backoff.Max = max(o.Backoff.Max, o.Backoff.Min)
	if o.Observer == nil {
		o.Observer = NopObserver{}
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	return o
}
