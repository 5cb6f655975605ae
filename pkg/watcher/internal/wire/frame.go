package wire

import (
	"sync/atomic"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// EventType is the type field of a watch event as the server sends it. Items of a list are Listed.
type EventType uint8

// The event types of the watch protocol.
const (
	Unknown  EventType = iota // a type this version does not know: skipped and counted
	Added                     // ADDED
	Modified                  // MODIFIED
	Deleted                   // DELETED: gone, or no longer selected
	Bookmark                  // BOOKMARK: moves the resourceVersion, causes no call
	Error                     // ERROR: the object is a metav1.Status
	Listed                    // an item of a list
)

// Frame is one event of a watch, or one item of a list: the raw object and what a scan found in it. It is not
// changed while it is owned, and may be read by many goroutines.
//
// Whoever is handed a frame owns one reference to it. After the last Release, Raw and the strings of Meta are
// used again for another frame: what is to outlive that is copied before. A reference that is never released
// is safe, the collector then takes the frame as any other memory.
type Frame struct {
	Type     EventType
	Meta     Meta          // its strings may alias Raw
	Raw      []byte        // the object alone, without the event around it
	Encoding kind.Encoding // how Raw is written
	Cut      bool          // Raw went through CutManagedFields

	refs   atomic.Int32 // owners beyond the first
	buffer []byte       // what Raw lies in; nil for a frame that no pool gave
	class  int          // of the buffer
}

// Held is how many bytes of memory the frame's Raw keeps in use: the size of its buffer, which may be more than Raw has.
func (f *Frame) Held() int {
	return max(len(f.Raw), len(f.buffer))
}

// Retain adds an owner, who releases the frame too, or leaves it to the collector. It may be called by an owner
// only. On a nil frame it does nothing.
func (f *Frame) Retain() {
	if f != nil {
		f.refs.Add(1)
	}
}

// Release gives up one reference. After the last the frame and its buffer are used again. On a nil frame it does
// nothing.
func (f *Frame) Release() {
	if f != nil && f.refs.Add(-1) == -1 {
		f.recycle()
	}
}
