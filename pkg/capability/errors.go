package capability

import (
	"fmt"
	"time"
)

type requeueError struct{ after time.Duration }

func (e *requeueError) Error() string { return fmt.Sprintf("call again after %s", e.after) }

type retryError struct {
	after time.Duration
	err   error
}

func (e *retryError) Error() string { return fmt.Sprintf("%v (try again after %s)", e.err, e.after) }
func (e *retryError) Unwrap() error { return e.err }

type permanentError struct{ err error }

func (e *permanentError) Error() string { return fmt.Sprintf("%v (not to be tried again)", e.err) }
func (e *permanentError) Unwrap() error { return e.err }

// RequeueAfter tells the runtime to call again for this object after d, though nothing changed. It is
// no failure: nothing is logged and no attempt is counted. A d of zero or less is due at once.
//
// A reason may be wrapped around it: fmt.Errorf("waiting for the volume: %w", RequeueAfter(d)). Joined
// with another error it loses its meaning, and the whole is a failure.
func RequeueAfter(d time.Duration) error { return &requeueError{after: max(d, 0)} }

// RetryAfter says that the call failed with err and is to be tried again after d instead of after the
// binding's backoff, which is what a d of zero or less leaves it at. What ends a backoff, such as a new
// generation or a trigger, ends d. It returns nil if err is nil.
func RetryAfter(d time.Duration, err error) error {
	if err == nil {
		return nil
	}
	return &retryError{after: max(d, 0), err: err}
}

// Permanent says that the call failed with err and that trying again is of no use: the object is
// called for again only when it changes in a way that the binding's steps let through, or a trigger wakes it. It returns nil if err is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err: err}
}

// IsRequeue reports whether err came from [RequeueAfter], alone or as the single wrapped cause of
// other errors, and after which time to call again.
func IsRequeue(err error) (time.Duration, bool) {
	if e, ok := marker(err).(*requeueError); ok { //nolint:errorlint // marker has unwrapped it
		return e.after, true
	}
	return 0, false
}

// RetryDelay reports whether err came from [RetryAfter], alone or as the single wrapped cause of other errors, and after which
// delay the call is made again; zero leaves it to the binding's backoff.
func RetryDelay(err error) (time.Duration, bool) {
	if e, ok := marker(err).(*retryError); ok { //nolint:errorlint // marker has unwrapped it
		return e.after, true
	}
	return 0, false
}

// IsPermanent reports whether Ancho does not retry a call that returned err: it came from [Permanent], or is a [DecodeError],
// alone or as the single wrapped cause of other errors.
func IsPermanent(err error) bool {
	switch marker(err).(type) { //nolint:errorlint // marker has unwrapped it
	case *permanentError, *DecodeError:
		return true
	}
	return false
}

// marker finds the outermost error of err's chain that says how to go on, or nil. Where several
// errors are joined there is no chain: what one of them asks for does not hold for the others.
func marker(err error) error {
	for err != nil {
		switch err.(type) { //nolint:errorlint // this is the unwrapping
		case *requeueError, *retryError, *permanentError, *releaseError, *DecodeError:
			return err
		}
		switch e := err.(type) { //nolint:errorlint // this is the unwrapping
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			err = only(e.Unwrap())
		default:
			return nil
		}
	}
	return nil
}

// only returns the single error of a list.
func only(errs []error) error {
	if len(errs) == 1 {
		return errs[0]
	}
	return nil
}

// DecodeError says that an object does not decode into the Go type of its kind. Trying again gives
// the same, so the object is passed over until it changes.
type DecodeError struct {
	// Key is the object: "namespace/name", or its name alone where there are no namespaces.
	Key string
	// Type is the Go type, such as "*v1.Secret".
	Type string
	// Path is the field that does not decode, empty where it is not known.
	Path string
	// Err is what the decoder said. It holds no value of the object.
	Err error
}

// Error implements error.
func (e *DecodeError) Error() string { return fmt.Sprintf("object %s: %v", e.Key, e.Err) }

// Unwrap gives what the decoder said.
func (e *DecodeError) Unwrap() error { return e.Err }
