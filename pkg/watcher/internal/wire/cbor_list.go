package wire

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// cborList reads the items of a list that is one data item, in whatever order its fields come: API servers
// change it from answer to answer.
type cborList struct {
	in     cborInput
	cut    bool
	meta   ListMeta
	kind   string
	begun  bool         // the list was entered
	fields cborElements // of the list
	inside bool         // its items were entered, and not left
	items  cborElements
	seen   map[string]bool // the fields that came
	end    error
}

func newCBORList(in *meter) *cborList {
	return &cborList{in: newCBORInput(in), cut: in.cut, seen: map[string]bool{}}
}

// Meta implements ListReader.
func (l *cborList) Meta() ListMeta { return l.meta }

// Next implements ListReader.
func (l *cborList) Next() (*Frame, error) {
	for l.end == nil {
		f, err := l.step()
		if err != nil {
			l.end = err
			break
		}
		if f != nil {
			return f.scanned(Listed, kind.CBOR, l.cut)
		}
	}
	return nil, l.end
}

// step goes on by an item, which it returns, or by a field of the list.
func (l *cborList) step() (*Frame, error) {
	switch {
	case !l.begun:
		l.begun = true
		return nil, l.begin()
	case l.inside:
		more, err := l.in.more(&l.items)
		if !more {
			l.inside = false
			return nil, err
		}
		f, err := l.in.item()
		return f, inside(err)
	}
	more, err := l.in.more(&l.fields)
	switch {
	case err != nil:
		return nil, err
	case !more:
		return nil, l.finish()
	}
	return nil, inside(l.field())
}

// begin enters the list.
func (l *cborList) begin() error {
	h, err := l.in.value()
	if err != nil {
		return inside(err)
	}
	if h.major != cborMap {
		return &NotAListError{}
	}
	l.fields = cborElements{left: h.value, until: h.indefinite()}
	return nil
}

// field reads one field of the list; of the items it reads the beginning.
func (l *cborList) field() error {
	var name string
	if err := l.part(func(w *cborWalk) error {
		key, err := w.key()
		name = string(key)
		return err
	}); err != nil {
		return err
	}
	switch name {
	case "kind", "metadata", "items":
		if l.seen[name] {
			return &CorruptError{Err: fmt.Errorf("the list has its %s twice", name)}
		}
		l.seen[name] = true
	}
	switch name {
	case "kind":
		if err := l.part(func(w *cborWalk) error {
			err := w.text("kind", &l.kind)
			l.kind = strings.Clone(l.kind)
			return err
		}); err != nil {
			return err
		}
		return checkListKind(l.kind)
	case "metadata":
		return l.part(func(w *cborWalk) error {
			err := scanCBORListMeta(w, &l.meta)
			l.meta.ResourceVersion, l.meta.Continue = strings.Clone(l.meta.ResourceVersion), strings.Clone(l.meta.Continue)
			return err
		})
	case "items":
		return l.open()
	}
	return l.in.pass()
}

// open enters the items.
func (l *cborList) open() error {
	h, err := l.in.value()
	switch {
	case err != nil:
		return err
	case h.major == cborArray:
		l.inside, l.items = true, cborElements{left: h.value, until: h.indefinite()}
		return nil
	case h.major == cborSimple && h.info == cborNull&31:
		return nil // no items
	}
	return &CorruptError{Err: fmt.Errorf("items is %s, want %s", cborType(h), cborType(cborHead{major: cborArray}))}
}

// part reads a whole data item that is not one of the items.
func (l *cborList) part(read func(*cborWalk) error) error {
	f, err := l.in.item()
	if err != nil {
		return err
	}
	defer f.Release()
	w := cborWalk{in: f.Raw}
	if err := read(&w); err != nil {
		return &CorruptError{Err: err}
	}
	if w.odd {
		w.keep(errOddList)
	}
	if w.bad != nil {
		return &CorruptError{Err: w.bad}
	}
	return nil
}

var errOddList = errors.New("the list has tags or keys that mean nothing in one")

// finish checks what was read when the list is over.
func (l *cborList) finish() error {
	if err := checkListKind(l.kind); err != nil {
		return err
	}
	// Read to the end of the answer, so that the connection can be used again.
	if _, err := l.in.peek(); err != nil {
		return err
	}
	return &CorruptError{Err: errors.New("the list is followed by something else")}
}

// inside makes of an end of the answer one inside a frame.
func inside(err error) error {
	if errors.Is(err, io.EOF) {
		return readError(err, false)
	}
	return err
}
