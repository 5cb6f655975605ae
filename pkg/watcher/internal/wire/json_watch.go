package wire

import "errors"

// jsonWatch reads events that are one JSON document each. Chunks and lines mean nothing to it.
//
// It hands out what is written as an API server writes it: of objects and arrays that are of no interest to a scan
// only the structure is checked, as jsonBrackets does, since whoever decodes them is strict. Of all else, and of every
// end, slowWatch says what it is.
type jsonWatch struct {
	win   jsonWindow
	meta  Meta // of the event, while it is walked over
	event jsonEvent
	slow  *slowWatch // reads the rest
}

func newJSONWatch(in *meter) *jsonWatch {
	w := &jsonWatch{win: jsonWindow{in: in}}
	w.event.object.meta = &w.meta
	return w
}

// Next implements WatchReader.
func (w *jsonWatch) Next() (*Frame, error) {
	if w.slow == nil {
		if f, err := w.next(); f != nil || err != nil {
			return f, err
		}
		w.slow = &slowWatch{}
		w.slow.in, w.slow.dec = w.win.rest(jsonBegin{})
	}
	return w.slow.Next()
}

// next returns the next event, or neither a frame nor an error when the slow code has to go on.
func (w *jsonWatch) next() (*Frame, error) {
	w.win.mark()
	at := jsonSpace(w.win.bytes(), 0)
	for at == len(w.win.bytes()) {
		if !w.win.fill() {
			return nil, nil
		}
		at = jsonSpace(w.win.bytes(), at)
	}
	if w.win.bytes()[at] != '{' {
		return nil, nil
	}
	w.event.object.passed.reset()
	length, odd := w.win.frame(at, &w.event)
	if length < 0 {
		return nil, nil
	}
	b := w.win.bytes()[at : at+length]
	if !odd {
		w.win.r += at + length
		return w.event.frame(b, w.win.in.cut), nil
	}
	slow := slowWatch{in: &meter{cut: w.win.in.cut}, dec: jsonTokensOf(b)}
	f, err := slow.Next()
	if err != nil && !errors.As(err, new(*BadFrameError)) {
		return nil, nil // it will say so again
	}
	w.win.r += at + length
	return f, err
}
