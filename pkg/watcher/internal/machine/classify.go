package machine

import (
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/index"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// This file and classify_status.go hold every decision of a stream as one pure function: what happened and the
// little context that matters go in, what to do comes out. The numbers are the rules of docs on the protocol;
// the table test has a row for each.

const (
	// shortWatch is the life below which a watch counts as a failure of the server to serve one.
	shortWatch = 5 * time.Second
	// emptyTries is how many watches in a row may end at once without anything (rule 59).
	emptyTries = 5
	// unservedTries is how many 5xx in a row make a streamed snapshot be read as a list.
	unservedTries = 6
	// snapshotTries is how often a snapshot may be cut off before it is read as a list.
	snapshotTries = 3
	// rollbackAfter is how long nothing may be heard over several cut watches before the server is asked
	// whether its resourceVersion went backwards. One watch that ends as it should, and not early, is asked about at once.
	rollbackAfter = 15 * time.Minute
	// mediaTries is how many unreadable answers count as a refusal of the media type: a proxy may send one.
	mediaTries = 2
)

// request is what was asked of the server.
type request uint8

const (
	askSnapshot  request = iota // a watch that begins with all objects
	askList                     // a page of a list
	askWatch                    // a watch from a resourceVersion
	askHead                     // one item, for the list's resourceVersion
	askDiscovery                // whether the resource is served
	askProof                    // one item, to verify a snapshot
)

// happening is what came of it.
type happening uint8

const (
	gotFrame     happening = iota // an event or item
	gotBadFrame                   // one that could not be understood; reading goes on
	gotStatus                     // an answer that is a refusal
	gotError                      // an ERROR event inside an answer
	gotNoAnswer                   // the request failed on the way
	gotBadAnswer                  // an answer that cannot be read: its media type, its kind, its encoding
	gotTooLarge                   // a frame above the limit
	gotEnd                        // the watch ended between two frames
	gotCut                        // the answer broke off
	gotStall                      // a snapshot or list did not begin or did not go on
	gotDeadline                   // a watch did not end when it should have
	gotPage                       // a page of a list is complete
	gotSnapshot                   // a streamed snapshot is complete, and its answer is of no more use
	gotHead                       // the head of a list is there
	gotDiscovery                  // discovery was answered, or failed
	gotWanted                     // the watch is open, and a snapshot is wanted
	gotProof                      // a list of one item contradicts a snapshot
)

// input is what classify looks at. Fields that do not belong to what happened are zero.
type input struct {
	what happening
	ask  request

	// of a refusal or an ERROR event
	code     int32
	status   metav1.StatusReason
	tooLarge bool          // the cause "resource version too large"
	after    time.Duration // Retry-After; 0 if the server did not say
	noMedia  bool          // no media type is left to ask for; also of an answer that cannot be read
	corrupt  bool          // an answer broke its encoding, rather than being of a wrong type
	suspect  bool          // this media type was refused before, and was asked for again to see whether it still is
	webhook  bool          // the message is about a conversion webhook
	formal   bool          // the body was a Status of the API, and not just text or something like one
	custom   bool          // the resource may come from a CustomResourceDefinition, which can change
	selects  bool          // the target has a selector

	// of a frame
	event   wire.EventType
	endMark bool // the bookmark that ends a snapshot
	named   bool // it has the metadata that an object must have
	hasRV   bool // also of a page: the list has a resourceVersion

	// of a list
	page      int  // pages that were complete before
	more      bool // there is a continue token
	sameToken bool // the same one that was sent
	polling   bool // the list is one of many
	retest    bool // and it is time to see whether the resource can be watched by now
	noVersion bool // and the reason was that lists had no resourceVersion

	// of a watch that ended
	lived  time.Duration // since it was opened
	frames int           // events and bookmarks that it brought
	quiet  time.Duration // since the last frame of this or an earlier watch
	early  bool          // it lived for less than half of the time asked for

	wanted report.Reason // of gotWanted

	// of the rollback check and of discovery
	rv         index.Order
	served     bool          // the resource is served as declared
	anyVersion bool          // some version of it is
	failed     bool          // the question was not answered
	streamed   bool          // of a gotProof: the snapshot was streamed
	absent     time.Duration // for how long every answer has been that no version is served

	// what went before
	again    int  // how often the very same happened in a row, without success
	here     int  // how often watches from this resourceVersion were refused before, in whatever words
	failures int  // failures of all sorts since the stream made progress
	empty    int  // watches in a row that ended at once and brought nothing, this one included
	tries    int  // attempts of this snapshot that were cut off before
	synced   bool // a snapshot was complete once
}

// verb is what to do.
type verb uint8

const (
	doDeliver         verb = iota // compare with the index and tell the handler
	doSkip                        // count it, go on
	doMoveRV                      // note the bookmark's resourceVersion
	doFinish                      // the snapshot is complete: tell the deletions, go on with the watch
	doFinishAndPoll               // the same, and list again after a while
	doFinishAndRetest             // the same, and see whether a watch works by now
	doNextPage                    // go on with the list
	doRestartPages                // begin the list again, without pages
	doResume                      // watch from the last resourceVersion
	doRelist                      // read a snapshot
	doFallback                    // read the snapshot as a list
	doPoll                        // list from now on instead of watching
	doNextMedia                   // the same again, in another media type
	doCheckRollback               // ask for the head of the list
	doDiscover                    // ask discovery
	doRetry                       // the same again
	doForget                      // tell that all objects are gone, then wait for the resource
	doAwait                       // wait for the resource, keep what is known
)

// pause is what to wait for before doing it.
type pause uint8

const (
	pauseNone    pause = iota
	pauseJitter        // a random part of a second, so that many streams do not come at once
	pauseBackoff       // longer with every failure
	pauseAfter         // what the server asked for, or backoff if it did not
	pauseSlow          // minutes: what has to change first changes seldom
	pauseForever       // nothing but a new declaration helps
)

// action is what classify answers.
type action struct {
	do     verb
	reason report.Reason
	pause  pause
	after  time.Duration
	block  bool // the stream is blocked until the next attempt succeeds
}

// classify decides. It is pure.
func classify(in input) action {
	if headFails(in) {
		return action{do: doRelist, reason: report.ReasonUnverified, pause: pauseBackoff}
	}
	switch in.what {
	case gotFrame:
		return classifyFrame(in)
	case gotBadFrame: // 48
		return action{do: doSkip, reason: report.ReasonUndecodable}
	case gotStatus:
		return classifyStatus(in)
	case gotError:
		return classifyError(in)
	case gotNoAnswer: // 31: one failure is a hiccup, two are an outage
		return action{do: doRetry, reason: report.ReasonUnreachable, pause: pauseBackoff, block: in.again > 0}
	case gotBadAnswer:
		return classifyBadAnswer(in)
	case gotTooLarge:
		return classifyTooLarge(in)
	case gotEnd:
		return classifyEnd(in)
	case gotCut:
		return classifyCut(in, report.ReasonReadError)
	case gotDeadline: // 29
		return classifyCut(in, report.ReasonDeadline)
	case gotStall:
		return classifyStall(in)
	case gotSnapshot:
		return action{do: doFinish}
	case gotWanted: // 63
		return action{do: doRelist, reason: in.wanted}
	case gotPage:
		return classifyPage(in)
	case gotHead:
		return classifyHead(in)
	case gotProof:
		return classifyProof(in)
	default:
		return classifyDiscovery(in)
	}
}

// headFails says whether the head of the list was refused several times in a row, which may be so where watches work.
func headFails(in input) bool {
	refused := in.what == gotBadAnswer || in.what == gotStatus && in.code != http.StatusTooManyRequests
	return in.ask == askHead && in.again >= snapshotTries && refused
}

func classifyFrame(in input) action {
	switch {
	case in.event == wire.Bookmark && in.endMark && in.ask == askSnapshot:
		if !in.hasRV { // 56: nothing to resume from; a list will show whether there ever is
			return action{do: doFallback, reason: report.ReasonNoVersion}
		}
		return action{do: doFinish} // 7, 8
	case in.event == wire.Bookmark && in.ask == askSnapshot:
		return action{do: doSkip} // 8: not the end, and a snapshot is resumed by none but its last bookmark
	case in.event == wire.Bookmark && in.hasRV:
		return action{do: doMoveRV} // 21
	case in.event == wire.Bookmark:
		return action{do: doSkip, reason: report.ReasonNoMetadata}
	case in.event == wire.Unknown: // 49
		return action{do: doSkip, reason: report.ReasonUnknownType}
	case !in.named: // 49
		return action{do: doSkip, reason: report.ReasonNoMetadata}
	default:
		return action{do: doDeliver} // 9, 46, 47
	}
}

// classifyBadAnswer: 53, and answers that break their encoding.
func classifyBadAnswer(in input) action {
	switch {
	case in.suspect && !in.noMedia: // it is still refused
		return action{do: doNextMedia, reason: report.ReasonBadAnswer, pause: pauseBackoff}
	case in.corrupt && in.ask == askWatch && in.again > 2*mediaTries && !in.noMedia: // snapshots do not help
		return action{do: doNextMedia, reason: report.ReasonBadAnswer, pause: pauseBackoff}
	case in.corrupt && in.ask == askWatch && in.again > 0: // it comes back at the same place: go around it
		return action{do: doRelist, reason: report.ReasonBadAnswer, pause: pauseBackoff}
	case in.again >= mediaTries && !in.noMedia:
		return action{do: doNextMedia, reason: report.ReasonBadAnswer, pause: pauseBackoff}
	default:
		return action{do: doRetry, reason: report.ReasonBadAnswer, pause: pauseBackoff, block: true}
	}
}

// classifyTooLarge: resuming meets the same event again, a snapshot only if the object is still as large.
func classifyTooLarge(in input) action {
	if in.ask == askWatch && in.again > 0 {
		return action{do: doRelist, reason: report.ReasonTooLarge, pause: pauseBackoff, block: true}
	}
	return action{do: doRetry, reason: report.ReasonTooLarge, pause: pauseBackoff, block: true}
}

// classifyEnd: a watch ended as watches do.
func classifyEnd(in input) action {
	switch {
	case in.ask == askSnapshot:
		return incomplete(in)
	case in.lived < shortWatch && in.frames > 0: // 24
		return action{do: doResume, reason: report.ReasonShortWatch, pause: pauseBackoff}
	case in.lived < shortWatch && in.again < snapshotTries:
		return empty(in, action{do: doResume, reason: report.ReasonShortWatch, pause: pauseBackoff})
	case in.lived < shortWatch:
		return empty(in, action{do: doCheckRollback, reason: report.ReasonShortWatch, pause: pauseBackoff})
	case in.frames == 0 && (!in.early || in.quiet >= rollbackAfter): // 25
		return action{do: doCheckRollback, reason: report.ReasonCleanEnd}
	default: // 22
		return action{do: doResume, reason: report.ReasonCleanEnd}
	}
}

// classifyCut: the connection broke, or is dead and did not tell.
func classifyCut(in input, why report.Reason) action {
	switch {
	case in.ask == askSnapshot:
		return incomplete(in)
	case in.ask != askWatch: // the same page again: what came of it is known already
		return action{do: doRetry, reason: report.ReasonUnreachable, pause: pauseBackoff, block: in.again > 0}
	case in.quiet >= rollbackAfter: // 25, behind a proxy that lets no watch live
		return action{do: doCheckRollback, reason: why, pause: pauseJitter}
	case in.lived < shortWatch && in.frames == 0:
		return empty(in, action{do: doResume, reason: why, pause: pauseBackoff})
	default: // 23, 29, 30
		return action{do: doResume, reason: why, pause: pauseJitter}
	}
}

// empty: 59. A watch that ends at once and brings nothing is a hiccup; many in a row are none, even if each begins
// with a status of 200.
func empty(in input, a action) action {
	if in.empty >= emptyTries {
		a.reason, a.block = report.ReasonBadAnswer, true
	}
	return a
}

// incomplete: 6.
func incomplete(in input) action {
	if in.tries+1 < snapshotTries {
		return action{do: doRelist, reason: report.ReasonIncomplete, pause: pauseBackoff}
	}
	return action{do: doFallback, reason: report.ReasonIncomplete}
}

// classifyStall: 5; also an old server that ignores the wish for a snapshot (4).
func classifyStall(in input) action {
	if in.ask == askSnapshot {
		return action{do: doFallback, reason: report.ReasonStalled}
	}
	return action{do: doRetry, reason: report.ReasonUnreachable, pause: pauseBackoff, block: true}
}

func classifyPage(in input) action {
	switch {
	case in.more && in.sameToken: // a server that turns in circles
		return action{do: doRestartPages, reason: report.ReasonBadAnswer, pause: pauseBackoff}
	case in.more: // 11, 13, 14
		return action{do: doNextPage}
	case in.polling && in.hasRV && (in.noVersion || in.retest): // 42: no conclusion is for good
		return action{do: doFinishAndRetest}
	case in.polling:
		return action{do: doFinishAndPoll, reason: report.ReasonPoll}
	case !in.hasRV: // 56
		return action{do: doFinishAndPoll, reason: report.ReasonNoVersion}
	default:
		return action{do: doFinish}
	}
}

// classifyHead: 25 and 26.
func classifyHead(in input) action {
	switch in.rv {
	case index.OrderBehind:
		return action{do: doRelist, reason: report.ReasonRolledBack}
	case index.OrderUnknown:
		return action{do: doRelist, reason: report.ReasonUnverified}
	default:
		return action{do: doResume, reason: report.ReasonCleanEnd}
	}
}

// classifyDiscovery: 41. That no version is served has to last.
func classifyDiscovery(in input) action {
	if in.failed || in.served || in.anyVersion || in.absent < absentFor {
		return action{do: doAwait, reason: report.ReasonNotServed, pause: pauseBackoff, block: true}
	}
	return action{do: doForget, reason: report.ReasonNotServed, pause: pauseBackoff, block: true}
}
