package watcher

import "github.com/ancho-dev/ancho/pkg/watcher/internal/report"

// What a stream reports: what it does and why, what happened to objects, and what metrics want to know.
type (
	// State is what a stream is doing, and if it is blocked, why and what to do about it.
	State = report.State
	// Phase is what a stream is doing.
	Phase = report.Phase
	// Reason says in one word why a stream did what it did: why it is blocked, opened a watch again, listed again
	// or skipped a frame. The set is small and fixed, so that it can be a label of metrics.
	Reason = report.Reason
	// Delta is one change of the set of objects that a stream watches.
	Delta = report.Delta
	// DeltaKind says what happened to an object of a stream: Upsert or Gone.
	DeltaKind = report.DeltaKind
	// Handler receives the changes of a stream. The stream calls its methods in the order of the wire, never two at
	// once, not always on the same goroutine. They must not block for long: after a few seconds the server may end the
	// watch as too slow. They must not call Stream.DoContext, which waits until they have returned.
	Handler = report.Handler
	// Observer receives what metrics need to know about a stream. Its methods are called one at a time, like a
	// Handler's, except Bytes, which is called where the response is read. They must be fast.
	Observer = report.Observer
	// NoObserver observes nothing. It can be embedded by an Observer that wants some of the calls only.
	NoObserver = report.NoObserver
)

// The two things that can happen to an object.
const (
	Upsert = report.Upsert // it is there, with this state: new or changed
	Gone   = report.Gone   // it is not in the stream's set any more
)

// The phases of a stream.
const (
	Idle      = report.Idle      // Run was not called yet
	Listing   = report.Listing   // the first snapshot is being read
	Streaming = report.Streaming // a watch is open and the snapshot is complete
	Resuming  = report.Resuming  // the watch ended, and is being opened again where it stopped
	Relisting = report.Relisting // the history was lost: a snapshot is being read and compared
	Polling   = report.Polling   // the server cannot watch this: it is listed every while and compared
	Blocked   = report.Blocked   // the server refuses or cannot be reached; Reason and Message say why
	Stopped   = report.Stopped   // Run has returned
)

// Why a watch was opened again.
const (
	ReasonCleanEnd   = report.ReasonCleanEnd   // the server ended the watch at its timeout, which is routine
	ReasonShortWatch = report.ReasonShortWatch // the server ended the watch at once
	ReasonReadError  = report.ReasonReadError  // the connection was cut
	ReasonDeadline   = report.ReasonDeadline   // the watch outlived what was asked for: the connection is dead
	ReasonIncomplete = report.ReasonIncomplete // the watch ended inside its initial snapshot
	ReasonNextMedia  = report.ReasonNextMedia  // the media type was refused and another one is tried
)

// Why a snapshot is read and compared.
const (
	ReasonStart        = report.ReasonStart        // the stream's first
	ReasonExpired      = report.ReasonExpired      // 410: the server's history does not reach back far enough
	ReasonPagesExpired = report.ReasonPagesExpired // 410 between the pages of a list
	ReasonRolledBack   = report.ReasonRolledBack   // the server's resourceVersion went backwards
	ReasonUnverified   = report.ReasonUnverified   // whether it went backwards could not be found out
	ReasonNoWatchList  = report.ReasonNoWatchList  // the server cannot stream the snapshot: it is listed
	ReasonStalled      = report.ReasonStalled      // the snapshot did not go on: it is listed
	ReasonPoll         = report.ReasonPoll         // the next poll of a resource that cannot be watched
	ReasonNoVersion    = report.ReasonNoVersion    // the server sends no resourceVersion: nothing to resume from
	ReasonReturned     = report.ReasonReturned     // the resource is served again
	ReasonUnconfirmed  = report.ReasonUnconfirmed  // a list contradicts an empty snapshot, or one that deletes all objects
	ReasonBadVersion   = report.ReasonBadVersion   // the server does not understand the resourceVersion
	ReasonAheadOf      = report.ReasonAheadOf      // the server is behind the resourceVersion
	ReasonAudit        = report.ReasonAudit        // an audit found that the server lost events
	ReasonStoreRead    = report.ReasonStoreRead    // the server could not read an object from its store
)

// Why a stream is blocked.
const (
	ReasonUnreachable  = report.ReasonUnreachable  // no answer: refused, DNS, TLS, reset, timeout
	ReasonThrottled    = report.ReasonThrottled    // 429
	ReasonServerError  = report.ReasonServerError  // 5xx, among them a conversion webhook that is down
	ReasonUnauthorized = report.ReasonUnauthorized // 401
	ReasonForbidden    = report.ReasonForbidden    // 403
	ReasonNotServed    = report.ReasonNotServed    // 404: no such resource or version
	ReasonInvalid      = report.ReasonInvalid      // 400, 422: the declaration is wrong
	ReasonBadAnswer    = report.ReasonBadAnswer    // not what was asked for: a table, a web page
	ReasonTooLarge     = report.ReasonTooLarge     // one event is larger than what is read
	ReasonNoMedia      = report.ReasonNoMedia      // 406 for every media type
	ReasonNotListable  = report.ReasonNotListable  // 405 for lists and watches: it can only be created, as a TokenReview
	ReasonUnexpected   = report.ReasonUnexpected   // a status or an ERROR event that has no meaning here
)

// Why a frame was skipped.
const (
	ReasonReplayed    = report.ReasonReplayed    // not newer than what was delivered
	ReasonUnchanged   = report.ReasonUnchanged   // a snapshot showed what was known
	ReasonUnknownType = report.ReasonUnknownType // an event type that this version does not know
	ReasonNoMetadata  = report.ReasonNoMetadata  // no name
	ReasonUndecodable = report.ReasonUndecodable // the bytes are not an object
	ReasonUnknownGone = report.ReasonUnknownGone // the deletion of an object that is not known
)

// Phases returns all phases, in the order of their values, for metrics with a label for each.
func Phases() []Phase { return report.Phases() }

// Missing is the Gone of an object that no event reported deleted: a comparison of two states found it missing. Its maker has to
// state whether the object may still exist and have left what the server selects (mayHaveLeft, see Target.Ambiguous). The
// entry is the one that was last delivered.
func Missing(e Entry, mayHaveLeft bool) Delta { return report.Missing(e, mayHaveLeft) }

// Replaced is the Gone of an object whose name another object has now: it was deleted, whatever the server selects.
func Replaced(e Entry, relist bool) Delta { return report.Replaced(e, relist) }
