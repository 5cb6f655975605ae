package report

import "time"

// Phase is what a stream is doing.
type Phase uint8

// The phases of a stream.
const (
	Idle      Phase = iota // Run was not called yet
	Listing                // the first snapshot is being read
	Streaming              // a watch is open and the snapshot is complete
	Resuming               // the watch ended, and is being opened again where it stopped
	Relisting              // the history was lost: a snapshot is being read and compared
	Polling                // the server cannot watch this: it is listed every while and compared
	Blocked                // the server refuses or cannot be reached; Reason and Message say why
	Stopped                // Run has returned
)

var phaseNames = [...]string{"idle", "listing", "streaming", "resuming", "relisting", "polling", "blocked", "stopped"}

// String returns the phase in lower case, as used in logs and metrics.
func (p Phase) String() string {
	if int(p) < len(phaseNames) {
		return phaseNames[p]
	}
	return "unknown"
}

// Phases returns all phases, in the order of their values, for metrics with a label for each.
func Phases() []Phase {
	return []Phase{Idle, Listing, Streaming, Resuming, Relisting, Polling, Blocked, Stopped}
}

// Reason says in one word why a stream did what it did: why it is blocked, opened a watch again, listed again
// or skipped a frame. The set is small and fixed, so that it can be a label of metrics.
type Reason string

// Why a watch was opened again.
const (
	ReasonCleanEnd   Reason = "clean_end"   // the server ended the watch at its timeout, which is routine
	ReasonShortWatch Reason = "short_watch" // the server ended the watch at once
	ReasonReadError  Reason = "read_error"  // the connection was cut
	ReasonDeadline   Reason = "deadline"    // the watch outlived what was asked for: the connection is dead
	ReasonIncomplete Reason = "incomplete"  // the watch ended inside its initial snapshot
	ReasonNextMedia  Reason = "next_media"  // the media type was refused and another one is tried
)

// Why a snapshot is read and compared.
const (
	ReasonStart        Reason = "start"         // the stream's first
	ReasonExpired      Reason = "expired"       // 410: the server's history does not reach back far enough
	ReasonPagesExpired Reason = "pages_expired" // 410 between the pages of a list
	ReasonRolledBack   Reason = "rolled_back"   // the server's resourceVersion went backwards
	ReasonUnverified   Reason = "unverified"    // whether it went backwards could not be found out
	ReasonNoWatchList  Reason = "no_watch_list" // the server cannot stream the snapshot: it is listed
	ReasonStalled      Reason = "stalled"       // the snapshot did not go on: it is listed
	ReasonPoll         Reason = "poll"          // the next poll of a resource that cannot be watched
	ReasonNoVersion    Reason = "no_rv"         // the server sends no resourceVersion: nothing to resume from
	ReasonReturned     Reason = "returned"      // the resource is served again
	ReasonUnconfirmed  Reason = "unconfirmed"   // a list contradicts an empty snapshot, or one that deletes all objects
	ReasonBadVersion   Reason = "bad_rv"        // the server does not understand the resourceVersion
	ReasonAheadOf      Reason = "rv_too_large"  // the server is behind the resourceVersion
	ReasonAudit        Reason = "audit"         // an audit found that the server lost events
	ReasonStoreRead    Reason = "store_read"    // the server could not read an object from its store
)

// Why a stream is blocked.
const (
	ReasonUnreachable  Reason = "unreachable"   // no answer: refused, DNS, TLS, reset, timeout
	ReasonThrottled    Reason = "throttled"     // 429
	ReasonServerError  Reason = "server_error"  // 5xx, among them a conversion webhook that is down
	ReasonUnauthorized Reason = "unauthorized"  // 401
	ReasonForbidden    Reason = "forbidden"     // 403
	ReasonNotServed    Reason = "not_served"    // 404: no such resource or version
	ReasonInvalid      Reason = "invalid"       // 400, 422: the declaration is wrong
	ReasonBadAnswer    Reason = "bad_answer"    // not what was asked for: a table, a web page
	ReasonTooLarge     Reason = "too_large"     // one event is larger than what is read
	ReasonNoMedia      Reason = "no_media_type" // 406 for every media type
	ReasonNotListable  Reason = "not_listable"  // 405 for lists and watches: it can only be created, as a TokenReview
	ReasonUnexpected   Reason = "unexpected"    // a status or an ERROR event that has no meaning here
)

// Why a frame was skipped.
const (
	ReasonReplayed    Reason = "replayed"     // not newer than what was delivered
	ReasonUnchanged   Reason = "unchanged"    // a snapshot showed what was known
	ReasonUnknownType Reason = "unknown_type" // an event type that this version does not know
	ReasonNoMetadata  Reason = "no_metadata"  // no name
	ReasonUndecodable Reason = "undecodable"  // the bytes are not an object
	ReasonUnknownGone Reason = "unknown_gone" // the deletion of an object that is not known
)

// State is what a stream is doing, and if it is blocked, why and what to do about it.
type State struct {
	Phase Phase
	// Reason is why the phase was entered; empty while all is well.
	Reason Reason
	// Message is for people: what the server said and what to do. Empty while all is well.
	Message string
	// Since is when the phase and reason began.
	Since time.Time
	// Synced is true once a first snapshot was complete, and stays true: what is known may be stale, but is whole.
	Synced bool
	// RV is the resourceVersion to resume from.
	RV string
	// Objects is how many objects the stream knows.
	Objects int
	// RetryAt is when the next attempt is due; zero if none is planned.
	RetryAt time.Time
	// Gone is true once the API server has not served the resource for two minutes (rule 41): the stream has reported all
	// known objects as deleted. It is false again after the next complete snapshot.
	Gone bool
}
