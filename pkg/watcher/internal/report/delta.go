package report

import (
	"github.com/ancho-dev/ancho/pkg/watcher/internal/index"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// DeltaKind says what happened to an object of a stream.
type DeltaKind uint8

// The two things that can happen to an object.
const (
	Upsert DeltaKind = iota // it is there, with this state: new or changed
	Gone                    // it is not in the stream's set any more
)

// String returns "upsert" or "gone".
func (k DeltaKind) String() string {
	if k == Gone {
		return "gone"
	}
	return "upsert"
}

// Delta is one change of the set of objects that a stream watches.
type Delta struct {
	// Kind is what happened.
	Kind DeltaKind
	// Frame is the object as it crossed the wire: the state after an Upsert, the last state for a Gone. It is nil
	// for a Gone without an event: one found by a list, by discovery, or by another UID under the same name.
	// It is the stream's: a handler that keeps it after Handle returned calls its Retain.
	Frame *wire.Frame
	// Entry is the object's place in the index, already brought up to date; for a Gone it has just been taken
	// out of the index, and is only good until Handle returns.
	Entry index.Entry
	// New says that an Upsert is the first one for this UID on this stream.
	New bool
	// Initial says that the stream is in its first sync, and the object may have existed before it began.
	Initial bool
	// Relist says that a new list found the change, not an event.
	Relist bool
	// Reread says of an Upsert that the object has the resourceVersion that was delivered before, and reads differently:
	// the definition of a custom resource has another default or conversion now. Only a snapshot shows that.
	Reread bool
	// Ambiguous says of a Gone that the object may also exist and only have left what the server selects.
	Ambiguous bool
}

// Handler receives the changes of a stream. The stream calls its methods in the order of the wire, never two at
// once, not always on the same goroutine. They must not block for long: after a few seconds the server may end the
// watch as too slow. They must not call Stream.DoContext, which waits until they have returned.
type Handler interface {
	// Handle is called for each change.
	Handle(Delta)
	// Synced is called when a snapshot is complete: everything the server had at resourceVersion rv was delivered, and
	// so were the deletions found by comparing. Relist is false the first time only.
	Synced(rv string, relist bool)
	// StateChanged is called when the phase, the reason, the message or Gone of the state changed.
	StateChanged(State)
}
