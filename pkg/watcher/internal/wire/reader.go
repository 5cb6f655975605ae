package wire

import (
	"errors"
	"io"
)

// DefaultMaxFrame is the size in bytes above which a frame is refused when ReaderOptions gives no other.
const DefaultMaxFrame = 16 << 20

// ReaderOptions are the settings of a reader. The zero value is ready to use.
type ReaderOptions struct {
	// MaxFrame is the largest frame that is accepted, in bytes; 0 means DefaultMaxFrame. For a watch a
	// frame is the whole event, for a list one item.
	MaxFrame int
	// Bytes, when not nil, is called with the number of bytes of each read from the server, on the
	// goroutine that calls Next.
	Bytes func(n int)
	// CutManagedFields has metadata.managedFields taken out of each object before it is scanned, where it is
	// written as the API server writes it.
	CutManagedFields bool
}

// A WatchReader reads the events of one answer to a watch request. It is used by one goroutine at a time.
type WatchReader interface {
	// Next returns the next event. It returns io.EOF when the answer ended between two events, an error
	// that is io.ErrUnexpectedEOF when it ended inside one, a *FrameTooLargeError or a *CorruptError when
	// nothing more can be read, and whatever reading failed with. After a *BadFrameError, and only then,
	// Next may be called again: that one event is skipped. The caller owns one reference to the frame.
	Next() (*Frame, error)
}

// A ListReader reads the items of one answer to a list request as they arrive. It is used by one
// goroutine at a time.
type ListReader interface {
	// Next returns the next item, of type Listed. io.EOF says that the whole list was read and was a
	// list; the other errors are as of WatchReader, and *NotAListError. The caller owns one reference to
	// the frame.
	Next() (*Frame, error)
	// Meta is the metadata of the list: complete once Next has returned io.EOF, and not before.
	Meta() ListMeta
}

// ListMeta is what a watcher needs of a list's metadata.
type ListMeta struct {
	ResourceVersion string
	Continue        string
	Remaining       int64 // remainingItemCount; 0 when the server did not say
}

// The media types that are read.
const (
	mediaJSON     = "application/json"
	mediaProtobuf = "application/vnd.kubernetes.protobuf"
	mediaCBOR     = "application/cbor"     // one data item
	mediaCBORSeq  = "application/cbor-seq" // one after the other: a watch
)

// NewWatchReader returns the reader for a watch answered with this Content-Type. The first bytes decide how it is read:
// as JSON, protobuf or CBOR, whatever the Content-Type says, which may be missing or malformed. One that names another type,
// such as HTML, is an *UnsupportedMediaError, and so are Tables and single CBOR documents. A document in place of events is
// a *NotAWatchError of Next.
func NewWatchReader(contentType string, r io.Reader, opts ReaderOptions) (WatchReader, error) {
	if err := checkType(contentType, mediaJSON, mediaProtobuf, mediaCBORSeq); err != nil {
		return nil, err
	}
	return &watchReader{contentType: contentType, in: newMeter(r, opts)}, nil
}

// watchReader is a WatchReader that finds out with the first bytes which one it is.
type watchReader struct {
	contentType string
	in          *meter
	is          WatchReader // once known
}

// Next implements WatchReader.
func (w *watchReader) Next() (*Frame, error) {
	if w.is == nil {
		if err := w.begin(); err != nil {
			w.is = ended{err}
		}
	}
	return w.is.Next()
}

func (w *watchReader) begin() error {
	h := begin(w.in.r)
	if kind, ok := documentOf(h.data); ok {
		return h.document(kind)
	}
	w.in.r = h
	switch shapeOf(h.data, w.contentType) {
	case shapeJSON:
		w.is = newJSONWatch(w.in)
	case shapeProtobuf:
		w.is = newProtobufWatch(w.in)
	case shapeCBOR:
		w.is = newCBORWatch(w.in)
	default:
		return &CorruptError{Err: errNoShape(h.data)}
	}
	return nil
}

// ended is a reader of nothing.
type ended struct{ err error }

// Next implements WatchReader and ListReader.
func (e ended) Next() (*Frame, error) { return nil, e.err }

// Meta implements ListReader.
func (ended) Meta() ListMeta { return ListMeta{} }

// NewListReader returns the reader for a list answered with this Content-Type, as NewWatchReader does: JSON, protobuf
// or CBOR. An answer without a byte is ErrEmpty of Next.
func NewListReader(contentType string, r io.Reader, opts ReaderOptions) (ListReader, error) {
	if err := checkType(contentType, mediaJSON, mediaProtobuf, mediaCBOR); err != nil {
		return nil, err
	}
	return &listReader{contentType: contentType, in: newMeter(r, opts)}, nil
}

// listReader is a ListReader that finds out with the first bytes which one it is.
type listReader struct {
	contentType string
	in          *meter
	is          ListReader // once known
}

// Next implements ListReader.
func (l *listReader) Next() (*Frame, error) {
	if l.is == nil {
		if err := l.begin(); err != nil {
			l.is = ended{err}
		}
	}
	return l.is.Next()
}

// Meta implements ListReader.
func (l *listReader) Meta() ListMeta {
	if l.is == nil {
		return ListMeta{}
	}
	return l.is.Meta()
}

func (l *listReader) begin() error {
	h := begin(l.in.r)
	if len(h.data) == 0 && errors.Is(h.err, io.EOF) {
		return ErrEmpty
	}
	l.in.r = h
	switch shapeOf(h.data, l.contentType) {
	case shapeJSON:
		l.is = newJSONList(l.in)
	case shapeProtobuf:
		l.is = newProtobufList(l.in)
	case shapeCBOR:
		l.is = newCBORList(l.in)
	default:
		return &CorruptError{Err: errNoShape(h.data)}
	}
	return nil
}

// meter counts what is read and, for a decoder that buffers a whole frame before it says anything, bounds how
// much that can be.
type meter struct {
	r     io.Reader
	bytes func(int)
	cut   bool  // take out managedFields
	max   int64 // the largest frame
	total int64 // bytes read so far
	stop  int64 // bytes after which reading fails; 0: never
}

func newMeter(r io.Reader, opts ReaderOptions) *meter {
	limit := opts.MaxFrame
	if limit <= 0 {
		limit = DefaultMaxFrame
	}
	return &meter{r: r, bytes: opts.Bytes, cut: opts.CutManagedFields, max: int64(limit)}
}

// frame says that a frame begins at this offset, and bounds what can be read from there on.
func (m *meter) frame(offset int64) { m.stop = offset + m.max }

// Read implements io.Reader; over the bound it fails with a *FrameTooLargeError.
func (m *meter) Read(p []byte) (int, error) {
	if m.stop > 0 {
		left := m.stop - m.total
		if left <= 0 {
			return 0, &FrameTooLargeError{Limit: m.max}
		}
		p = p[:min(int64(len(p)), left)]
	}
	n, err := m.r.Read(p)
	m.total += int64(n)
	if m.bytes != nil && n > 0 {
		m.bytes(n)
	}
	return n, err
}
