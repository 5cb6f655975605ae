package watcher

import (
	"iter"
	"maps"
)

// shrinkFloor is the number of entries below which a map is not worth making again.
const shrinkFloor = 1024

// Index is what a stream knows: for each object its identity and the resourceVersion last delivered, nothing
// else of the object. It belongs to the stream's goroutine: it may be used in the methods of a Handler and
// in a function given to Stream.Do, nowhere else.
type Index struct {
	entries map[string]*Entry // by "namespace/name"
	peak    int               // the most entries since the map was made
	scratch []byte            // where keys to look up are written
}

// Len returns the number of objects.
func (x *Index) Len() int { return len(x.entries) }

// Get returns the entry of an object; the namespace of a cluster-scoped one is "".
func (x *Index) Get(namespace, name string) (*Entry, bool) {
	x.scratch = append(append(append(x.scratch[:0], namespace...), '/'), name...)
	e, ok := x.entries[string(x.scratch)]
	return e, ok
}

// All yields every entry, in no order.
func (x *Index) All() iter.Seq[*Entry] {
	return func(yield func(*Entry) bool) {
		for _, e := range x.entries {
			if !yield(e) {
				return
			}
		}
	}
}

func newIndex(seed []Entry) *Index {
	x := &Index{entries: make(map[string]*Entry, len(seed))}
	for i := range seed {
		x.put(seed[i].clone())
	}
	return x
}

func (x *Index) put(e *Entry) {
	x.entries[e.key()] = e
	x.peak = max(x.peak, len(x.entries))
}

// remove takes e out. A map keeps the memory of its largest size, so it is made again when most of it is gone.
func (x *Index) remove(e *Entry) {
	delete(x.entries, e.key())
	if x.peak < shrinkFloor || len(x.entries) > x.peak/4 {
		return
	}
	x.rebuild()
}

func (x *Index) rebuild() {
	entries := make(map[string]*Entry, len(x.entries))
	maps.Copy(entries, x.entries)
	x.entries, x.peak = entries, len(entries)
}

// unmarkAll begins a snapshot: nothing was seen in it yet.
func (x *Index) unmarkAll() {
	for _, e := range x.entries {
		e.flags &^= flagSeen
	}
}

// unmarked returns the entries that the snapshot did not show.
func (x *Index) unmarked() []*Entry {
	var out []*Entry
	for _, e := range x.entries {
		if e.flags&flagSeen == 0 {
			out = append(out, e)
		}
	}
	return out
}
