package wire

import (
	"bytes"
	"cmp"
	"errors"
	"slices"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// cborWatch reads events that are one data item each, a map with type and object, one after the other without
// anything between them (RFC 8742).
type cborWatch struct {
	in  cborInput
	cut bool
	end error // what ended the reading
}

func newCBORWatch(in *meter) *cborWatch { return &cborWatch{in: newCBORInput(in), cut: in.cut} }

// Next implements WatchReader.
func (w *cborWatch) Next() (*Frame, error) {
	if w.end != nil {
		return nil, w.end
	}
	f, err := w.in.item()
	if err != nil {
		w.end = err
		return nil, err
	}
	name, err := f.openCBOREvent(&w.in.split)
	if err != nil {
		return nil, f.bad(name, kind.CBOR, err)
	}
	return f.scanned(name, kind.CBOR, w.cut)
}

// openCBOREvent finds type and object in the event that Raw is. Raw becomes the object. The splitter knows where
// its parts end.
func (f *Frame) openCBOREvent(s *cborSplitter) (t EventType, err error) {
	event := f.Raw
	f.Raw = nil
	w := cborWalk{in: event}
	e, ok, err := w.enter("the event", cborMap)
	if err == nil && !ok {
		err = cmp.Or(w.bad, errNoEvent)
	}
	if err != nil {
		return Unknown, err
	}
	var name string
	var typed, found bool
	for i := 1; w.more(&e); i += 2 {
		key, err := w.key()
		if err != nil {
			return Unknown, err
		}
		switch string(key) {
		case "type":
			if typed {
				w.keep(errCBORTwice)
			}
			typed = true
			err = w.text("type", &name)
		case "object":
			if found {
				w.keep(errCBORTwice)
			}
			found = true
			from := w.at
			if i < len(s.ends) && i < s.count { // need not be looked for
				w.at = s.ends[i]
			} else {
				err = w.skip()
			}
			if object := event[from:w.at]; !isCBORNull(object) {
				f.Raw = slices.Clip(object)
			}
		default:
			err = w.skip()
		}
		if err != nil {
			return Unknown, err
		}
	}
	if w.odd {
		w.keep(errOddEvent)
	}
	return eventType(name), w.bad
}

var (
	errNoEvent  = errors.New("the event is null")
	errOddEvent = errors.New("the event has tags or keys that mean nothing in one")
)

func isCBORNull(item []byte) bool {
	item = bytes.TrimPrefix(item, []byte(cborMagic))
	return len(item) == 1 && item[0] == cborNull
}
