package watcher

import (
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// Frame is one event of a watch or one item of a list: the raw bytes of the object and the metadata that a
// scan found in them. It is not changed while somebody owns it, and may be shared by many readers; its memory is
// used again after the last owner's Release.
type Frame = wire.Frame

// Meta is the metadata of an object, as scanned from its raw bytes. Its strings are good as long as the frame is
// owned; what is kept longer is cloned.
type Meta = wire.Meta

// Owner is one entry of an object's ownerReferences.
type Owner = wire.Owner

// EventType is the type field of a watch event; items of a list have one of their own.
type EventType = wire.EventType

// The types for reading answers.
type (
	// Pair is one label or annotation.
	Pair = wire.Pair
	// Pairs are labels or annotations.
	Pairs = wire.Pairs
	// ListMeta is what a watcher needs of a list's metadata.
	ListMeta = wire.ListMeta
	// ReaderOptions are the settings of the readers of an answer.
	ReaderOptions = wire.ReaderOptions
	// WatchReader reads the events of an answer to a watch request.
	WatchReader = wire.WatchReader
	// ListReader reads the items of an answer to a list request.
	ListReader = wire.ListReader
	// BadFrameError says that one frame could not be understood and was skipped.
	BadFrameError = wire.BadFrameError
)

// The types of frames.
const (
	Unknown  = wire.Unknown
	Added    = wire.Added
	Modified = wire.Modified
	Deleted  = wire.Deleted
	Bookmark = wire.Bookmark
	Error    = wire.Error
	Listed   = wire.Listed
)

// CutManagedFields removes metadata.managedFields from an object, in place, and returns the shortened raw.
// If the bytes are not as the API server writes them, it returns them unchanged. Do not pass the bytes of a
// frame, because its metadata refers to them: copy them first.
func CutManagedFields(raw []byte, enc kind.Encoding) []byte { return wire.CutManagedFields(raw, enc) }

// CompareRV compares two resourceVersions of one resource: negative when a is older than b, 0 when they are
// equal. ok is false when either is not a number, which some aggregated servers send; then only equality
// says anything (KEP-5504).
func CompareRV(a, b string) (order int, ok bool) { return wire.CompareRV(a, b) }

// NewFrame makes a frame of the raw bytes of an object, which are not changed afterwards, and scans its metadata. cut says
// that managedFields were taken out of them. Nothing pools it: its Retain and Release need not be called.
func NewFrame(raw []byte, enc kind.Encoding, cut bool) (*Frame, error) {
	f := &Frame{Type: wire.Listed, Raw: raw, Encoding: enc, Cut: cut}
	if err := wire.Scan(raw, enc, &f.Meta); err != nil {
		return nil, err
	}
	return f, nil
}
