package wire

import (
	"errors"

	"github.com/ancho-dev/ancho/pkg/kind"
)

var (
	errNoObject = errors.New("the event has no object")
	errNoName   = errors.New("metadata.name is empty")
)

// newFrame scans the object of an event or the item of a list. What has no name cannot be told from another,
// so only a bookmark may come without. Errors and unknown events are not scanned: what they carry is not known
// to be an object.
func newFrame(t EventType, raw []byte, enc kind.Encoding) (Frame, error) {
	f := Frame{Type: t, Raw: raw, Encoding: enc}
	if t == Unknown {
		return f, nil
	}
	if len(raw) == 0 && enc != kind.ProtobufBare {
		return Frame{}, &BadFrameError{Type: t, Err: errNoObject}
	}
	if t == Error {
		return f, nil
	}
	var err error
	if enc == kind.JSON {
		f.Meta, err = ScanJSON(raw)
	} else {
		f.Meta, err = ScanProtobuf(raw, enc == kind.ProtobufBare)
	}
	if err == nil && f.Meta.Name == "" && t != Bookmark {
		err = errNoName
	}
	if err != nil {
		return Frame{}, &BadFrameError{Type: t, Meta: f.Meta, Err: err}
	}
	return f, nil
}
