package capability

// Outcome is what came of a call.
type Outcome string

// The outcomes, as metrics label them.
const (
	// OutcomeDone: the callback returned nil.
	OutcomeDone Outcome = "done"
	// OutcomeRequeue: it returned [RequeueAfter], which is no failure.
	OutcomeRequeue Outcome = "requeue"
	// OutcomeRetry: it failed, and is called again after the binding's backoff.
	OutcomeRetry Outcome = "retry"
	// OutcomeRetryAfter: it returned [RetryAfter].
	OutcomeRetryAfter Outcome = "retry_after"
	// OutcomePermanent: it returned [Permanent], or the object does not decode.
	OutcomePermanent Outcome = "permanent"
	// OutcomeDrop: there was nothing to call for: the object no longer matches, or was deleted.
	OutcomeDrop Outcome = "drop"
	// OutcomePostpone: the call was not made yet, since something that it needs could not be read or written.
	OutcomePostpone Outcome = "postpone"
	// OutcomeConflict: it failed with a conflict (409) of the API server, which does not count towards MaxAttempts.
	OutcomeConflict Outcome = "conflict"
)
