package queue

import (
	"context"
	"fmt"
	"time"
)

// Handler does the work of one call. It runs on a goroutine of its own and may
// panic: that counts as Retry with a *PanicError.
type Handler[P any] func(ctx context.Context, c Call[P]) Result

// Outcome says how a call ended.
type Outcome uint8

// The outcomes. The zero value is Done.
const (
	// Done: nothing remains to do.
	Done Outcome = iota
	// Requeue: not a failure; call again after Result.After, as Unchanged (a
	// Deleted or Left keeps its type: Unchanged would say that it exists). A
	// Queue calls at once when events arrived, and forgets the requeue.
	Requeue
	// Retry: failed; again after an exponential backoff with jitter.
	Retry
	// RetryAfter: failed; again after Result.After (Retry, where that is not
	// positive).
	RetryAfter
	// Permanent: failed; again only when the object changes.
	Permanent
	// Drop: there was nothing to call (the payload does not decode, a filter
	// said no at the last moment). The work is forgotten as with Done, but what
	// comes next is not compared with it.
	Drop
	// Postpone: the call could not be made (something it needs could not be read);
	// again after Result.After, as after a failure, but it counts as no attempt.
	Postpone
	// Conflict: as Retry (as RetryAfter, where Result.After is positive), but it does not count towards MaxAttempts: the
	// handler worked on a state that was not the latest.
	Conflict
)

// String gives the name of the outcome in lower case, as metrics label it.
func (o Outcome) String() string {
	switch o {
	case Done:
		return "done"
	case Requeue:
		return "requeue"
	case Retry:
		return "retry"
	case RetryAfter:
		return "retry_after"
	case Permanent:
		return "permanent"
	case Drop:
		return "drop"
	case Postpone:
		return "postpone"
	case Conflict:
		return "conflict"
	}
	return fmt.Sprintf("outcome(%d)", uint8(o))
}

// Result is what a handler returns. The zero value is Done.
type Result struct {
	Outcome Outcome
	// After is the delay of Requeue, RetryAfter, Postpone and, where positive, Conflict.
	After time.Duration
	// Forever: MaxAttempts does not hold for this failure.
	Forever bool
	// Label says what the handler did, for Finish.Label. The queue does not look at it.
	Label string
	// Err is the failure of Retry, RetryAfter, Permanent, Postpone and Conflict. It is only reported.
	Err error
}
