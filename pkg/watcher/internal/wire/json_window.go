package wire

import (
	"bytes"
	"io"
	"strings"
)

// Sizes of a window, in bytes. One that holds a long frame is as large as that needs.
const (
	smallWindow = 1 << 10
	largeWindow = 64 << 10
	calmReads   = 4         // after so many reads in a row that are small for it, a window is made small
	longFrame   = 256 << 10 // from here on the end of a frame is looked for before it is walked over
)

// jsonWindow is what was read of an answer and not yet handed out. No more of a frame gets into it than may be read.
type jsonWindow struct {
	in    *meter
	owner *Frame // of buf
	buf   []byte
	r, w  int // what is there is buf[r:w]
	full  bool
	calm  int
	err   error // what ended the reading
}

// mark says that a frame begins here.
func (w *jsonWindow) mark() { w.in.frame(w.in.total - int64(w.w-w.r)) }

// bytes are what is there of the frame. They are good until the next fill.
func (w *jsonWindow) bytes() []byte { return w.buf[w.r:w.w] }

// fill reads more. It reports whether anything came; when the frame is as long as it may be, nothing does.
func (w *jsonWindow) fill() bool {
	if w.err != nil {
		return false
	}
	w.room()
	for {
		free := w.buf[w.w:]
		n, err := w.in.Read(free)
		if n > 0 { // an error that came with it comes again
			w.w += n
			w.full = n == len(free)
			if w.calm++; n >= len(w.buf)/8 {
				w.calm = 0
			}
			return true
		}
		if err != nil {
			w.err = err
			return false
		}
	}
}

// room makes some behind what is there.
func (w *jsonWindow) room() {
	live, size := w.w-w.r, len(w.buf)
	switch {
	case size == 0:
		size = smallWindow
	case live > size/4*3 && size >= longFrame:
		size *= 4
	case live > size/4*3, w.full && size < largeWindow:
		size *= 2
	case size > largeWindow && live <= largeWindow/2:
		size = largeWindow
	case w.calm >= calmReads && live <= smallWindow/2:
		size = smallWindow
	}
	size = min(size, max(largeWindow, int(w.in.max))) // no frame is longer
	if size == len(w.buf) {
		if w.r > 0 && (live == 0 || w.w > size/4*3) {
			w.r, w.w = 0, copy(w.buf, w.bytes())
		}
		return
	}
	owner, buf := newBuffer(size)
	w.r, w.w = 0, copy(buf, w.bytes())
	w.owner.Release()
	w.owner, w.buf = owner, buf
	w.full, w.calm = false, 0
}

// jsonWalker walks over a frame that b begins with.
type jsonWalker interface{ walk(b []byte) int }

// frame waits for the whole of the frame that begins at bytes into the window, and walks over it. It returns how
// long it is, or less than 0 if that cannot be found out. Odd says that it was not understood.
func (w *jsonWindow) frame(at int, walker jsonWalker) (length int, odd bool) {
	for {
		b := w.bytes()[at:]
		length = walker.walk(b)
		if length != jsonMore {
			break
		}
		if len(b) >= longFrame {
			if w.end(at) < 0 {
				return jsonOdd, true
			}
			length = walker.walk(w.bytes()[at:])
			break
		}
		if !w.fill() {
			return jsonMore, true
		}
	}
	if length >= 0 {
		return length, false
	}
	return w.end(at), true
}

// end waits for the whole of what begins at bytes into the window, and returns how long it is.
func (w *jsonWindow) end(at int) int {
	var s jsonBrackets
	for {
		if n := s.end(w.bytes()[at:]); n != jsonMore || !w.fill() {
			return n
		}
	}
}

// rest hands what is not yet read of the answer over to the slow code, behind a beginning that it has to read first.
func (w *jsonWindow) rest(begin jsonBegin) (*meter, *jsonTokens) {
	w.in.stop = 0 // it is for the other meter now
	tail := io.Reader(w.in)
	if w.err != nil {
		tail = failing{w.err}
	}
	m := &meter{cut: w.in.cut, max: w.in.max}
	m.r = io.MultiReader(strings.NewReader(begin.text), bytes.NewReader(w.bytes()), tail)
	return m, begin.read(newJSONTokens(m))
}

// failing is a reader that has failed.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// jsonBegin stands for the part of a document that was read without the slow code: of the same depth, and with
// the same next token to come.
type jsonBegin struct {
	text   string
	tokens int
}

func (b jsonBegin) read(d *jsonTokens) *jsonTokens {
	for range b.tokens {
		_, _ = d.ReadToken() // it is well-formed
	}
	return d
}
