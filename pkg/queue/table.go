package queue

import "maps"

// largeTable is from what size on a table that emptied gives its memory back.
const largeTable = 1024

// table is a map that shrinks: a Go map keeps the room that it had at its
// largest, so one that was large and is nearly empty is made anew.
type table[K comparable, V any] struct {
	m    map[K]V
	peak int
}

func (t *table[K, V]) get(k K) (V, bool) {
	v, ok := t.m[k]
	return v, ok
}

func (t *table[K, V]) set(k K, v V) {
	if t.m == nil {
		t.m = make(map[K]V)
	}
	t.m[k] = v
	t.peak = max(t.peak, len(t.m))
}

func (t *table[K, V]) delete(k K) {
	delete(t.m, k)
	if !outgrown(len(t.m), t.peak) {
		return
	}
	m := make(map[K]V, len(t.m))
	maps.Copy(m, t.m)
	t.m, t.peak = m, len(m)
}

// outgrown reports whether a structure that held peak entries and holds n is
// worth making anew. What is left is an eighth, so that the copying is paid for
// by the deletions before.
func outgrown(n, peak int) bool {
	return peak >= largeTable && n <= peak/8
}
