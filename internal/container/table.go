package container

import "maps"

// LargeTable is from what size on a table that emptied gives its memory back.
const LargeTable = 64

// Table is a map that shrinks: a Go map keeps the room that it had at its
// largest, so one that was large and is nearly empty is made again.
type Table[K comparable, V any] struct {
	M    map[K]V
	Peak int
}

// Get gives the value of a key, and whether there is one.
func (t *Table[K, V]) Get(k K) (V, bool) {
	v, ok := t.M[k]
	return v, ok
}

// Set puts a value under a key.
func (t *Table[K, V]) Set(k K, v V) {
	if t.M == nil {
		t.M = make(map[K]V)
	}
	t.M[k] = v
	t.Peak = max(t.Peak, len(t.M))
}

// Delete removes a key.
func (t *Table[K, V]) Delete(k K) {
	delete(t.M, k)
	if !Outgrown(len(t.M), t.Peak) {
		return
	}
	m := make(map[K]V, len(t.M))
	maps.Copy(m, t.M)
	t.M, t.Peak = m, len(m)
}

// Outgrown reports whether a structure that held peak entries and holds n is
// worth making again. The rest is an eighth, so that the copying is paid for
// by the deletions before.
func Outgrown(n, peak int) bool {
	return peak >= LargeTable && n <= peak/8
}
