package model

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/ancho-dev/ancho/pkg/capability"
)

// answer is what a callback does when it is called.
type answer int

const (
	done answer = iota
	fails
	panics
	retryAfter
	permanent
	requeue
	wrappedRequeue
	hangs // until it is let go, whatever its context says
	holds // the same, and fails then
	waits // until it is let go, or its context is cancelled, which is a failure
	answers
)

func (a answer) String() string {
	return [...]string{"done", "fails", "panics", "retryAfter", "permanent", "requeue", "wrappedRequeue", "hangs", "holds", "waits"}[a]
}

// The delays that callbacks ask for.
const (
	retryDelay   = 20 * time.Second
	requeueDelay = 45 * time.Second
)

var errAsTold = errors.New("as told")

// give does what the answer says. Free is closed when the callback is let go.
func (a answer) give(ctx context.Context, free <-chan struct{}) error {
	switch a {
	case fails, panics:
		return errAsTold
	case retryAfter:
		return capability.RetryAfter(retryDelay, errAsTold)
	case permanent:
		return capability.Permanent(errAsTold)
	case requeue:
		return capability.RequeueAfter(requeueDelay)
	case wrappedRequeue:
		return fmt.Errorf("not ready: %w", capability.RequeueAfter(requeueDelay))
	case hangs:
		<-free
	case holds:
		<-free
		return errAsTold
	case waits:
		select {
		case <-free:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	case done, answers:
	}
	return nil
}

// outcome is how a call ended, as far as it matters.
type outcome int

const (
	running outcome = iota
	succeeded
	asked   // to be called again
	failed  // and is tried again
	givenUp // or parked
)

func (o outcome) String() string {
	return [...]string{"running", "succeeded", "asked", "failed", "given up"}[o]
}

// outcomeOf says what an answer means for the binding.
func (b *bound) outcomeOf(a answer, err error, attempt int) outcome {
	switch _, again := capability.IsRequeue(err); {
	case err == nil:
		return succeeded
	case again:
		return asked
	case a == permanent, b.maxAttempts > 0 && attempt >= b.maxAttempts:
		return givenUp
	}
	return failed
}

// someAnswers draws what the next calls for an object do.
func someAnswers(t *rapid.T) []answer {
	return rapid.SliceOfN(rapid.Map(rapid.IntRange(1, int(answers)-1), func(n int) answer { return answer(n) }), 1, 3).Draw(t, "answers")
}
