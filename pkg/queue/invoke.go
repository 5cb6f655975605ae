package queue

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"
)

// unreturned is the result of a call whose handler ended its goroutine, by runtime.Goexit (as testing's FailNow
// does).
func unreturned() Result {
	return Result{Outcome: Retry, Err: &PanicError{Message: "the handler ended its goroutine (runtime.Goexit)"}}
}

// invoke calls h and turns a panic into a failure.
func invoke[P any](ctx context.Context, timeout time.Duration, h Handler[P], c *Call[P]) (res Result) {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, timeout, &TimeoutError{Timeout: timeout})
		defer cancel()
	}
	defer func() {
		if v := recover(); v != nil {
			e := &PanicError{Message: fmt.Sprint(v), Stack: debug.Stack()}
			e.cause, _ = v.(error)
			res = Result{Outcome: Retry, Err: e}
		}
	}()
	return h(ctx, *c)
}
