package wire

import (
	"errors"
	"strings"
)

// jsonList reads the items of a list that is one JSON document, in whatever order its fields come.
//
// It hands out what is written as an API server writes it. Of all else, and of every end, slowList says what it is.
type jsonList struct {
	win    jsonWindow
	meta   Meta // of the item, while it is walked over
	item   jsonItem
	list   ListMeta
	kind   string
	begun  bool // the document was entered
	items  bool // the items were met
	inside bool // the items
	first  bool // no item was read yet
	slow   *slowList
}

func newJSONList(in *meter) *jsonList {
	l := &jsonList{win: jsonWindow{in: in}}
	l.item.meta = &l.meta
	return l
}

// Meta implements ListReader.
func (l *jsonList) Meta() ListMeta {
	if l.slow != nil {
		return l.slow.Meta()
	}
	return l.list
}

// Next implements ListReader.
func (l *jsonList) Next() (*Frame, error) {
	if l.slow == nil {
		if f, err := l.next(); f != nil || err != nil {
			return f, err
		}
		l.slow = &slowList{kind: l.kind, meta: l.list, begun: l.begun, items: l.items}
		l.slow.in, l.slow.dec = l.win.rest(l.begin())
	}
	return l.slow.Next()
}

// What was read, as short as it can be put.
var (
	jsonInField  = jsonBegin{text: `{"":""`, tokens: 3}
	jsonInItems  = jsonBegin{text: `{"":[`, tokens: 3}
	jsonPastItem = jsonBegin{text: `{"":[""`, tokens: 4}
)

func (l *jsonList) begin() jsonBegin {
	switch {
	case !l.begun:
		return jsonBegin{}
	case !l.inside:
		return jsonInField
	case l.first:
		return jsonInItems
	}
	return jsonPastItem
}

// next returns the next item, or neither a frame nor an error when the slow code has to go on.
func (l *jsonList) next() (*Frame, error) {
	for {
		l.win.mark()
		l.item.passed.reset()
		if !l.inside {
			if !l.field() {
				return nil, nil
			}
			continue
		}
		at, done := jsonElement(l.win.bytes(), 0, l.first, ']')
		for at == jsonMore && l.win.fill() {
			at, done = jsonElement(l.win.bytes(), 0, l.first, ']')
		}
		switch {
		case at < 0:
			return nil, nil
		case !done:
			return l.read(at)
		}
		l.win.r += at
		l.inside = false
	}
}

// read returns the item that begins at bytes into the window.
func (l *jsonList) read(at int) (*Frame, error) {
	if l.win.bytes()[at] != '{' {
		return nil, nil
	}
	length, odd := l.win.frame(at, &l.item)
	if length < 0 {
		return nil, nil
	}
	b := l.win.bytes()[at : at+length]
	if !odd {
		l.win.r += at + length
		l.first = false
		return l.item.frame(Listed, b, 0, length, l.win.in.cut), nil
	}
	slow := slowList{in: &meter{cut: l.win.in.cut}, begun: true, items: true}
	slow.dec = jsonInItems.read(jsonTokensOf(append([]byte(jsonInItems.text), b...)))
	f, err := slow.Next()
	if err != nil && !errors.As(err, new(*BadFrameError)) {
		return nil, nil // it will say so again
	}
	l.win.r += at + length
	l.first = false
	return f, err
}

// field reads a field of the list; of the items it reads the beginning. It reports whether it was understood. The
// end of the list is not: the slow code checks what was read.
func (l *jsonList) field() bool {
	for {
		b := l.win.bytes()
		if n := l.walk(b); n >= 0 {
			l.win.r += n
			l.begun = true
			return true
		} else if n != jsonMore || len(b) > largeWindow || !l.win.fill() {
			return false
		}
	}
}

func (l *jsonList) walk(b []byte) int {
	i := 0
	if !l.begun {
		if i = jsonNext(b, 0); i < 0 {
			return i
		}
		if b[i] != '{' {
			return jsonOdd
		}
		i++
	}
	name, at := jsonMember(b, i, !l.begun)
	if at < 0 {
		return at
	}
	switch string(name) {
	case "kind":
		return l.readKind(b, at)
	case "metadata":
		meta := l.list
		if i = jsonListMeta(b, at, &meta); i >= 0 {
			l.list = meta
		}
		return i
	case "items":
		if l.items || b[at] != '[' {
			return jsonOdd
		}
		l.items, l.inside, l.first = true, true, true
		return at + 1
	}
	if name == nil {
		return jsonOdd
	}
	return l.item.passed.value(b, at)
}

func (l *jsonList) readKind(b []byte, i int) int {
	var name string
	if i = jsonText(b, i, &name); i < 0 {
		return i
	}
	if checkListKind(name) != nil {
		return jsonOdd
	}
	l.kind = strings.Clone(name)
	return i
}

// jsonListMeta reads the metadata of a list.
func jsonListMeta(b []byte, i int, to *ListMeta) int {
	if b[i] != '{' {
		return jsonOdd
	}
	var passed jsonPassed
	i++
	for first := true; ; first = false {
		name, at := jsonMember(b, i, first)
		if name == nil {
			to.ResourceVersion, to.Continue = strings.Clone(to.ResourceVersion), strings.Clone(to.Continue)
			return at
		}
		switch string(name) {
		case "resourceVersion":
			i = jsonText(b, at, &to.ResourceVersion)
		case "continue":
			i = jsonText(b, at, &to.Continue)
		case "remainingItemCount":
			i = jsonInteger(b, at, &to.Remaining)
		default:
			i = passed.value(b, at)
		}
		if i < 0 {
			return i
		}
	}
}

// jsonItem walks over an item of a list.
type jsonItem struct{ jsonObject }

// walk returns where the item ends that b begins with.
func (o *jsonItem) walk(b []byte) int {
	end := o.jsonObject.walk(b, 0)
	if end >= 0 && o.meta.Name == "" {
		return jsonOdd
	}
	return end
}
