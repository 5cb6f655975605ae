package machine

import (
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

// classifyError decides on an ERROR event: a refusal that comes inside an answer of 200.
func classifyError(in input) action {
	switch {
	case in.code == http.StatusGone, in.status == metav1.StatusReasonExpired, in.status == metav1.StatusReasonGone:
		return expired(in) // 18
	case in.status == metav1.StatusReasonStoreReadError: // 50
		return action{do: doRelist, reason: report.ReasonStoreRead, pause: pauseBackoff}
	case in.ask == askWatch && in.code >= 500 && !in.tooLarge && (in.again > 0 || in.here > 0):
		// The same error at the same place: resuming would meet it for ever.
		return action{do: doRelist, reason: report.ReasonServerError, pause: pauseBackoff, block: in.again >= snapshotTries}
	case in.ask == askSnapshot && (in.code == http.StatusBadRequest || in.code == http.StatusUnprocessableEntity): // 4
		return invalid(in)
	case in.aboutPlace() && in.code < 500:
		return notUnderstood(in)
	case in.ask == askSnapshot && in.code >= 500 && in.again >= snapshotTries:
		return action{do: doFallback, reason: report.ReasonServerError, pause: pauseBackoff, block: true}
	default:
		return classifyStatus(in)
	}
}

// aboutPlace says whether a refusal may be about where the watch begins or what it comes to there, so that going on from
// the same resourceVersion would meet it again: any that is not about rights, load or the resource itself.
func (in *input) aboutPlace() bool {
	switch in.code {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests,
		http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone:
		return false
	case http.StatusNotAcceptable, http.StatusUnsupportedMediaType:
		return in.what == gotError && in.here > 0 // the first time another media type is tried
	}
	return in.what == gotError || in.what == gotStatus && in.code >= 400 && in.code < 500
}

// notUnderstood: 57, an ERROR event that says nothing known, or a client error that has no meaning at this place.
func notUnderstood(in input) action {
	a := action{do: doRetry, reason: report.ReasonUnexpected, pause: pauseBackoff, block: in.again >= snapshotTries-1}
	switch {
	case in.ask == askWatch && in.here > 0:
		a.do = doRelist
	case in.ask == askSnapshot && in.failures >= snapshotTries-1:
		a.do = doFallback
	case in.ask == askHead:
		a.do, a.reason = doRelist, report.ReasonUnverified
	case in.ask == askList && in.page > 0: // it may be the token
		a.do = doRestartPages
	}
	return a
}

// classifyStatus decides on a refusal.
func classifyStatus(in input) action {
	switch {
	case in.ask == askProof && refusesLists(in.code): // 58
		return proofRefused()
	case in.code == http.StatusGone: // 10, 17
		return expired(in)
	case in.tooLarge:
		return ahead(in)
	case in.code == http.StatusTooManyRequests && in.webhook: // 51
		return action{do: doRetry, reason: report.ReasonServerError, pause: pauseAfter, after: in.after, block: true}
	case in.code == http.StatusTooManyRequests: // 37
		return action{do: doRetry, reason: report.ReasonThrottled, pause: pauseAfter, after: in.after, block: true}
	case in.code == http.StatusUnauthorized:
		return unauthorized(in)
	case in.code == http.StatusForbidden:
		return forbidden(in)
	case in.code == http.StatusNotFound: // 41
		return action{do: doDiscover, reason: report.ReasonNotServed}
	case in.code == http.StatusMethodNotAllowed:
		return notAllowed(in)
	case in.code == http.StatusNotAcceptable, in.code == http.StatusUnsupportedMediaType:
		return notAcceptable(in)
	case in.code == http.StatusBadRequest, in.code == http.StatusUnprocessableEntity:
		return invalid(in)
	case in.code >= 500:
		return serverError(in)
	case in.ask == askWatch && in.here > 0, in.ask == askHead, in.ask == askSnapshot && in.again >= snapshotTries-1:
		a := notUnderstood(in)
		a.block = in.ask != askHead
		return a
	default:
		return action{do: doRetry, reason: report.ReasonUnexpected, pause: pauseAfter, after: in.after, block: true}
	}
}

// refusesLists says whether the status is about the right or the way to list.
func refusesLists(code int32) bool {
	return code == http.StatusForbidden || code == http.StatusMethodNotAllowed || code == http.StatusBadRequest || code == http.StatusUnprocessableEntity
}

// expired: the history that was asked for is gone.
func expired(in input) action {
	wait := pauseJitter
	if in.again > 0 {
		wait = pauseBackoff
	}
	if in.ask == askList && in.page > 0 { // 10: the token it offers would give a list of two times
		return action{do: doRestartPages, reason: report.ReasonPagesExpired, pause: wait}
	}
	return action{do: doRelist, reason: report.ReasonExpired, pause: wait}
}

// ahead: 15, the server has not seen our resourceVersion yet, or never will.
func ahead(in input) action {
	if in.ask == askWatch && in.again > 0 {
		return action{do: doRelist, reason: report.ReasonAheadOf, pause: pauseBackoff}
	}
	return action{do: doRetry, reason: report.ReasonAheadOf, pause: pauseAfter, after: in.after, block: in.again > 0}
}

// unauthorized: 39, a rotated token is worth one try at once.
func unauthorized(in input) action {
	if in.again == 0 {
		return action{do: doRetry, reason: report.ReasonUnauthorized}
	}
	return action{do: doRetry, reason: report.ReasonUnauthorized, pause: pauseBackoff, block: true}
}

// forbidden: 40. Who may watch but not list cannot ask for the head, and reads a snapshot to be sure.
func forbidden(in input) action {
	if in.ask == askHead {
		return action{do: doRelist, reason: report.ReasonUnverified}
	}
	return action{do: doRetry, reason: report.ReasonForbidden, pause: pauseBackoff, block: true}
}

// notAllowed: 4 and 42.
func notAllowed(in input) action {
	switch in.ask {
	case askSnapshot:
		return action{do: doFallback, reason: report.ReasonNoWatchList}
	case askWatch:
		return action{do: doPoll, reason: report.ReasonPoll}
	case askHead:
		return action{do: doRelist, reason: report.ReasonUnverified}
	default: // it can be neither watched nor listed; that is seldom an odd answer, and changes seldom
		a := action{do: doRetry, reason: report.ReasonNotListable, pause: pauseBackoff, block: true}
		if in.again >= snapshotTries-1 {
			a.pause = pauseSlow
		}
		return a
	}
}

// notAcceptable: 43.
func notAcceptable(in input) action {
	if in.noMedia {
		return action{do: doRetry, reason: report.ReasonNoMedia, pause: pauseBackoff, block: true}
	}
	return action{do: doNextMedia, reason: report.ReasonNextMedia}
}

// invalid: 4 and 44. One refusal is no verdict, and neither is one that did not come from an API server. What the server
// once accepted is tried again: a custom resource lost the field that it was selected by, or the resourceVersion is what
// is not accepted. A custom resource may gain the field; only the fields of built-in kinds stay as they are.
func invalid(in input) action {
	a := action{do: doRetry, reason: report.ReasonInvalid, pause: pauseBackoff, block: true}
	switch {
	case in.ask == askSnapshot: // it may be the snapshot that is not understood: a list will tell
		return action{do: doFallback, reason: report.ReasonNoWatchList}
	case in.ask == askList && in.page > 0: // the token
		return action{do: doRestartPages, reason: report.ReasonPagesExpired, pause: pauseBackoff}
	case in.ask == askHead:
		return action{do: doRelist, reason: report.ReasonUnverified, pause: pauseBackoff}
	case in.ask == askWatch && in.here > 0:
		a.do = doRelist
	case in.synced, !in.formal, in.status == metav1.StatusReasonUnknown, in.again == 0:
	case in.custom, !in.selects:
		a.pause = pauseSlow
	default:
		a.pause = pauseForever
	}
	return a
}

// serverError: 28, 38 and 51.
func serverError(in input) action {
	unexplained := in.code == http.StatusInternalServerError && in.status == metav1.StatusReasonUnknown
	if unexplained && in.ask == askWatch && in.again > 0 {
		return action{do: doRelist, reason: report.ReasonBadVersion, pause: pauseBackoff}
	}
	if in.ask == askSnapshot && in.again >= unservedTries { // perhaps a list is served
		return action{do: doFallback, reason: report.ReasonServerError, pause: pauseBackoff, block: true}
	}
	return action{do: doRetry, reason: report.ReasonServerError, pause: pauseAfter, after: in.after, block: true}
}
