package wire

import (
	"errors"
	"strings"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// slowList reads the items of a list that is one JSON document, in whatever order its fields come.
type slowList struct {
	in    *meter
	dec   *jsonTokens
	meta  ListMeta
	kind  string
	begun bool // the document was entered
	items bool // the items were met
	end   error
}

func newSlowList(in *meter) *slowList { return &slowList{in: in, dec: newJSONTokens(in)} }

// Meta implements ListReader.
func (l *slowList) Meta() ListMeta { return l.meta }

// Next implements ListReader.
func (l *slowList) Next() (*Frame, error) {
	for l.end == nil {
		l.in.frame(l.dec.InputOffset())
		f, err := l.step()
		if err != nil {
			l.end = err
			break
		}
		if f != nil {
			return f.scanned(Listed, kind.JSON, l.in.cut)
		}
	}
	return nil, l.end
}

// step goes on by an item, which it returns, or by a field of the list.
func (l *slowList) step() (*Frame, error) {
	if l.dec.StackDepth() == 2 { // in the items
		return l.item()
	}
	if !l.begun {
		l.begun = true
		ok, err := l.dec.open("the answer", '{')
		if err != nil {
			return nil, readError(err, false)
		}
		if !ok {
			return nil, &NotAListError{}
		}
	}
	more, err := l.dec.more()
	if err == nil && more {
		err = l.field()
	}
	var refused *NotAListError
	switch {
	case errors.As(err, &refused):
		return nil, refused
	case err != nil:
		return nil, readError(err, false)
	case !more:
		return nil, l.finish()
	}
	return nil, nil
}

// item returns the next item, or nothing after the last.
func (l *slowList) item() (*Frame, error) {
	more, err := l.dec.more()
	if err != nil {
		return nil, readError(err, false)
	}
	if !more {
		return nil, nil
	}
	value, err := l.dec.ReadValue() // good until the next read only
	if err != nil {
		return nil, readError(err, false)
	}
	return copied(value), nil
}

// field reads one field of the list; of the items it reads the beginning.
func (l *slowList) field() error {
	name, err := l.dec.ReadToken()
	if err != nil {
		return err
	}
	switch name.String() {
	case "kind":
		if err := l.dec.text("kind", &l.kind); err != nil {
			return err
		}
		return checkListKind(l.kind)
	case "metadata":
		return scanListMeta(l.dec, &l.meta)
	case "items":
		if l.items {
			return &CorruptError{Err: errItemsTwice}
		}
		l.items = true
		_, err := l.dec.open("items", '[') // null: no items
		return err
	}
	return l.dec.SkipValue()
}

// finish checks what was read when the list's document is over.
func (l *slowList) finish() error {
	if err := checkListKind(l.kind); err != nil {
		return err
	}
	if l.dec.bad != nil {
		return &CorruptError{Err: l.dec.bad}
	}
	// Read to the end of the answer, so that the connection can be used again.
	if _, err := l.dec.ReadToken(); err != nil {
		return readError(err, true)
	}
	return &CorruptError{Err: errors.New("the list is followed by something else")}
}

var errItemsTwice = errors.New("the list has its items twice")

// checkListKind refuses Tables, single objects and whatever else is not a list.
func checkListKind(name string) error {
	if !strings.HasSuffix(name, "List") {
		return &NotAListError{Kind: kindName(name)}
	}
	return nil
}
