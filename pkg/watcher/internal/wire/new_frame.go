package wire

import (
	"errors"

	"github.com/ancho-dev/ancho/pkg/kind"
)

var (
	errNoObject = errors.New("the event has no object")
	errNoName   = errors.New("metadata.name is empty")
)

// copied returns a frame with a copy of these bytes, which it can keep.
func copied(raw []byte) *Frame {
	f, buffer := newBuffer(len(raw))
	copy(buffer, raw)
	f.Raw = buffer
	return f
}

// scanned completes a frame that has its Raw, and returns it, or releases it. What has no name cannot be told from
// another, so only a bookmark may come without. Errors and unknown events are not scanned: what they carry is not
// known to be an object. cut says that Raw shall lose its managedFields.
func (f *Frame) scanned(t EventType, enc kind.Encoding, cut bool) (*Frame, error) {
	f.Type, f.Encoding = t, enc
	if t == Unknown {
		return f, nil
	}
	if len(f.Raw) == 0 && enc != kind.ProtobufBare {
		f.Release()
		return nil, &BadFrameError{Type: t, Err: errNoObject}
	}
	if t == Error {
		return f, nil
	}
	if cut {
		f.Raw, f.Cut = CutManagedFields(f.Raw, enc), true
	}
	err := Scan(f.Raw, enc, &f.Meta)
	if err == nil && f.Meta.Name == "" && t != Bookmark {
		err = errNoName
	}
	if err != nil {
		bad := &BadFrameError{Type: t, Meta: f.Meta.Clone(), Err: err}
		f.Release()
		return nil, bad
	}
	return f, nil
}

// bad releases a frame that came in a malformed event. Whose it is may be known all the same.
func (f *Frame) bad(t EventType, enc kind.Encoding, err error) *BadFrameError {
	bad := &BadFrameError{Type: t, Err: err}
	if t != Error && len(f.Raw) > 0 {
		_ = Scan(f.Raw, enc, &f.Meta) // with an error comes what was understood
		bad.Meta = f.Meta.Clone()
	}
	f.Release()
	return bad
}

// Scan finds the metadata of an object in any encoding. What it finds in addition to an error is good for naming the object.
func Scan(raw []byte, enc kind.Encoding, m *Meta) error {
	switch enc {
	case kind.JSON:
		return ScanJSON(raw, m)
	case kind.CBOR:
		return m.legible(ScanCBOR(raw, m))
	default:
		return m.legible(ScanProtobuf(raw, enc == kind.ProtobufBare, m))
	}
}
