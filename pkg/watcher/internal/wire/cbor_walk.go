package wire

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

var (
	errCBORTwice   = errors.New("a key comes twice in a map")
	errCBORTrailer = errors.New("the object is followed by something else")
)

// cborWalk goes over one object. What is not CBOR is returned by the methods and ends the walk; what is CBOR but of
// another type than wanted is remembered in bad, the first of it, and passed over.
type cborWalk struct {
	in    []byte
	at    int
	depth int // of the maps and arrays around
	bad   error
	// odd says that there was what an API server does not write and the decoder has its own rules for, such as
	// a tag with a meaning: it shall say what it makes of the object.
	odd bool
}

// keep remembers what does not fit.
func (w *cborWalk) keep(err error) {
	if w.bad == nil {
		w.bad = err
	}
}

// head reads what the next value begins with, after its tags.
func (w *cborWalk) head() (h cborHead, err error) {
	for tags := 0; ; tags++ {
		var next int
		h, next, err = cborHeadAt(w.in, w.at)
		if err != nil {
			return h, err
		}
		w.at = next
		switch {
		case h.major == cborSimple && h.indefinite():
			return h, errCBORBreak
		case h.major != cborTag:
			return h, nil
		case w.depth+tags > maxCBORDepth:
			return h, errCBORDepth
		case h.value != cborSelfDescribed:
			w.odd = true
		}
	}
}

// pass goes over what follows a head.
func (w *cborWalk) pass(h cborHead) (err error) {
	if h.major >= cborBytes && h.major <= cborMap {
		w.at, err = skipCBORContent(w.in, w.at, h, w.depth+1)
	}
	return err
}

// skip goes over the next value.
func (w *cborWalk) skip() (err error) {
	w.at, err = skipCBORItems(w.in, w.at, 1, w.depth)
	return err
}

// isNull tells null from other values. What fits nothing else fits a null that is called undefined.
func (w *cborWalk) isNull(h cborHead) bool {
	if h.major == cborSimple && h.value == 23 && h.info == 23 {
		w.odd = true
	}
	return h.major == cborSimple && h.info == 22
}

// mismatch passes over a value that is not of the wanted type; null fits everything.
func (w *cborWalk) mismatch(h cborHead, path, want string) error {
	if !w.isNull(h) {
		w.keep(fmt.Errorf("%s is %s, want %s", path, cborType(h), want))
	}
	return w.pass(h)
}

// cborElements are those of a map or an array that was entered.
type cborElements struct {
	left  uint64
	until bool
}

// enter begins an array or map. It is not ok, and the value is passed over, when the next value is not one.
func (w *cborWalk) enter(path string, major byte) (e cborElements, ok bool, err error) {
	h, err := w.head()
	if err != nil {
		return e, false, err
	}
	if h.major != major {
		return e, false, w.mismatch(h, path, cborType(cborHead{major: major}))
	}
	if w.depth++; w.depth > maxCBORDepth {
		return e, false, errCBORDepth
	}
	return cborElements{left: h.value, until: h.indefinite()}, true, nil
}

// more tells whether there is another element, or pair; it leaves what was entered when there is none.
func (w *cborWalk) more(e *cborElements) bool {
	if e.until {
		if w.at >= len(w.in) || w.in[w.at] != cborBreak {
			return true // an end shows when the element is read
		}
		w.at++
	} else if e.left > 0 {
		e.left--
		return true
	}
	w.depth--
	return false
}

// key reads the key of a pair. One that is no string is passed over and returned as nil.
func (w *cborWalk) key() ([]byte, error) {
	h, next, err := cborHeadAt(w.in, w.at)
	if err != nil {
		return nil, err
	}
	if h.major != cborBytes && h.major != cborText {
		w.odd = true
		return nil, w.skip()
	}
	w.at = next
	return w.content(h)
}

// content reads the bytes of a string after its head. They alias the input, unless they come in parts.
func (w *cborWalk) content(h cborHead) ([]byte, error) {
	from := w.at
	if err := w.pass(h); err != nil {
		return nil, err
	}
	s := w.in[from:w.at]
	if h.indefinite() {
		s = joinCBOR(s)
	}
	if h.major == cborText && !utf8.Valid(s) {
		w.odd = true
	}
	return s, nil
}

// joinCBOR puts together the parts of a string that is known to be well-formed.
func joinCBOR(in []byte) []byte {
	out := make([]byte, 0, len(in))
	for {
		h, next, err := cborHeadAt(in, 0)
		if err != nil || h.indefinite() {
			return out
		}
		end := next + int(h.value) //nolint:gosec // not above the length
		out, in = append(out, in[next:end]...), in[end:]
	}
}

// text reads a string of either type. Null leaves it as it is.
func (w *cborWalk) text(path string, to *string) error {
	h, err := w.head()
	if err != nil {
		return err
	}
	if h.major != cborBytes && h.major != cborText {
		return w.mismatch(h, path, "a string")
	}
	s, err := w.content(h)
	if err == nil {
		*to = alias(s)
	}
	return err
}

// integer reads a whole number of 64 bits.
func (w *cborWalk) integer(path string, to *int64) error {
	h, err := w.head()
	if err != nil {
		return err
	}
	switch {
	case h.major > cborNegative:
		return w.mismatch(h, path, "an integer")
	case h.value > math.MaxInt64:
		w.keep(fmt.Errorf("%s is a number that is not an integer of 64 bits", path))
	case h.major == cborNegative:
		*to = -1 - int64(h.value)
	default:
		*to = int64(h.value)
	}
	return nil
}

// truth reads a boolean that may be absent: null makes it so.
func (w *cborWalk) truth(path string, to *bool) error {
	h, err := w.head()
	if err != nil {
		return err
	}
	if h.major == cborSimple && (h.info == cborTrue&31 || h.info == cborFalse&31 || w.isNull(h)) {
		*to = h.info == cborTrue&31
		return nil
	}
	return w.mismatch(h, path, "a boolean")
}

// textMap adds a map of strings to a list.
func (w *cborWalk) textMap(path string, to *Pairs) error {
	e, ok, err := w.enter(path, cborMap)
	if !ok {
		return err
	}
	for w.more(&e) {
		key, err := w.key()
		if err != nil {
			return err
		}
		h, err := w.head()
		if err != nil {
			return err
		}
		if h.major != cborBytes && h.major != cborText {
			w.odd = true
			// Not by its name, which is the user's.
			if err := w.mismatch(h, "a value of "+path, "a string"); err != nil {
				return err
			}
			continue
		}
		value, err := w.content(h)
		if err != nil {
			return err
		}
		*to = append(*to, Pair{alias(key), alias(value)})
	}
	if n := len(*to); len(to.unique()) != n {
		w.keep(fmt.Errorf("%s: %w", path, errCBORTwice))
	}
	return nil
}

// cborType names the type of a value in an error.
func cborType(h cborHead) string {
	switch {
	case h.major <= cborNegative:
		return "a number"
	case h.major == cborBytes, h.major == cborText:
		return "a string"
	case h.major == cborArray:
		return "an array"
	case h.major == cborMap:
		return "an object"
	case h.info == 20, h.info == 21:
		return "a boolean"
	case h.info == 22:
		return "null"
	case h.info >= 25 && h.info <= 27:
		return "a number"
	}
	return "nothing"
}
