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

// RequeueAfter makes Ancho call again for this object after d, even if it does not change. It is not a failure: Ancho
// logs nothing and counts no attempt. A d of zero or less is due at once.
//
// You can wrap a reason around it: fmt.Errorf("waiting for the volume: %w", RequeueAfter(d)). Joined with another
// error it loses its meaning, and the call failed.
func RequeueAfter(d time.Duration) error { return &requeueError{after: max(d, 0)} }

// RetryAfter reports that the call failed with err, and makes Ancho retry after d instead of the binding's backoff.
// With a d of zero or less the backoff applies. Whatever ends a backoff early, such as a new generation or a trigger,
// also ends d. It returns nil if err is nil.
func RetryAfter(d time.Duration, err error) error {
	if err == nil {
		return nil
	}
	return &retryError{after: max(d, 0), err: err}
}

// Permanent reports that the call failed with err and that retrying is useless. Ancho calls again only when the object
// changes in a way that passes the binding's steps, or when a trigger calls for it. It returns nil if err is nil.
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

// DecodeError reports that an object does not decode into the Go type of its kind. A retry would fail the same way, so
// Ancho skips the object until it changes.
type DecodeError struct {
	// Key is the object: "namespace/name", or the name alone if the kind is cluster-scoped.
	Key string
	// Type is the Go type, such as "*v1.Secret".
	Type string
	// Path is the field that does not decode, or empty if it is not known.
	Path string
	// Err is the decoder's error. It contains no value of the object.
	Err error
}

// Error implements error.
func (e *DecodeError) Error() string { return fmt.Sprintf("object %s: %v", e.Key, e.Err) }

// Unwrap returns the decoder's error.
func (e *DecodeError) Unwrap() error { return e.Err }
