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
	return Result{Outcome: Retry, Err: errGoexit()}
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
			res = Result{Outcome: Retry, Err: recovered(v)}
		}
	}()
	return h(ctx, *c)
}

// recovered makes an error of the value of a panic.
func recovered(v any) *PanicError {
	e := &PanicError{Message: fmt.Sprint(v), Stack: debug.Stack()}
	e.cause, _ = v.(error)
	return e
}

func errGoexit() *PanicError {
	return &PanicError{Message: "the handler ended its goroutine (runtime.Goexit)"}
}

// Guard calls f on a goroutine of its own and waits for it. It returns the error of f, and a *PanicError where f panics or
// ends its goroutine, so that a handler decides itself what such a failure means.
func Guard(f func() error) error {
	ended := make(chan error, 1)
	go func() {
		err := error(errGoexit())
		defer func() {
			if v := recover(); v != nil {
				err = recovered(v)
			}
			ended <- err
		}()
		err = f()
	}()
	return <-ended
}
