package runtime

import "maps"

// tableLargest is from how many entries on a table that has emptied gives its memory back.
const tableLargest = 64

// table is a map that shrinks: Go's keep the memory of all that they ever held. The zero table is empty.
type table[K comparable, V any] struct {
	m    map[K]V
	peak int // of entries since the map was made
}

func (t *table[K, V]) set(k K, v V) {
	if t.m == nil {
		t.m = map[K]V{}
	}
	t.m[k] = v
	t.peak = max(t.peak, len(t.m))
}

func (t *table[K, V]) delete(k K) {
	delete(t.m, k)
	if t.peak < tableLargest || len(t.m) > t.peak/8 {
		return
	}
	small := make(map[K]V, len(t.m))
	maps.Copy(small, t.m)
	t.m, t.peak = small, len(small)
}
