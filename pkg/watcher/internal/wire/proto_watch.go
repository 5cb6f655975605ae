package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// protobufWatch reads events that are each a length of four bytes, big-endian, and a bare metav1.WatchEvent.
type protobufWatch struct {
	in  *bufio.Reader
	max int64
	end error // what ended the reading
}

func newProtobufWatch(in *meter) *protobufWatch {
	return &protobufWatch{in: bufio.NewReader(in), max: in.max}
}

// Next implements WatchReader.
func (w *protobufWatch) Next() (Frame, error) {
	if w.end != nil {
		return Frame{}, w.end
	}
	event, err := w.event()
	if err != nil {
		w.end = err
		return Frame{}, err
	}
	return decodeWatchEvent(event)
}

// event reads the next event whole. Its bytes are the frame's own.
func (w *protobufWatch) event() ([]byte, error) {
	var length [4]byte
	if n, err := io.ReadFull(w.in, length[:]); err != nil {
		return nil, readError(err, n == 0)
	}
	return readBytes(w.in, uint64(binary.BigEndian.Uint32(length[:])), w.max)
}

// decodeWatchEvent finds type and object in a WatchEvent.
func decodeWatchEvent(event []byte) (Frame, error) {
	var name string
	var raw []byte
	f := fields{in: event}
	for f.next() {
		switch f.num {
		case 1:
			f.text("type", &name)
		case 2:
			if !f.wants("object", protowire.BytesType) {
				continue
			}
			object := fields{in: f.bytes} // a runtime.RawExtension
			for object.next() {
				if object.num == 1 && object.wants("object.raw", protowire.BytesType) {
					raw = slices.Clip(object.bytes)
				}
			}
			f.keep(object.result())
		}
	}
	if err := f.result(); err != nil {
		bad := &BadFrameError{Type: eventType(name), Err: err}
		if bad.Type != Error && len(raw) > 0 { // whose it is may be known all the same
			bad.Meta, _ = ScanProtobuf(raw, false)
		}
		return Frame{}, bad
	}
	return newFrame(eventType(name), raw, kind.Protobuf)
}

// readChunk is how much is allocated at a time for what a length only announces.
const readChunk = 1 << 20

// readBytes reads n bytes into memory of their own; more than limit are refused before any is read.
func readBytes(in io.Reader, n uint64, limit int64) ([]byte, error) {
	if n > uint64(limit) { //nolint:gosec // limit is positive
		return nil, &FrameTooLargeError{Limit: limit}
	}
	size := int(n) //nolint:gosec // not above limit
	out := make([]byte, 0, min(size, readChunk))
	for len(out) < size {
		from := len(out)
		if from == cap(out) {
			out = append(make([]byte, 0, min(size, 2*from)), out...)
		}
		out = out[:cap(out)]
		if _, err := io.ReadFull(in, out[from:]); err != nil {
			return nil, readError(err, false)
		}
	}
	return out, nil
}

var errLength = errors.New("a length in the protobuf goes beyond the message around it")
