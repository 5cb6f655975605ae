package index

import (
	"hash/maphash"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/compact"
)

// namespacesFloor is how many namespaces need not be given back.
const namespacesFloor = 1024

// namespaces keeps each namespace of an index once, under a number.
type namespaces struct {
	table   compact.Table
	records compact.Slab[namespace] // by number
	texts   compact.Texts
	filled  uint32 // numbers that were given out
	free    uint32 // the first number to give out again, plus 1
	last    uint32 // the one that was found last, plus 1: most objects come in the order of their keys
}

type namespace struct {
	text    compact.Ref
	entries uint32
	next    uint32 // without entries: the next free number, plus 1
}

// find returns the number of a namespace that has entries.
func (s *namespaces) find(seed maphash.Seed, name string) (uint32, bool) {
	if s.last != 0 && s.is(s.last-1, name) {
		return s.last - 1, true
	}
	hash := hashOf(seed, name)
	for at, ok := s.table.First(hash); ok; at, ok = s.table.Next(at, hash) {
		if s.is(at, name) {
			s.last = at + 1
			return at, true
		}
	}
	return 0, false
}

func (s *namespaces) is(at uint32, name string) bool { return string(s.name(at)) == name }

// name is good until the namespaces change.
func (s *namespaces) name(at uint32) []byte { return s.texts.Bytes(s.records.At(at).text) }

// enter returns the number of a namespace which has one more entry.
func (s *namespaces) enter(seed maphash.Seed, name string) uint32 {
	at, known := s.find(seed, name)
	if !known {
		at = s.number()
		*s.records.At(at) = namespace{text: s.texts.Put(name, "")}
		s.table.Add(hashOf(seed, name), at)
		s.last = at + 1
	}
	s.records.At(at).entries++
	return at
}

func (s *namespaces) number() uint32 {
	if at := s.free; at != 0 {
		s.free = s.records.At(at - 1).next
		return at - 1
	}
	s.filled++
	s.records.Grow(s.filled)
	return s.filled - 1
}

// leave says that a namespace has one entry less.
func (s *namespaces) leave(at uint32) {
	r := s.records.At(at)
	if r.entries--; r.entries > 0 {
		return
	}
	if s.last == at+1 {
		s.last = 0
	}
	s.table.Remove(at)
	s.texts.Drop(r.text)
	*r = namespace{next: s.free}
	s.free = at + 1
	s.texts.Tidy(s.filled, s)
}

// Text implements compact.Holder.
func (s *namespaces) Text(i uint32) *compact.Ref { return &s.records.At(i).text }

// outgrown says whether most numbers are not in use, or none is.
func (s *namespaces) outgrown() bool {
	n := s.table.Len()
	return s.filled > 0 && n == 0 || s.filled >= namespacesFloor && n <= int(s.filled)/8
}

func hashOf(seed maphash.Seed, s string) uint32 {
	return uint32(maphash.String(seed, s) >> 32)
}
