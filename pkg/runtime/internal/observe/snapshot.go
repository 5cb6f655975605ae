package observe

import (
	"time"

	"github.com/ancho-dev/ancho/internal/plaintext"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/replicas"
)

// Snapshot is what a runtime does at one moment: what /debug shows, a page at a time.
type Snapshot struct {
	// Totals count everything, also what is on other pages.
	Totals   SnapshotTotals    `json:"totals"`
	Streams  []StreamSnapshot  `json:"streams"`
	Bindings []BindingSnapshot `json:"bindings"`
	// LeaderElection is nil where there is none.
	LeaderElection *replicas.LeaderSnapshot `json:"leaderElection,omitempty"`
	// Continue asks /debug for the next page; empty: this is the last one.
	Continue string `json:"continue,omitempty"`
}

// SnapshotTotals count what a Snapshot lists.
type SnapshotTotals struct {
	Streams  int `json:"streams"`
	Bindings int `json:"bindings"`
	Running  int `json:"running"` // calls
	Parked   int `json:"parked"`  // objects
}

// StreamSnapshot is one stream of a Snapshot.
type StreamSnapshot struct {
	Stream          string     `json:"stream"`
	Phase           string     `json:"phase"`
	Reason          string     `json:"reason,omitempty"`
	Message         string     `json:"message,omitempty"`
	Since           time.Time  `json:"since"`
	Synced          bool       `json:"synced"`
	ResourceVersion string     `json:"resourceVersion,omitempty"`
	Objects         int        `json:"objects"` // that it knows
	RetryAt         *time.Time `json:"retryAt,omitempty"`
}

// BindingSnapshot is one binding of a Snapshot. Objects are named, never shown.
type BindingSnapshot struct {
	Binding  string `json:"binding"` // capability/binding
	Action   string `json:"action"`
	Declared string `json:"declared"` // file:line
	Waiting  int    `json:"waiting"`
	Retrying int    `json:"retrying"`
	Requeued int    `json:"requeued"`
	// Undecided is the number of pending deletions: objects that left the selection or were deleted, and Ancho does not know
	// yet which.
	Undecided int `json:"undecided"`
	// RunningTotal and ParkedTotal count the calls that run and the parked objects, also those on other pages.
	RunningTotal int               `json:"runningTotal"`
	ParkedTotal  int               `json:"parkedTotal"`
	Running      []RunningSnapshot `json:"running,omitempty"`
	Parked       []ParkedSnapshot  `json:"parked,omitempty"`
}

// RunningSnapshot is a call that runs.
type RunningSnapshot struct {
	Object  string    `json:"object"`
	Action  string    `json:"action"` // Reconcile, Watch, or Finalize for a cleanup
	Event   string    `json:"event"`
	Attempt int       `json:"attempt"`
	Since   time.Time `json:"since"`
}

// ParkedSnapshot is an object that is not tried again before it changes.
type ParkedSnapshot struct {
	Object   string    `json:"object"`
	Event    string    `json:"event"`
	Attempts int       `json:"attempts"`
	Since    time.Time `json:"since"`
	Error    string    `json:"error"`
}

func streamSnapshot(s StreamStatus) StreamSnapshot {
	row := StreamSnapshot{
		Stream: s.Stream, Phase: s.State.Phase.String(), Reason: string(s.State.Reason), Message: plaintext.Bound(s.State.Message),
		Since: s.State.Since, Synced: s.State.Synced, ResourceVersion: s.State.RV, Objects: s.State.Objects,
	}
	if at := s.State.RetryAt; !at.IsZero() {
		row.RetryAt = &at
	}
	return row
}
