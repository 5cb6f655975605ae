package wire

import (
	"bytes"
	"strings"
)

// What the readers of JSON accept beyond what the grammar allows, written down once more and as simply as it can be:
// objects and arrays that are of no interest may hold anything between their brackets and strings.

// loosely says what of a document is of interest.
type loosely struct {
	members map[string]*loosely // of an object; what is not named is of no interest
	element *loosely            // of an array
}

// strictly is for values that are to follow the grammar.
var strictly = &loosely{}

var (
	looseOwner = &loosely{members: map[string]*loosely{
		"apiVersion": strictly, "kind": strictly, "name": strictly, "uid": strictly, "controller": strictly,
	}}
	looseObject = &loosely{members: map[string]*loosely{"metadata": {members: map[string]*loosely{
		"namespace": strictly, "name": strictly, "uid": strictly, "resourceVersion": strictly, "generation": strictly,
		"deletionTimestamp": strictly, "labels": strictly, "annotations": strictly, "finalizers": strictly,
		"ownerReferences": {element: looseOwner},
	}}}}
	looseEvent = &loosely{members: map[string]*loosely{"type": strictly, "object": looseObject}}
	looseList  = &loosely{members: map[string]*loosely{
		"kind": strictly, "items": {element: looseObject},
		"metadata": {members: map[string]*loosely{"resourceVersion": strictly, "continue": strictly, "remainingItemCount": strictly}},
	}}
)

// mended is the same bytes with all that is of no interest emptied: as long as before, and with nothing left in it
// that could be wrong. Where the rest is not understood it is left as it is.
func mended(in []byte, shape *loosely) []byte {
	m := mender{in: bytes.Clone(in)}
	for m.value(shape) {
	}
	return m.in
}

// mender goes over bytes; its methods are false at the end, or where the bytes are not understood.
type mender struct {
	in []byte
	i  int
}

func (m *mender) peek() byte {
	for m.i < len(m.in) && strings.IndexByte(" \t\r\n", m.in[m.i]) >= 0 {
		m.i++
	}
	if m.i == len(m.in) {
		return 0
	}
	return m.in[m.i]
}

func (m *mender) is(c byte) bool {
	if m.peek() != c {
		return false
	}
	m.i++
	return true
}

func (m *mender) value(shape *loosely) bool {
	c := m.peek()
	from := m.i
	switch {
	case c == '{' && shape != nil && shape.members != nil:
		m.i++
		for n := 0; ; n++ {
			if m.is('}') {
				return true
			}
			if n > 0 && !m.is(',') || m.peek() != '"' {
				return false
			}
			name := m.i
			if !m.text() {
				return false
			}
			inner := shape.members[string(m.in[name+1:m.i-1])]
			if !m.is(':') || !m.value(inner) {
				return false
			}
		}
	case c == '[' && shape != nil && shape.element != nil:
		m.i++
		for n := 0; ; n++ {
			if m.is(']') {
				return true
			}
			if n > 0 && !m.is(',') || !m.value(shape.element) {
				return false
			}
		}
	case c == '{' || c == '[':
		if !m.brackets() {
			return false
		}
		if shape == nil {
			for k := from + 1; k < m.i-1; k++ {
				m.in[k] = ' '
			}
		}
		return true
	case c == '"':
		return m.text()
	}
	for m.i < len(m.in) && strings.IndexByte(" \t\r\n,:[]{}\"", m.in[m.i]) < 0 {
		m.i++
	}
	return m.i > from
}

// text passes over a string.
func (m *mender) text() bool {
	for m.i++; m.i < len(m.in) && m.in[m.i] >= ' '; m.i++ {
		switch m.in[m.i] {
		case '"':
			m.i++
			return true
		case '\\':
			if m.i++; m.i < len(m.in) && m.in[m.i] < ' ' {
				return false
			}
		}
	}
	return false
}

// brackets passes over an object or array whose brackets match.
func (m *mender) brackets() bool {
	var closers []byte
	for m.i < len(m.in) {
		switch c := m.in[m.i]; c {
		case '"':
			if !m.text() {
				return false
			}
			continue
		case '{', '[':
			closers = append(closers, c+2)
		case '}', ']':
			if closers[len(closers)-1] != c {
				return false
			}
			if closers = closers[:len(closers)-1]; len(closers) == 0 {
				m.i++
				return true
			}
		case '\\', 'Y', '_', 'y', 0x7f: // never outside of a string; the others are not looked for
			return false
		}
		m.i++
	}
	return false
}
