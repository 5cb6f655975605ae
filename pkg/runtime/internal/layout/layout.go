package layout

import (
	"slices"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
)

// Slots is where one binding keeps what it knows of an object, in the words of its index entry:
// one bit for "in its set", and, only for bindings that compare, the last generation and the hash
// of the last projection; and only where there are finalizers, one bit for "carries the binding's".
type Slots struct {
	word int
	mask uint64
	gen  int // index of the word with the last generation; 0 is none, since word 0 holds bits
	hash int // index of the word with the projection's hash; 0 is none
	On   int // index of the word in which mask is the bit for the finalizer; 0 is none
}

// Of shares out the words of a stream's entries among the bindings it serves. A generation is
// kept for each binding that compares it, since bindings may join at different times.
func Of(bindings []*compile.Compiled) (places []Slots, words int) {
	words = max(1, Words(len(bindings)))
	places = make([]Slots, len(bindings))
	for i, b := range bindings {
		places[i] = Slots{word: i / 64, mask: 1 << (i % 64)}
		if b.OnSpecChange {
			places[i].gen = words
			words++
		}
		if b.OnChange {
			places[i].hash = words
			words++
		}
	}
	if slices.ContainsFunc(bindings, func(b *compile.Compiled) bool { return b.Finalizer != "" }) {
		for i := range places {
			places[i].On = words + places[i].word
		}
		words += Words(len(bindings))
	}
	return places, words
}

// Carries remembers whether an object carries the binding's finalizer, and says whether it did last time.
func (s Slots) Carries(words []uint64, on bool) (before bool) {
	if s.On == 0 {
		return false
	}
	before = words[s.On]&s.mask != 0
	if on {
		words[s.On] |= s.mask
	} else {
		words[s.On] &^= s.mask
	}
	return before
}

// Known says whether the object is in the binding's set, or carries its finalizer.
func (s Slots) Known(words []uint64) bool {
	return s.Member(words) || s.On > 0 && words[s.On]&s.mask != 0
}

// Member reports whether the object is in the binding's set.
func (s Slots) Member(words []uint64) bool {
	return words[s.word]&s.mask != 0
}

// SetMember notes whether the object is in the binding's set.
func (s Slots) SetMember(words []uint64, in bool) {
	if in {
		words[s.word] |= s.mask
		return
	}
	words[s.word] &^= s.mask
}

// Changed remembers what the binding compares, and says whether any of it differs from last time.
// A binding that compares nothing takes every change.
func (s Slots) Changed(words []uint64, generation int64, hash uint64) bool {
	changed := s.gen == 0 && s.hash == 0
	if s.gen > 0 {
		g := uint64(generation) //nolint:gosec // G115: compared for equality only
		changed = words[s.gen] != g
		words[s.gen] = g
	}
	if s.hash > 0 {
		changed = changed || words[s.hash] != hash
		words[s.hash] = hash
	}
	return changed
}

// Move carries what a binding knows of an object from one stream's entry to another's.
func (s Slots) Move(from []uint64, to Slots, dst []uint64) {
	to.SetMember(dst, s.Member(from))
	if s.On > 0 {
		to.Carries(dst, from[s.On]&s.mask != 0)
	}
	if s.gen > 0 && to.gen > 0 {
		dst[to.gen] = from[s.gen]
	}
	if s.hash > 0 && to.hash > 0 {
		dst[to.hash] = from[s.hash]
	}
}
