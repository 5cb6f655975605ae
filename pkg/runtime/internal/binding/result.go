package binding

import (
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/queue"
)

// resultOf translates what a callback returned for the queue: nil is Done, the errors of package capability are what
// they ask for, an object that does not decode waits for its next change, a conflict of the API server (409, anywhere in
// the chain) is a Conflict, and every other error is a Retry.
func resultOf(err error) queue.Result {
	if err == nil || capability.IsReleaseFinalizer(err) {
		return queue.Result{Outcome: queue.Done}
	}
	if after, ok := capability.IsRequeue(err); ok {
		return queue.Result{Outcome: queue.Requeue, After: after}
	}
	if capability.IsPermanent(err) {
		return queue.Result{Outcome: queue.Permanent, Err: err}
	}
	after, delayed := capability.RetryDelay(err)
	switch {
	case conflicts(err):
		return queue.Result{Outcome: queue.Conflict, After: after, Err: err}
	case delayed:
		return queue.Result{Outcome: queue.RetryAfter, After: after, Err: err}
	}
	return queue.Result{Outcome: queue.Retry, Err: err}
}

// conflicts reports whether the API server refused a write since the object had changed, which says that the callback
// read an older state. [apierrors.IsConflict] looks at the first answer of a server in the chain alone.
func conflicts(err error) bool {
	if apierrors.IsConflict(err) {
		return true
	}
	switch e := err.(type) { //nolint:errorlint // this is the unwrapping
	case interface{ Unwrap() error }:
		return conflicts(e.Unwrap())
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(e.Unwrap(), conflicts)
	}
	return false
}
