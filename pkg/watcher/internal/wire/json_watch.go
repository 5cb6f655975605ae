package wire

import (
	"bytes"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// jsonWatch reads events that are one JSON document each. Chunks and lines mean nothing to it.
type jsonWatch struct {
	in  *meter
	dec *jsonTokens
	end error // what ended the reading
}

func newJSONWatch(in *meter) *jsonWatch { return &jsonWatch{in: in, dec: newJSONTokens(in)} }

// Next implements WatchReader.
func (w *jsonWatch) Next() (Frame, error) {
	if w.end != nil {
		return Frame{}, w.end
	}
	w.in.frame(w.dec.InputOffset())
	w.dec.bad = nil
	var name string
	var raw []byte
	_, err := w.dec.object("the event", func(member string) error {
		switch member {
		case "type":
			return w.dec.text("type", &name)
		case "object":
			if w.dec.PeekKind() == 'n' {
				return w.dec.SkipValue()
			}
			value, err := w.dec.ReadValue() // good until the next read only
			raw = bytes.Clone(value)
			return err
		}
		return w.dec.SkipValue()
	})
	if err != nil {
		w.end = readError(err, w.dec.StackDepth() == 0)
		return Frame{}, w.end
	}
	if w.dec.bad != nil {
		bad := &BadFrameError{Err: w.dec.bad}
		if len(raw) > 0 { // whose it is may be known all the same
			bad.Meta, _ = ScanJSON(raw)
		}
		return Frame{}, bad
	}
	return newFrame(eventType(name), raw, kind.JSON)
}
