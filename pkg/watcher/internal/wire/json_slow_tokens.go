package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// jsonTokens walks over JSON. What the grammar forbids is returned by the methods and ends the walk; what is
// legal but of another type than wanted is remembered in bad, the first of it, and passed over.
type jsonTokens struct {
	*jsontext.Decoder
	bad error
}

// newJSONTokens reads as loosely as the API machinery does: repeated names and broken UTF-8 are accepted.
func newJSONTokens(r io.Reader) *jsonTokens {
	return &jsonTokens{Decoder: jsontext.NewDecoder(r, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
}

// jsonTokensOf walks over bytes that it does not change, without copying them.
func jsonTokensOf(raw []byte) *jsonTokens { return newJSONTokens(bytes.NewBuffer(raw)) }

// mismatch passes over the next value and remembers that it is not of the wanted type; null fits everything.
func (d *jsonTokens) mismatch(path, want string) error {
	if got := d.PeekKind(); got != 'n' && d.bad == nil {
		d.bad = fmt.Errorf("%s is %s, want %s", path, jsonType(got), want)
	}
	return d.SkipValue()
}

// open enters an object or array. It is not ok, and the value is passed over, when the next value is not one.
func (d *jsonTokens) open(path string, begin jsontext.Kind) (bool, error) {
	if d.PeekKind() != begin {
		return false, d.mismatch(path, jsonType(begin))
	}
	_, err := d.ReadToken()
	return err == nil, err
}

// more tells whether the object or array has another element; it leaves it when there is none.
func (d *jsonTokens) more() (bool, error) {
	if k := d.PeekKind(); k != '}' && k != ']' {
		return true, nil // an error shows when the element is read
	}
	_, err := d.ReadToken()
	return false, err
}

// object calls member for each name of the next value. It reports whether that was an object.
func (d *jsonTokens) object(path string, member func(name string) error) (bool, error) {
	ok, err := d.open(path, '{')
	if !ok {
		return false, err
	}
	for {
		more, err := d.more()
		if !more || err != nil {
			return err == nil, err
		}
		name, err := d.ReadToken()
		if err != nil {
			return false, err
		}
		if err := member(name.String()); err != nil {
			return false, err
		}
	}
}

// text reads a string. Null leaves it as it is, as encoding/json does.
func (d *jsonTokens) text(path string, to *string) error {
	if d.PeekKind() != '"' {
		return d.mismatch(path, "a string")
	}
	tok, err := d.ReadToken()
	if err == nil {
		*to = tok.String()
	}
	return err
}

// integer reads a number without fraction or exponent that fits 64 bits.
func (d *jsonTokens) integer(path string, to *int64) error {
	if d.PeekKind() != '0' {
		return d.mismatch(path, "an integer")
	}
	tok, err := d.ReadToken()
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(tok.String(), 10, 64)
	if err != nil {
		if d.bad == nil {
			d.bad = fmt.Errorf("%s is a number that is not an integer of 64 bits", path)
		}
		return nil
	}
	*to = n
	return nil
}

// truth reads a boolean that may be absent: null makes it so.
func (d *jsonTokens) truth(path string, to *bool) error {
	k := d.PeekKind()
	if k == 't' || k == 'f' || k == 'n' {
		*to = k == 't'
		return d.SkipValue()
	}
	return d.mismatch(path, "a boolean")
}

// textMap adds the pairs of an object of strings, and returns all. Null removes them.
func (d *jsonTokens) textMap(path string, to Pairs) (Pairs, error) {
	if d.PeekKind() == 'n' {
		return to[:0], d.SkipValue()
	}
	_, err := d.object(path, func(name string) error {
		var value string
		// Not by its name, which is the user's.
		if err := d.text("a value of "+path, &value); err != nil {
			return err
		}
		to = append(to, Pair{name, value})
		return nil
	})
	return to, err
}

// list reads an array, element by element. Elements that are there already are read over, as encoding/json
// does where a name is repeated; null removes them all.
func list[T any](d *jsonTokens, path string, to *[]T, element func(path string, to *T) error) error {
	if d.PeekKind() == 'n' {
		*to = emptied(*to)
		return d.SkipValue()
	}
	ok, err := d.open(path, '[')
	if !ok {
		return err
	}
	out := (*to)[:0]
	for {
		more, err := d.more()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if len(out) < cap(out) {
			out = out[:len(out)+1]
		} else {
			out = append(out, *new(T))
		}
		if err := element(path+"["+strconv.Itoa(len(out)-1)+"]", &out[len(out)-1]); err != nil {
			return err
		}
	}
	*to = out
	return nil
}

// jsonType names the type of a value in an error.
func jsonType(k jsontext.Kind) string {
	switch k {
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '{':
		return "an object"
	case '[':
		return "an array"
	}
	return "nothing"
}

// readError tells apart what ended the reading of an answer. clean says that it may end here.
func readError(err error, clean bool) error {
	var tooLarge *FrameTooLargeError
	var syntax *jsontext.SyntacticError
	switch {
	case errors.As(err, &tooLarge):
		return tooLarge
	case clean && errors.Is(err, io.EOF):
		return io.EOF
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the answer ended inside a frame: %w", io.ErrUnexpectedEOF)
	case errors.As(err, &syntax):
		return &CorruptError{Err: err}
	}
	return fmt.Errorf("reading the answer: %w", err)
}
