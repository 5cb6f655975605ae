package table

import "maps"

// tableLargest is from how many entries on a table that has emptied gives its memory back.
const tableLargest = 64

// Map is a map that shrinks: Go's keep the memory of all that they ever held. The zero table is empty.
type Map[K comparable, V any] struct {
	M    map[K]V
	Peak int // of entries since the map was made
}

// Set puts a value under a key.
func (t *Map[K, V]) Set(k K, v V) {
	if t.M == nil {
		t.M = map[K]V{}
	}
	t.M[k] = v
	t.Peak = max(t.Peak, len(t.M))
}

// Delete removes a key.
func (t *Map[K, V]) Delete(k K) {
	delete(t.M, k)
	if t.Peak < tableLargest || len(t.M) > t.Peak/8 {
		return
	}
	small := make(map[K]V, len(t.M))
	maps.Copy(small, t.M)
	t.M, t.Peak = small, len(small)
}
