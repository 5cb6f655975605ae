package wire

import (
	"encoding/binary"
	"errors"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// protobufWatch reads events that are each a length of four bytes, big-endian, and a bare metav1.WatchEvent.
type protobufWatch struct {
	in     *input
	max    int64
	cut    bool
	length [4]byte
	end    error // what ended the reading
}

func newProtobufWatch(in *meter) *protobufWatch {
	return &protobufWatch{in: newInput(in), max: in.max, cut: in.cut}
}

// Next implements WatchReader.
func (w *protobufWatch) Next() (*Frame, error) {
	if w.end != nil {
		return nil, w.end
	}
	f, err := w.event()
	if err != nil {
		w.end = err
		return nil, err
	}
	name, err := f.openEvent()
	if err != nil {
		return nil, f.bad(eventType(name), kind.Protobuf, err)
	}
	return f.scanned(eventType(name), kind.Protobuf, w.cut)
}

// event reads the next event whole.
func (w *protobufWatch) event() (*Frame, error) {
	if n, err := w.in.readFull(w.length[:]); err != nil {
		return nil, readError(err, n == 0)
	}
	return readFrame(w.in, uint64(binary.BigEndian.Uint32(w.length[:])), w.max)
}

// openEvent finds type and object in the WatchEvent that Raw is. Raw becomes the object.
func (f *Frame) openEvent() (name string, err error) {
	var raw []byte
	w := fields{in: f.Raw}
	for w.next() {
		switch w.num {
		case 1:
			w.text("type", &name)
		case 2:
			if !w.wants("object", protowire.BytesType) {
				continue
			}
			object := fields{in: w.bytes} // a runtime.RawExtension
			for object.next() {
				if object.num == 1 && object.wants("object.raw", protowire.BytesType) {
					raw = slices.Clip(object.bytes)
				}
			}
			w.keep(object.result())
		}
	}
	f.Raw = raw
	return name, w.result()
}

// readChunk is how much is allocated at a time for what a length only announces.
const readChunk = 1 << 20

// readFrame reads n bytes into a frame's Raw; more than limit are refused before any is read.
func readFrame(in *input, n uint64, limit int64) (*Frame, error) {
	if n > uint64(limit) { //nolint:gosec // limit is positive
		return nil, &FrameTooLargeError{Limit: limit}
	}
	size := int(n) //nolint:gosec // not above limit
	f, out := newBuffer(min(size, readChunk))
	from := 0
	for {
		if _, err := in.readFull(out[from:]); err != nil {
			f.Release()
			return nil, readError(err, false)
		}
		if from = len(out); from == size {
			f.Raw = out
			return f, nil
		}
		larger, next := newBuffer(min(size, 2*from))
		copy(next, out)
		f.Release()
		f, out = larger, next
	}
}

var errLength = errors.New("a length in the protobuf goes beyond the message around it")
