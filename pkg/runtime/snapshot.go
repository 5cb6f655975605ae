package runtime

import "github.com/ancho-dev/ancho/pkg/runtime/internal/observe"

// Snapshot is what a runtime does at one moment: what /debug shows, a page at a time.
type Snapshot = observe.Snapshot

// SnapshotTotals count what a Snapshot lists.
type SnapshotTotals = observe.SnapshotTotals

// StreamSnapshot is one stream of a Snapshot.
type StreamSnapshot = observe.StreamSnapshot

// BindingSnapshot is one binding of a Snapshot. Objects are named, never shown.
type BindingSnapshot = observe.BindingSnapshot

// RunningSnapshot is a call that runs.
type RunningSnapshot = observe.RunningSnapshot

// ParkedSnapshot is an object that is not tried again before it changes.
type ParkedSnapshot = observe.ParkedSnapshot
