package report

import (
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// Observer receives what metrics need to know about a stream. Its methods are called one at a time, like a Handler's,
// except Bytes, which is called where the response is read. They must be fast.
type Observer interface {
	// Frame is called for each whole frame, at the time it was taken up.
	Frame(t wire.EventType, at time.Time)
	// Bytes is called with the number of bytes read from a response, after decompression.
	Bytes(n int)
	// Reconnect is called when a watch is opened again where it stopped.
	Reconnect(why Reason)
	// Relist is called when a snapshot is read again.
	Relist(why Reason)
	// Skipped is called for each frame that reached no handler, other than bookmarks.
	Skipped(why Reason)
	// Forgot is called when a UID that was reported deleted is not remembered any more, to make room for another.
	Forgot()
	// Audited is called when an audit has ended, with the number of objects for which events were lost.
	Audited(differences int)
}

// NoObserver observes nothing. It can be embedded by an Observer that wants some of the calls only.
type NoObserver struct{}

// Frame does nothing.
func (NoObserver) Frame(wire.EventType, time.Time) {}

// Bytes does nothing.
func (NoObserver) Bytes(int) {}

// Reconnect does nothing.
func (NoObserver) Reconnect(Reason) {}

// Relist does nothing.
func (NoObserver) Relist(Reason) {}

// Skipped does nothing.
func (NoObserver) Skipped(Reason) {}

// Forgot does nothing.
func (NoObserver) Forgot() {}

// Audited does nothing.
func (NoObserver) Audited(int) {}

var _ Observer = NoObserver{}
