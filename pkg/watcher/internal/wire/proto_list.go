package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// protobufList reads the items of a list in the media type application/vnd.kubernetes.protobuf: the prefix, and
// a runtime.Unknown that is read through, with the list (1: its metadata, 2: an item each) in its field raw.
type protobufList struct {
	in    *input
	max   int64
	cut   bool
	meta  ListMeta
	kind  string
	begun bool   // the prefix was read
	raw   bool   // the list was met
	left  uint64 // how much of the list is still to be read
	end   error
}

func newProtobufList(in *meter) *protobufList {
	return &protobufList{in: newInput(in), max: in.max, cut: in.cut}
}

// Meta implements ListReader.
func (l *protobufList) Meta() ListMeta { return l.meta }

// Next implements ListReader.
func (l *protobufList) Next() (*Frame, error) {
	for l.end == nil {
		item, err := l.step()
		if err != nil {
			l.end = err
			break
		}
		if item != nil {
			return item.scanned(Listed, kind.ProtobufBare, l.cut)
		}
	}
	return nil, l.end
}

// step goes on by one field: of the list as long as that lasts, else of the envelope. It returns the
// item, if it was one.
func (l *protobufList) step() (item *Frame, err error) {
	if !l.begun {
		if err := l.begin(); err != nil {
			return nil, err
		}
	}
	if l.left > 0 {
		return l.listField()
	}
	return nil, l.envelopeField()
}

func (l *protobufList) begin() error {
	l.begun = true
	prefix := make([]byte, len(protobufPrefix))
	if _, err := l.in.readFull(prefix); err != nil {
		return readError(err, false)
	}
	if !bytes.Equal(prefix, protobufPrefix) {
		return &CorruptError{Err: errors.New("the answer does not begin as Kubernetes protobuf does")}
	}
	return nil
}

// envelopeField reads one field of the runtime.Unknown: of the list its length alone.
func (l *protobufList) envelopeField() error {
	if l.in.ended() {
		return l.finish()
	}
	unbounded := ^uint64(0)
	num, typ, err := l.tag(&unbounded)
	if err != nil {
		return err
	}
	switch {
	case num == 1 && typ == protowire.BytesType:
		in, err := l.message(&unbounded)
		if err != nil {
			return err
		}
		defer in.Release()
		err = scanTypeMeta(in.Raw, &l.kind)
		l.kind = strings.Clone(l.kind)
		if err != nil {
			return &CorruptError{Err: err}
		}
		return checkListKind(l.kind)
	case num == 2 && typ == protowire.BytesType:
		if l.raw {
			return &CorruptError{Err: errItemsTwice}
		}
		l.raw = true
		l.left, err = l.varint(&unbounded)
		return err
	case num == 3:
		return l.contentEncoding(typ)
	}
	return l.skip(num, typ, &unbounded)
}

// contentEncoding refuses a list that is written in another way than the envelope's own.
func (l *protobufList) contentEncoding(typ protowire.Type) error {
	unbounded := ^uint64(0)
	in, err := l.message(&unbounded)
	if err != nil {
		return err
	}
	defer in.Release()
	if typ != protowire.BytesType || len(in.Raw) > 0 {
		return &CorruptError{Err: errors.New("the list has a content encoding of its own")}
	}
	return nil
}

// listField reads one field of the list, and returns it if it is an item.
func (l *protobufList) listField() (item *Frame, err error) {
	num, typ, err := l.tag(&l.left)
	if err != nil {
		return nil, err
	}
	switch {
	case num == 1 && typ == protowire.BytesType:
		in, err := l.message(&l.left)
		if err != nil {
			return nil, err
		}
		defer in.Release()
		if err := scanListMetaPB(in.Raw, &l.meta); err != nil {
			return nil, &CorruptError{Err: err}
		}
		return nil, nil
	case num == 2 && typ == protowire.BytesType:
		return l.message(&l.left)
	case num == 1 || num == 2:
		return nil, &CorruptError{Err: fmt.Errorf("field %d of the list has the protobuf wire type %d", num, typ)}
	}
	return nil, l.skip(num, typ, &l.left)
}

// finish checks what was read when the answer is over. A list without anything in it still has its metadata:
// without the field the answer was cut.
func (l *protobufList) finish() error {
	if !l.raw {
		return readError(io.ErrUnexpectedEOF, false)
	}
	if err := checkListKind(l.kind); err != nil {
		return err
	}
	return io.EOF
}

// tag reads the number and type of a field.
func (l *protobufList) tag(left *uint64) (protowire.Number, protowire.Type, error) {
	v, err := l.varint(left)
	if err != nil {
		return 0, 0, err
	}
	num, typ := protowire.DecodeTag(v)
	if num < protowire.MinValidNumber {
		return 0, 0, &CorruptError{Err: errors.New("a protobuf field has no valid number")}
	}
	return num, typ, nil
}

// varint reads one, and takes its length off what is left of the message.
func (l *protobufList) varint(left *uint64) (uint64, error) {
	var buf [binary.MaxVarintLen64]byte
	for i := range buf {
		if *left == 0 {
			return 0, &CorruptError{Err: errLength}
		}
		b, err := l.in.ReadByte()
		if err != nil {
			return 0, readError(err, false)
		}
		*left--
		buf[i] = b
		if b < 0x80 {
			v, n := protowire.ConsumeVarint(buf[:i+1])
			if n < 0 {
				return 0, &CorruptError{Err: protowire.ParseError(n)}
			}
			return v, nil
		}
	}
	return 0, &CorruptError{Err: errors.New("a protobuf number is longer than ten bytes")}
}

// message reads a length and as many bytes, into the Raw of a frame.
func (l *protobufList) message(left *uint64) (*Frame, error) {
	n, err := l.varint(left)
	if err != nil {
		return nil, err
	}
	if n > *left {
		return nil, &CorruptError{Err: errLength}
	}
	out, err := readFrame(l.in, n, l.max)
	if err == nil {
		*left -= n
	}
	return out, err
}

// skip passes over the value of a field that is not known.
func (l *protobufList) skip(num protowire.Number, typ protowire.Type, left *uint64) error {
	var n uint64
	switch typ {
	case protowire.VarintType:
		_, err := l.varint(left)
		return err
	case protowire.Fixed32Type:
		n = 4
	case protowire.Fixed64Type:
		n = 8
	case protowire.BytesType:
		var err error
		if n, err = l.varint(left); err != nil {
			return err
		}
	default:
		return &CorruptError{Err: fmt.Errorf("protobuf field %d has the wire type %d, which is not used by Kubernetes", num, typ)}
	}
	if n > *left {
		return &CorruptError{Err: errLength}
	}
	*left -= n
	if n > uint64(l.max) { //nolint:gosec // positive
		return &FrameTooLargeError{Limit: l.max}
	}
	if err := l.in.discard(int(n)); err != nil {
		return readError(err, false)
	}
	return nil
}

// scanListMetaPB adds the fields of a metav1.ListMeta to m.
func scanListMetaPB(in []byte, m *ListMeta) error {
	f := fields{in: in}
	for f.next() {
		switch f.num {
		case 2:
			f.copied("metadata.resourceVersion", &m.ResourceVersion)
		case 3:
			f.copied("metadata.continue", &m.Continue)
		case 4:
			if f.wants("metadata.remainingItemCount", protowire.VarintType) {
				m.Remaining = int64(f.varint) //nolint:gosec // two's complement is how protobuf writes an int64
			}
		}
	}
	return f.result()
}
