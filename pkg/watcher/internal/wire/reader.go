package wire

import (
	"io"
	"mime"
	"strings"
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
	// list; the other errors are those of WatchReader, and *NotAListError. The caller owns one reference to
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

// NewWatchReader returns the reader for a watch answered with this Content-Type: JSON, with or without
// the parameter stream=watch, protobuf with it, or a sequence of CBOR. Any other is an *UnsupportedMediaError, so are Tables.
func NewWatchReader(contentType string, r io.Reader, opts ReaderOptions) (WatchReader, error) {
	media, params, err := parseMedia(contentType)
	if err != nil {
		return nil, err
	}
	in := newMeter(r, opts)
	switch {
	case media == mediaJSON:
		return newJSONWatch(in), nil
	case media == mediaProtobuf && params["stream"] == "watch":
		return newProtobufWatch(in), nil
	case media == mediaCBORSeq:
		return newCBORWatch(in), nil
	}
	return nil, &UnsupportedMediaError{ContentType: contentType}
}

// NewListReader returns the reader for a list answered with this Content-Type: JSON, protobuf or CBOR. Any
// other is an *UnsupportedMediaError, so are Tables.
func NewListReader(contentType string, r io.Reader, opts ReaderOptions) (ListReader, error) {
	media, _, err := parseMedia(contentType)
	if err != nil {
		return nil, err
	}
	in := newMeter(r, opts)
	switch media {
	case mediaJSON:
		return newJSONList(in), nil
	case mediaProtobuf:
		return newProtobufList(in), nil
	case mediaCBOR:
		return newCBORList(in), nil
	}
	return nil, &UnsupportedMediaError{ContentType: contentType}
}

// parseMedia splits a Content-Type and refuses Tables.
func parseMedia(contentType string) (media string, params map[string]string, err error) {
	media, params, err = mime.ParseMediaType(contentType)
	if err != nil || strings.EqualFold(params["as"], "Table") {
		return "", nil, &UnsupportedMediaError{ContentType: contentType}
	}
	return media, params, nil
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
