package wire

import (
	"bufio"
	"errors"
	"io"
)

// cborWindow is how many bytes are read ahead of a stream, and the size of an item up to which it is copied once.
const cborWindow = 16 << 10

// cborInput reads data items, one after the other. What follows an item is not waited for.
type cborInput struct {
	in    *bufio.Reader
	max   int64
	split cborSplitter
}

func newCBORInput(in *meter) cborInput {
	return cborInput{in: bufio.NewReaderSize(in, cborWindow), max: in.max, split: cborSplitter{max: in.max}}
}

// item reads the next item into a frame's Raw. io.EOF says that there is none.
func (r *cborInput) item() (*Frame, error) {
	r.split.reset()
	at := 0 // bytes of the window that are the item's
	for {
		window, _ := r.in.Peek(r.in.Buffered()) // what is buffered is there
		n, done, err := r.split.advance(window[at:])
		at += n
		switch {
		case err != nil:
			return nil, cborReadError(err, false)
		case done:
			f := copied(window[:at])
			_, _ = r.in.Discard(at)
			return f, nil
		case len(window) == r.in.Size():
			f := copied(window[:at])
			_, _ = r.in.Discard(at)
			return r.rest(f)
		}
		if _, err := r.in.Peek(len(window) + 1); err != nil {
			return nil, cborReadError(err, len(window) == 0)
		}
	}
}

// rest reads what is still to come of an item that is larger than the window.
func (r *cborInput) rest(f *Frame) (*Frame, error) {
	fail := func(err error) (*Frame, error) {
		f.Release()
		return nil, cborReadError(err, false)
	}
	for {
		for r.split.text > 0 { // a long string: straight into the frame
			size := len(f.Raw)
			step := int(min(r.split.text, uint64(max(size, cborWindow)))) //nolint:gosec // bounded by the size
			f = f.grown(step)
			if _, err := io.ReadFull(r.in, f.Raw[size:]); err != nil {
				return fail(err)
			}
			if _, done, err := r.split.advance(f.Raw[size:]); err != nil {
				return fail(err)
			} else if done {
				return f, nil
			}
		}
		window, _ := r.in.Peek(r.in.Buffered())
		n, done, err := r.split.advance(window)
		if err != nil {
			return fail(err)
		}
		size := len(f.Raw)
		f = f.grown(n)
		copy(f.Raw[size:], window)
		_, _ = r.in.Discard(n)
		if done {
			return f, nil
		}
		if r.split.text == 0 {
			if _, err := r.in.Peek(len(window) - n + 1); err != nil {
				return fail(err)
			}
		}
	}
}

// pass reads over the next item and keeps nothing of it. io.EOF says that there is none.
func (r *cborInput) pass() error {
	r.split.reset()
	for {
		window, _ := r.in.Peek(r.in.Buffered())
		n, done, err := r.split.advance(window)
		if err != nil {
			return cborReadError(err, false)
		}
		_, _ = r.in.Discard(n)
		if done {
			return nil
		}
		if _, err := r.in.Peek(len(window) - n + 1); err != nil {
			return cborReadError(err, r.split.size == 0 && len(window) == n)
		}
	}
}

// head reads what the next item begins with, without its content.
func (r *cborInput) head() (cborHead, error) {
	for {
		window, _ := r.in.Peek(r.in.Buffered())
		h, size, err := readCBORHead(window)
		if err != nil {
			return h, cborReadError(err, false)
		}
		if size > 0 {
			_, _ = r.in.Discard(size)
			return h, nil
		}
		if _, err := r.in.Peek(len(window) + 1); err != nil {
			return h, cborReadError(err, len(window) == 0)
		}
	}
}

// value reads what the next value begins with, after tags.
func (r *cborInput) value() (cborHead, error) {
	for tags := 0; ; tags++ {
		h, err := r.head()
		switch {
		case err != nil:
			return h, err
		case h.major == cborSimple && h.indefinite():
			return h, &CorruptError{Err: errCBORBreak}
		case h.major != cborTag:
			return h, nil
		case tags > maxCBORDepth:
			return h, &CorruptError{Err: errCBORDepth}
		}
	}
}

// more tells whether there is another element, and passes over the break behind the last.
func (r *cborInput) more(e *cborElements) (bool, error) {
	if !e.until {
		if e.left == 0 {
			return false, nil
		}
		e.left--
		return true, nil
	}
	b, err := r.peek()
	if err != nil {
		return false, inside(err)
	}
	if b == cborBreak {
		_, _ = r.in.Discard(1)
	}
	return b != cborBreak, nil
}

// peek is the first byte of the next item.
func (r *cborInput) peek() (byte, error) {
	b, err := r.in.Peek(1)
	if err != nil {
		return 0, cborReadError(err, true)
	}
	return b[0], nil
}

// grown is the frame with room for more bytes in Raw, or another one with the same bytes in its place.
func (f *Frame) grown(by int) *Frame {
	size := len(f.Raw)
	if size+by <= len(f.buffer) {
		f.Raw = f.buffer[:size+by]
		return f
	}
	larger, buffer := newBuffer(max(size+by, 2*size))
	copy(buffer, f.Raw)
	larger.Raw = buffer[:size+by]
	f.Release()
	return larger
}

// cborReadError is readError for what the splitter found too.
func cborReadError(err error, clean bool) error {
	if malformed, ok := errors.AsType[cborError](err); ok {
		return &CorruptError{Err: malformed}
	}
	return readError(err, clean)
}
