package compact

import (
	"math/bits"
	"slices"
)

// Chunks hold 8, 8, 16, 32 ... elements up to the largest, and after that each as many as that.
const (
	smallBits = 3
	largeBits = 10
	small     = 1 << smallBits
	large     = 1 << largeBits
	// firstLarge is the chunk that begins with element number `large`.
	firstLarge = largeBits - smallBits + 1
)

// Slab is a list of elements that stay where they are while it grows: a pointer to one is good until it is cut off.
// Each element is a row of a fixed number of T. T should hold no pointers.
type Slab[T any] struct {
	width  int // of a row, less one: the zero value has rows of one
	chunks [][]T
}

// SlabOf returns a slab with rows of so many T; it may be none.
func SlabOf[T any](width int) Slab[T] { return Slab[T]{width: max(width, 0) - 1} }

// place finds an element.
func place(i uint32) (chunk, at uint32) {
	if i >= large {
		return i>>largeBits + firstLarge - 1, i & (large - 1)
	}
	chunk = uint32(bits.Len32(i >> smallBits)) //nolint:gosec // at most 32
	if chunk == 0 {
		return 0, i
	}
	return chunk, i - small<<(chunk-1)
}

// room is how many elements a chunk has.
func room(chunk int) int {
	if chunk >= firstLarge {
		return large
	}
	return small << max(chunk-1, 0)
}

// At returns an element of a slab with rows of one. It must be below what Grow was given last.
func (s *Slab[T]) At(i uint32) *T {
	c, at := place(i)
	return &s.chunks[c][at]
}

// Row returns an element. It must be below what Grow was given last.
func (s *Slab[T]) Row(i uint32) []T {
	width := s.width + 1
	if width == 0 {
		return nil
	}
	c, at := place(i)
	from := int(at) * width
	return s.chunks[c][from : from+width : from+width]
}

// Grow makes room for n elements. What it adds is zero, or what was there before Shrink.
func (s *Slab[T]) Grow(n uint32) {
	if n == 0 || s.width < 0 {
		return
	}
	for last, _ := place(n - 1); len(s.chunks) <= int(last); {
		s.chunks = append(s.chunks, make([]T, room(len(s.chunks))*(s.width+1)))
	}
}

// Shrink gives back memory that n elements do not need. One chunk stays in reserve, so that few that come and go at
// its edge cost nothing.
func (s *Slab[T]) Shrink(n uint32) {
	keep, _ := place(n) // where the next one would be
	for len(s.chunks) > int(keep)+2 {
		s.chunks[len(s.chunks)-1] = nil
		s.chunks = s.chunks[:len(s.chunks)-1]
	}
	if cap(s.chunks) >= large && len(s.chunks) <= cap(s.chunks)/4 {
		s.chunks = slices.Clone(s.chunks)
	}
}
