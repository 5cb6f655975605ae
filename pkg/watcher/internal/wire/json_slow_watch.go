package wire

import "github.com/ancho-dev/ancho/pkg/kind"

// slowWatch reads events that are one JSON document each. Chunks and lines mean nothing to it.
type slowWatch struct {
	in  *meter
	dec *jsonTokens
	end error // what ended the reading
}

func newSlowWatch(in *meter) *slowWatch { return &slowWatch{in: in, dec: newJSONTokens(in)} }

// Next implements WatchReader.
func (w *slowWatch) Next() (*Frame, error) {
	if w.end != nil {
		return nil, w.end
	}
	w.in.frame(w.dec.InputOffset())
	w.dec.bad = nil
	var name string
	var f *Frame
	_, err := w.dec.object("the event", func(member string) error {
		switch member {
		case "type":
			return w.dec.text("type", &name)
		case "object":
			if w.dec.PeekKind() == 'n' {
				return w.dec.SkipValue()
			}
			value, err := w.dec.ReadValue() // good until the next read only
			f.Release()                     // of a repeated field the last wins
			f = copied(value)
			return err
		}
		return w.dec.SkipValue()
	})
	if err != nil {
		f.Release()
		w.end = readError(err, w.dec.StackDepth() == 0)
		return nil, w.end
	}
	if f == nil {
		f = copied(nil)
	}
	if w.dec.bad != nil {
		return nil, f.bad(Unknown, kind.JSON, w.dec.bad)
	}
	return f.scanned(eventType(name), kind.JSON, w.in.cut)
}
