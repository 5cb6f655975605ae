package queue

import (
	"fmt"
	"time"
)

// PanicError is the error of a call whose handler panicked.
type PanicError struct {
	// Message is the value of the panic as text.
	Message string
	// Stack is the stack of the goroutine at the panic.
	Stack []byte
	cause error
}

// Error gives the message, without the stack.
func (e *PanicError) Error() string { return "handler panicked: " + e.Message }

// Unwrap gives the value of the panic where that is an error.
func (e *PanicError) Unwrap() error { return e.cause }

// TimeoutError is the cause (context.Cause) of the context of a call that ran
// longer than Options.Timeout.
type TimeoutError struct {
	// Timeout is the limit that was exceeded.
	Timeout time.Duration
}

// Error says which limit was exceeded.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("the call ran longer than its timeout of %s", e.Timeout)
}
