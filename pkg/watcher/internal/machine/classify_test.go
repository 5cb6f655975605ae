package machine

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/index"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// ruleRow is one row of the table: the number of a rule of the protocol, what happens, what is done.
type ruleRow struct {
	name string
	in   input
	want action
}

const (
	oldWatch = 7 * time.Minute
	bad      = metav1.StatusReasonBadRequest
)

// ruleRows has a row for each rule that is a decision; the others have a test called TestRuleNN.
var ruleRows = []ruleRow{
	{"03 a snapshot refused as invalid is listed", input{what: gotStatus, ask: askSnapshot, code: 422, status: metav1.StatusReasonInvalid},
		action{do: doFallback, reason: report.ReasonNoWatchList}},
	{"04 a snapshot refused as a bad request is listed", input{what: gotStatus, ask: askSnapshot, code: 400, status: bad},
		action{do: doFallback, reason: report.ReasonNoWatchList}},
	{"04 a snapshot refused as a method is listed", input{what: gotStatus, ask: askSnapshot, code: 405},
		action{do: doFallback, reason: report.ReasonNoWatchList}},
	{"04 a snapshot refused inside a 200 is listed", input{what: gotError, ask: askSnapshot, code: 400, status: bad},
		action{do: doFallback, reason: report.ReasonNoWatchList}},
	{"05 no end bookmark in time", input{what: gotStall, ask: askSnapshot, lived: time.Minute, frames: 9},
		action{do: doFallback, reason: report.ReasonStalled}},
	{"06 a snapshot that ends early is read again", input{what: gotEnd, ask: askSnapshot, lived: oldWatch, frames: 3},
		action{do: doRelist, reason: report.ReasonIncomplete, pause: pauseBackoff}},
	{"06 a snapshot that is cut is read again", input{what: gotCut, ask: askSnapshot, tries: 1},
		action{do: doRelist, reason: report.ReasonIncomplete, pause: pauseBackoff}},
	{"06 the third time it is listed", input{what: gotCut, ask: askSnapshot, tries: 2},
		action{do: doFallback, reason: report.ReasonIncomplete}},
	{"06 a snapshot that outlives its timeout counts as cut", input{what: gotDeadline, ask: askSnapshot, tries: 2},
		action{do: doFallback, reason: report.ReasonIncomplete}},
	{"07 the end bookmark gives the version", input{what: gotFrame, ask: askSnapshot, event: wire.Bookmark, endMark: true, hasRV: true},
		action{do: doFinish}},
	{"07 an initial event is delivered", input{what: gotFrame, ask: askSnapshot, event: wire.Added, named: true, hasRV: true},
		action{do: doDeliver}},
	{"08 another bookmark ends nothing", input{what: gotFrame, ask: askSnapshot, event: wire.Bookmark, hasRV: true},
		action{do: doSkip}},
	{"08 a late end bookmark is a bookmark", input{what: gotFrame, ask: askWatch, event: wire.Bookmark, endMark: true, hasRV: true},
		action{do: doMoveRV}},
	{"09 an item without a kind is an item", input{what: gotFrame, ask: askList, event: wire.Listed, named: true, hasRV: true},
		action{do: doDeliver}},
	{"10 expired between pages", input{what: gotStatus, ask: askList, page: 1, code: 410, status: metav1.StatusReasonExpired},
		action{do: doRestartPages, reason: report.ReasonPagesExpired, pause: pauseJitter}},
	{"10 and once more", input{what: gotStatus, ask: askList, page: 1, code: 410, again: 1},
		action{do: doRestartPages, reason: report.ReasonPagesExpired, pause: pauseBackoff}},
	{"10 the token itself is refused", input{what: gotStatus, ask: askList, page: 1, code: 400, status: bad},
		action{do: doRestartPages, reason: report.ReasonPagesExpired, pause: pauseBackoff}},
	{"13 a page with a token", input{what: gotPage, ask: askList, more: true, hasRV: true}, action{do: doNextPage}},
	{"14 the ten thousandth page", input{what: gotPage, ask: askList, page: 10000, more: true, hasRV: true}, action{do: doNextPage}},
	{"14 but not the same page for ever", input{what: gotPage, ask: askList, page: 3, more: true, sameToken: true, hasRV: true},
		action{do: doRestartPages, reason: report.ReasonBadAnswer, pause: pauseBackoff}},
	{"14 the last page", input{what: gotPage, ask: askList, page: 3, hasRV: true}, action{do: doFinish}},
	{"15 too large a version on a list", input{what: gotStatus, ask: askList, code: 504, tooLarge: true, after: time.Second},
		action{do: doRetry, reason: report.ReasonAheadOf, pause: pauseAfter, after: time.Second}},
	{"15 too large a version inside a 200", input{what: gotError, ask: askSnapshot, code: 504, tooLarge: true, after: time.Second, again: 1},
		action{do: doRetry, reason: report.ReasonAheadOf, pause: pauseAfter, after: time.Second, block: true}},
	{"15 too large a version on a watch", input{what: gotError, ask: askWatch, code: 504, tooLarge: true, after: time.Second},
		action{do: doRetry, reason: report.ReasonAheadOf, pause: pauseAfter, after: time.Second}},
	{"15 and once more: without a version", input{what: gotError, ask: askWatch, code: 504, tooLarge: true, again: 1},
		action{do: doRelist, reason: report.ReasonAheadOf, pause: pauseBackoff}},
	{"17 a watch refused with 410", input{what: gotStatus, ask: askWatch, code: 410, status: metav1.StatusReasonExpired},
		action{do: doRelist, reason: report.ReasonExpired, pause: pauseJitter}},
	{"17 again and again", input{what: gotStatus, ask: askWatch, code: 410, again: 3},
		action{do: doRelist, reason: report.ReasonExpired, pause: pauseBackoff}},
	{"18 ERROR 410 Expired", input{what: gotError, ask: askWatch, code: 410, status: metav1.StatusReasonExpired},
		action{do: doRelist, reason: report.ReasonExpired, pause: pauseJitter}},
	{"18 ERROR 410 Gone", input{what: gotError, ask: askWatch, code: 410, status: metav1.StatusReasonGone},
		action{do: doRelist, reason: report.ReasonExpired, pause: pauseJitter}},
	{"18 ERROR with a reason and no code", input{what: gotError, ask: askWatch, status: metav1.StatusReasonExpired},
		action{do: doRelist, reason: report.ReasonExpired, pause: pauseJitter}},
	{"21 a bookmark", input{what: gotFrame, ask: askWatch, event: wire.Bookmark, hasRV: true}, action{do: doMoveRV}},
	{"21 a bookmark of nothing", input{what: gotFrame, ask: askWatch, event: wire.Bookmark}, action{do: doSkip, reason: report.ReasonNoMetadata}},
	{"22 clean end", input{what: gotEnd, ask: askWatch, lived: oldWatch, frames: 1}, action{do: doResume, reason: report.ReasonCleanEnd}},
	{"23 end in mid-frame", input{what: gotCut, ask: askWatch, lived: time.Minute, frames: 1},
		action{do: doResume, reason: report.ReasonReadError, pause: pauseJitter}},
	{"24 a very short watch", input{what: gotEnd, ask: askWatch, lived: time.Millisecond},
		action{do: doResume, reason: report.ReasonShortWatch, pause: pauseBackoff}},
	{"24 a very short watch with an event", input{what: gotEnd, ask: askWatch, lived: time.Millisecond, frames: 1, again: 9},
		action{do: doResume, reason: report.ReasonShortWatch, pause: pauseBackoff}},
	{"24 many silent ones", input{what: gotEnd, ask: askWatch, lived: time.Millisecond, again: 3},
		action{do: doCheckRollback, reason: report.ReasonShortWatch, pause: pauseBackoff}},
	{"24 a very short watch that is cut", input{what: gotCut, ask: askWatch, lived: time.Millisecond},
		action{do: doResume, reason: report.ReasonReadError, pause: pauseBackoff}},
	{"25 a whole watch of silence", input{what: gotEnd, ask: askWatch, lived: oldWatch},
		action{do: doCheckRollback, reason: report.ReasonCleanEnd}},
	{"25 silence over many cut watches", input{what: gotCut, ask: askWatch, lived: time.Minute, quiet: 16 * time.Minute},
		action{do: doCheckRollback, reason: report.ReasonReadError, pause: pauseJitter}},
	{"25 the head is behind", input{what: gotHead, ask: askHead, rv: index.OrderBehind}, action{do: doRelist, reason: report.ReasonRolledBack}},
	{"25 the head is the same", input{what: gotHead, ask: askHead, rv: index.OrderSame}, action{do: doResume, reason: report.ReasonCleanEnd}},
	{"25 the head is ahead", input{what: gotHead, ask: askHead, rv: index.OrderAhead}, action{do: doResume, reason: report.ReasonCleanEnd}},
	{"25 the head may not be asked for", input{what: gotStatus, ask: askHead, code: 403}, action{do: doRelist, reason: report.ReasonUnverified}},
	{"25 the head cannot be asked for", input{what: gotStatus, ask: askHead, code: 405}, action{do: doRelist, reason: report.ReasonUnverified}},
	{"26 the head does not compare", input{what: gotHead, ask: askHead, rv: index.OrderUnknown}, action{do: doRelist, reason: report.ReasonUnverified}},
	{"28 a 500 without reason, on a version", input{what: gotStatus, ask: askWatch, code: 500},
		action{do: doRetry, reason: report.ReasonServerError, pause: pauseAfter, block: true}},
	{"28 and once more", input{what: gotStatus, ask: askWatch, code: 500, again: 1},
		action{do: doRelist, reason: report.ReasonBadVersion, pause: pauseBackoff}},
	{"28 a 500 without reason, on a first request", input{what: gotStatus, ask: askSnapshot, code: 500, again: 5},
		action{do: doRetry, reason: report.ReasonServerError, pause: pauseAfter, block: true}},
	{"29 a watch that outlives its timeout", input{what: gotDeadline, ask: askWatch, lived: 10 * time.Minute, quiet: 10 * time.Minute},
		action{do: doResume, reason: report.ReasonDeadline, pause: pauseJitter}},
	{"30 reset", input{what: gotCut, ask: askWatch, lived: time.Minute}, action{do: doResume, reason: report.ReasonReadError, pause: pauseJitter}},
	{"30 reset in a list", input{what: gotCut, ask: askList, page: 4}, action{do: doRetry, reason: report.ReasonUnreachable, pause: pauseBackoff}},
	{"31 refused", input{what: gotNoAnswer, ask: askWatch}, action{do: doRetry, reason: report.ReasonUnreachable, pause: pauseBackoff}},
	{"31 refused again", input{what: gotNoAnswer, ask: askWatch, again: 1},
		action{do: doRetry, reason: report.ReasonUnreachable, pause: pauseBackoff, block: true}},
	{"31 a list that stands still", input{what: gotStall, ask: askList},
		action{do: doRetry, reason: report.ReasonUnreachable, pause: pauseBackoff, block: true}},
	{"37 throttled", input{what: gotStatus, ask: askWatch, code: 429, after: 7 * time.Second},
		action{do: doRetry, reason: report.ReasonThrottled, pause: pauseAfter, after: 7 * time.Second, block: true}},
	{"37 throttled inside a 200", input{what: gotError, ask: askSnapshot, code: 429, after: time.Second},
		action{do: doRetry, reason: report.ReasonThrottled, pause: pauseAfter, after: time.Second, block: true}},
	{"38 unavailable", input{what: gotStatus, ask: askWatch, code: 503, status: metav1.StatusReasonServiceUnavailable, again: 9},
		action{do: doRetry, reason: report.ReasonServerError, pause: pauseAfter, block: true}},
	{"38 a 500 with a reason", input{what: gotStatus, ask: askWatch, code: 500, status: metav1.StatusReasonInternalError, again: 9},
		action{do: doRetry, reason: report.ReasonServerError, pause: pauseAfter, block: true}},
	{"38 ERROR 500 that comes back at the same place", input{what: gotError, ask: askWatch, code: 500, status: metav1.StatusReasonInternalError, again: 1},
		action{do: doRelist, reason: report.ReasonServerError, pause: pauseBackoff}},
	{"39 unauthorized", input{what: gotStatus, ask: askWatch, code: 401}, action{do: doRetry, reason: report.ReasonUnauthorized}},
	{"39 unauthorized again", input{what: gotStatus, ask: askWatch, code: 401, again: 1},
		action{do: doRetry, reason: report.ReasonUnauthorized, pause: pauseBackoff, block: true}},
	{"40 forbidden", input{what: gotStatus, ask: askWatch, code: 403, status: metav1.StatusReasonForbidden},
		action{do: doRetry, reason: report.ReasonForbidden, pause: pauseBackoff, block: true}},
	{"41 not found", input{what: gotStatus, ask: askWatch, code: 404}, action{do: doDiscover, reason: report.ReasonNotServed}},
	{"41 another version is served", input{what: gotDiscovery, ask: askDiscovery, anyVersion: true},
		action{do: doAwait, reason: report.ReasonNotServed, pause: pauseBackoff, block: true}},
	{"41 served after all", input{what: gotDiscovery, ask: askDiscovery, served: true, anyVersion: true},
		action{do: doAwait, reason: report.ReasonNotServed, pause: pauseBackoff, block: true}},
	{"41 discovery fails", input{what: gotDiscovery, ask: askDiscovery, failed: true},
		action{do: doAwait, reason: report.ReasonNotServed, pause: pauseBackoff, block: true}},
	{"41 no version is served", input{what: gotDiscovery, ask: askDiscovery, absent: absentFor - 1},
		action{do: doAwait, reason: report.ReasonNotServed, pause: pauseBackoff, block: true}},
	{"41 no version is served for two minutes", input{what: gotDiscovery, ask: askDiscovery, absent: 2 * time.Minute},
		action{do: doForget, reason: report.ReasonNotServed, pause: pauseBackoff, block: true}},
	{"42 a watch is not allowed", input{what: gotStatus, ask: askWatch, code: 405}, action{do: doPoll, reason: report.ReasonPoll}},
	{"42 nor is a list", input{what: gotStatus, ask: askList, code: 405},
		action{do: doRetry, reason: report.ReasonNotListable, pause: pauseBackoff, block: true}},
	{"42 nor is a list, three times", input{what: gotStatus, ask: askList, code: 405, again: 2},
		action{do: doRetry, reason: report.ReasonNotListable, pause: pauseSlow, block: true}},
	{"42 it is time to try a watch", input{what: gotPage, ask: askList, polling: true, retest: true, hasRV: true},
		action{do: doFinishAndRetest}},
	{"42 but from nothing there is none", input{what: gotPage, ask: askList, polling: true, retest: true},
		action{do: doFinishAndPoll, reason: report.ReasonPoll}},
	{"42 the next list of many", input{what: gotPage, ask: askList, polling: true, hasRV: true},
		action{do: doFinishAndPoll, reason: report.ReasonPoll}},
	{"43 not acceptable", input{what: gotStatus, ask: askWatch, code: 406}, action{do: doNextMedia, reason: report.ReasonNextMedia}},
	{"43 unsupported media type", input{what: gotStatus, ask: askList, code: 415}, action{do: doNextMedia, reason: report.ReasonNextMedia}},
	{"43 nothing is acceptable", input{what: gotStatus, ask: askWatch, code: 406, noMedia: true},
		action{do: doRetry, reason: report.ReasonNoMedia, pause: pauseBackoff, block: true}},
	{"44 a bad selector, once", input{what: gotStatus, ask: askList, code: 400, status: bad, formal: true, selects: true},
		action{do: doRetry, reason: report.ReasonInvalid, pause: pauseBackoff, block: true}},
	{"44 a bad selector", input{what: gotStatus, ask: askList, code: 400, status: bad, formal: true, selects: true, again: 1},
		action{do: doRetry, reason: report.ReasonInvalid, pause: pauseForever, block: true}},
	{"44 of a custom resource", input{what: gotStatus, ask: askList, code: 400, status: bad, formal: true, selects: true, custom: true, again: 1},
		action{do: doRetry, reason: report.ReasonInvalid, pause: pauseSlow, block: true}},
	{"44 without a selector", input{what: gotStatus, ask: askList, code: 400, status: bad, formal: true, again: 1},
		action{do: doRetry, reason: report.ReasonInvalid, pause: pauseSlow, block: true}},
	{"44 not in a Status", input{what: gotStatus, ask: askList, code: 400, status: bad, selects: true, again: 9},
		action{do: doRetry, reason: report.ReasonInvalid, pause: pauseBackoff, block: true}},
	{"44 at a place", input{what: gotStatus, ask: askWatch, code: 400, status: bad, formal: true, synced: true, here: 1},
		action{do: doRelist, reason: report.ReasonInvalid, pause: pauseBackoff, block: true}},
	{"44 once accepted", input{what: gotStatus, ask: askWatch, code: 400, status: bad, synced: true},
		action{do: doRetry, reason: report.ReasonInvalid, pause: pauseBackoff, block: true}},
	{"44 a proxy's bad request", input{what: gotStatus, ask: askList, code: 400},
		action{do: doRetry, reason: report.ReasonInvalid, pause: pauseBackoff, block: true}},
	{"46 DELETED is delivered", input{what: gotFrame, ask: askWatch, event: wire.Deleted, named: true, hasRV: true}, action{do: doDeliver}},
	{"48 a frame that is not understood", input{what: gotBadFrame, ask: askWatch}, action{do: doSkip, reason: report.ReasonUndecodable}},
	{"49 an unknown type", input{what: gotFrame, ask: askWatch, event: wire.Unknown, named: true, hasRV: true},
		action{do: doSkip, reason: report.ReasonUnknownType}},
	{"49 no metadata", input{what: gotFrame, ask: askWatch, event: wire.Modified}, action{do: doSkip, reason: report.ReasonNoMetadata}},
	{"50 StoreReadError", input{what: gotError, ask: askWatch, code: 500, status: metav1.StatusReasonStoreReadError},
		action{do: doRelist, reason: report.ReasonStoreRead, pause: pauseBackoff}},
	{"51 a conversion webhook is down", input{what: gotStatus, ask: askList, code: 500, status: metav1.StatusReasonInternalError},
		action{do: doRetry, reason: report.ReasonServerError, pause: pauseAfter, block: true}},
	{"51 a conversion webhook is down, throttled", input{what: gotStatus, ask: askSnapshot, code: 429, webhook: true, after: time.Second},
		action{do: doRetry, reason: report.ReasonServerError, pause: pauseAfter, after: time.Second, block: true}},
	{"53 a table", input{what: gotBadAnswer, ask: askList}, action{do: doRetry, reason: report.ReasonBadAnswer, pause: pauseBackoff, block: true}},
	{"53 a table, three times", input{what: gotBadAnswer, ask: askList, again: 2},
		action{do: doNextMedia, reason: report.ReasonBadAnswer, pause: pauseBackoff}},
	{"53 a table, whatever is asked for", input{what: gotBadAnswer, ask: askList, again: 2, noMedia: true},
		action{do: doRetry, reason: report.ReasonBadAnswer, pause: pauseBackoff, block: true}},
	{"53 a broken watch", input{what: gotBadAnswer, ask: askWatch, corrupt: true},
		action{do: doRetry, reason: report.ReasonBadAnswer, pause: pauseBackoff, block: true}},
	{"53 a watch broken at the same place", input{what: gotBadAnswer, ask: askWatch, corrupt: true, again: 1},
		action{do: doRelist, reason: report.ReasonBadAnswer, pause: pauseBackoff}},
	{"53 a frame that is too large", input{what: gotTooLarge, ask: askWatch},
		action{do: doRetry, reason: report.ReasonTooLarge, pause: pauseBackoff, block: true}},
	{"53 and is still there", input{what: gotTooLarge, ask: askWatch, again: 1},
		action{do: doRelist, reason: report.ReasonTooLarge, pause: pauseBackoff, block: true}},
	{"56 an end bookmark without a version", input{what: gotFrame, ask: askSnapshot, event: wire.Bookmark, endMark: true},
		action{do: doFallback, reason: report.ReasonNoVersion}},
	{"56 a list without a version", input{what: gotPage, ask: askList}, action{do: doFinishAndPoll, reason: report.ReasonNoVersion}},
	{"56 a version after all", input{what: gotPage, ask: askList, polling: true, noVersion: true, hasRV: true},
		action{do: doFinishAndRetest}},
	{"57 an ERROR of nothing", input{what: gotError, ask: askWatch},
		action{do: doRetry, reason: report.ReasonUnexpected, pause: pauseBackoff}},
	{"57 and at the same place", input{what: gotError, ask: askWatch, here: 1},
		action{do: doRelist, reason: report.ReasonUnexpected, pause: pauseBackoff}},
	{"57 whatever it said before", input{what: gotError, ask: askWatch, code: 418, here: 1},
		action{do: doRelist, reason: report.ReasonUnexpected, pause: pauseBackoff}},
	{"57 too old a version in other words", input{what: gotError, ask: askWatch, code: 400, status: bad, here: 1},
		action{do: doRelist, reason: report.ReasonUnexpected, pause: pauseBackoff}},
	{"57 no media type twice", input{what: gotError, ask: askWatch, code: 406, here: 1},
		action{do: doRelist, reason: report.ReasonUnexpected, pause: pauseBackoff}},
	{"57 forbidden at the same place", input{what: gotError, ask: askWatch, code: 403, here: 5, again: 5},
		action{do: doRetry, reason: report.ReasonForbidden, pause: pauseBackoff, block: true}},
	{"57 in a snapshot", input{what: gotError, ask: askSnapshot, failures: 1},
		action{do: doRetry, reason: report.ReasonUnexpected, pause: pauseBackoff}},
	{"57 again in a snapshot", input{what: gotError, ask: askSnapshot, again: 2, failures: 2},
		action{do: doFallback, reason: report.ReasonUnexpected, pause: pauseBackoff, block: true}},
	{"57 a status of its own at the same place", input{what: gotStatus, ask: askWatch, code: 418, here: 1},
		action{do: doRelist, reason: report.ReasonUnexpected, pause: pauseBackoff, block: true}},
	{"57 an ERROR 500 in every snapshot", input{what: gotError, ask: askSnapshot, code: 500, again: 3},
		action{do: doFallback, reason: report.ReasonServerError, pause: pauseBackoff, block: true}},
	{"59 the fifth watch of nothing", input{what: gotEnd, ask: askWatch, lived: time.Millisecond, again: 4, empty: 5},
		action{do: doCheckRollback, reason: report.ReasonBadAnswer, pause: pauseBackoff, block: true}},
	{"59 the fifth that is cut", input{what: gotCut, ask: askWatch, lived: time.Millisecond, empty: 5},
		action{do: doResume, reason: report.ReasonBadAnswer, pause: pauseBackoff, block: true}},
	{"59 a quiet watch that lasts", input{what: gotCut, ask: askWatch, lived: shortWatch, empty: 0},
		action{do: doResume, reason: report.ReasonReadError, pause: pauseJitter}},
	{"25 the head fails for long", input{what: gotStatus, ask: askHead, code: 503, again: 3},
		action{do: doRelist, reason: report.ReasonUnverified, pause: pauseBackoff}},
	{"25 the head does not answer for long", input{what: gotNoAnswer, ask: askHead, again: 3},
		action{do: doRetry, reason: report.ReasonUnreachable, pause: pauseBackoff, block: true}},
	{"25 the head is not understood", input{what: gotStatus, ask: askHead, code: 400, status: bad, synced: true},
		action{do: doRelist, reason: report.ReasonUnverified, pause: pauseBackoff}},
	{"43 a media type that is tested again", input{what: gotBadAnswer, ask: askWatch, corrupt: true, suspect: true},
		action{do: doNextMedia, reason: report.ReasonBadAnswer, pause: pauseBackoff}},
}

func TestClassify(t *testing.T) {
	for _, row := range ruleRows {
		t.Run(row.name, func(t *testing.T) {
			if got := classify(row.in); got != row.want {
				t.Errorf("classify(%+v)\n got %+v\nwant %+v", row.in, got, row.want)
			}
		})
	}
}

// Whatever a server answers, the stream goes on: nothing but a wrong declaration ends in a wait for ever, and
// no refusal is met with an attempt at once more than once.
func TestClassifyAnyStatus(t *testing.T) {
	for code := int32(100); code < 600; code++ {
		for _, ask := range []request{askSnapshot, askList, askWatch, askHead} {
			for _, what := range []happening{gotStatus, gotError} {
				a := classify(input{what: what, ask: ask, code: code, again: 5, synced: true, noMedia: true})
				if a.pause == pauseForever {
					t.Errorf("status %d on %d ends in a wait for ever", code, ask)
				}
				if a.reason == "" {
					t.Errorf("status %d on %d has no reason", code, ask)
				}
				changes := a.do == doFallback || a.do == doDiscover || a.do == doPoll || a.do == doRelist
				if a.pause == pauseNone && !changes {
					t.Errorf("status %d on %d is tried again without a pause", code, ask)
				}
			}
		}
	}
}
