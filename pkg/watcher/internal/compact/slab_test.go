package compact

import (
	"testing"

	"pgregory.net/rapid"
)

// Every element has a place of its own, and stays there while the slab grows.
func TestSlabPlaces(t *testing.T) {
	const n = 5000
	s := SlabOf[uint64](3)
	rows := make([]*uint64, 0, n)
	for i := range uint32(n) {
		s.Grow(i + 1)
		row := s.Row(i)
		if len(row) != 3 || cap(row) != 3 || row[0] != 0 {
			t.Fatalf("row %d has length %d, capacity %d, and begins with %d", i, len(row), cap(row), row[0])
		}
		row[0], row[1], row[2] = uint64(i)+1, uint64(i)+2, uint64(i)+3
		rows = append(rows, &row[0])
	}
	for i := range uint32(n) {
		if row := s.Row(i); &row[0] != rows[i] || row[0] != uint64(i)+1 || row[2] != uint64(i)+3 {
			t.Fatalf("row %d became %v", i, row)
		}
	}
}

// However large it was, what is left of a slab is what its elements need, and at most as much again.
func TestSlabShrinks(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var s Slab[uint32]
		for range 20 {
			n := rapid.OneOf(rapid.Uint32Range(0, 40), rapid.Uint32Range(0, 100_000)).Draw(rt, "n")
			s.Grow(n)
			for i := range n {
				*s.At(i) = i
			}
			n = rapid.Uint32Range(0, n).Draw(rt, "rest")
			s.Shrink(n)
			for i := range n {
				if *s.At(i) != i {
					rt.Fatalf("element %d became %d", i, *s.At(i))
				}
			}
			kept := 0
			for _, c := range s.chunks {
				kept += len(c)
			}
			if most := int(n) + 3*min(int(n)+small, large); kept < int(n) || kept > most {
				rt.Fatalf("room for %d elements with %d in use", kept, n)
			}
		}
	})
}

// A chunk stays in reserve, so that what comes and goes at its edge allocates nothing.
func TestSlabKeepsAReserve(t *testing.T) {
	var s Slab[uint32]
	s.Grow(4 * large)
	if got := testing.AllocsPerRun(100, func() {
		s.Shrink(3*large - 1)
		s.Grow(3*large + 1)
	}); got > 0 {
		t.Errorf("%v allocations", got)
	}
}

func TestSlabOfNothing(t *testing.T) {
	s := SlabOf[uint64](0)
	s.Grow(100)
	if s.Row(99) != nil || len(s.chunks) != 0 {
		t.Error("rows of none are something")
	}
	s.Shrink(0)
}
