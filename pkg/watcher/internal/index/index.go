package index

import (
	"bytes"
	"hash/maphash"
	"iter"
	"slices"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/compact"
)

// Index is what a stream knows: for each object its identity and the resourceVersion last delivered, nothing
// else of the object. With names of 32 bytes and one word that is about 100 bytes, none of which the garbage
// collector has to look into, and nothing for a deleted object.
//
// The index of a stream may be used in the methods of its Handler and in a function given to Stream.DoContext, nowhere else.
// It is not safe for concurrent use.
type Index struct {
	seed    maphash.Seed
	table   compact.Table
	records compact.Slab[record] // those of the entries are the first ones, without gaps
	words   compact.Slab[uint64] // by record
	texts   compact.Texts
	spaces  namespaces
	tombs   tombs
	content compact.Slab[uint64] // by record: what the state that was delivered reads as, or 0; see hashContent
	hashed  bool                 // content is kept
	opaque  map[uint32]string    // by record: resourceVersions that are not numbers
	filled  uint32               // records in use
	taken   uint32               // of these, the ones that are not in the table any more
	width   int                  // words of an entry
	epoch   uint16               // of the snapshot that is being read or was read last; 0 before the first
}

// NewIndex returns an empty index whose entries have so many words.
func NewIndex(words int) *Index {
	words = max(words, 0)
	return &Index{seed: maphash.MakeSeed(), words: compact.SlabOf[uint64](words), width: words}
}

// Len returns the number of objects.
func (x *Index) Len() int { return int(x.filled - x.taken) }

// Get returns the entry of an object; the namespace of a cluster-scoped one is "".
func (x *Index) Get(namespace, name string) (Entry, bool) {
	space, ok := x.spaces.find(x.seed, namespace)
	if !ok {
		return Entry{}, false
	}
	hash := x.hash(space, name)
	for at, ok := x.table.First(hash); ok; at, ok = x.table.Next(at, hash) {
		e := Entry{x, at}
		if r := e.record(); r.space == space && string(e.name(r)) == name {
			return e, true
		}
	}
	return Entry{}, false
}

// All yields every entry, in no order. The index must not be changed meanwhile.
func (x *Index) All() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for at := range x.filled {
			e := Entry{x, at}
			if e.record().flags&flagTaken == 0 && !yield(e) {
				return
			}
		}
	}
}

// Put notes that an object was delivered with that resourceVersion, and returns its entry. The words of one that
// was known stay; another UID under the same name is another object, and begins with zeros.
func (x *Index) Put(namespace, name, uid, rv string) Entry {
	e, known := x.Get(namespace, name)
	if known && !e.HasUID(uid) {
		x.Remove(e)
		known = false
	}
	if !known {
		e = x.Add(namespace, name, uid)
	}
	e.setRV(rv)
	return e
}

// Remove takes an entry out. This one and all others at hand are not good any more.
func (x *Index) Remove(e Entry) {
	x.take(e)
	x.erase(e)
}

// Drop takes an entry out, and calls its argument meanwhile, in which the entry can be read and is not found in the index.
func (x *Index) Drop(e Entry, tell func()) {
	x.take(e)
	tell()
	x.erase(e)
}

// Add makes an entry for an object that is not known, with a resourceVersion of "".
func (x *Index) Add(namespace, name, uid string) Entry {
	at := x.filled
	x.records.Grow(at + 1)
	x.words.Grow(at + 1)
	x.filled++
	e := Entry{x, at}
	clear(x.words.Row(at))
	if x.hashed {
		x.content.Grow(at + 1)
		*x.content.At(at) = 0
	}
	r := e.record()
	*r = record{space: x.spaces.enter(x.seed, namespace)}
	var text string
	if raw, ok := packUUID(uid); ok {
		r.uid, r.flags = raw, flagUUID
	} else {
		text = uid
		r.setTextUID(len(uid))
	}
	r.text = x.texts.Put(name, text)
	x.table.Add(x.hash(r.space, name), at)
	return e
}

// KeepContent has the index keep eight more bytes for each object, from now on.
func (x *Index) KeepContent() {
	if !x.hashed {
		x.hashed = true
		x.content.Grow(x.filled)
		for at := range x.filled {
			*x.content.At(at) = 0
		}
	}
}

// take takes an entry out of the table. It can be read until it is erased.
func (x *Index) take(e Entry) {
	x.table.Remove(e.at)
	e.record().flags |= flagTaken
	x.taken++
}

// erase lets go of what was taken. The last record takes its place.
func (x *Index) erase(e Entry) {
	r := e.record()
	e.setRV("")
	x.spaces.leave(r.space)
	x.texts.Drop(r.text)
	x.taken--
	x.filled--
	if last := x.filled; last != e.at {
		x.move(Entry{x, last}, e)
	}
	x.records.Shrink(x.filled)
	x.words.Shrink(x.filled)
	if x.hashed {
		x.content.Shrink(x.filled)
	}
	x.table.Shrink(x.filled)
	x.texts.Tidy(x.filled, x)
	if x.spaces.outgrown() {
		x.renumber()
	}
}

// renumber gives the namespaces new numbers.
func (x *Index) renumber() {
	old := x.spaces
	x.spaces = namespaces{}
	fresh := make([]uint32, old.filled)
	for at := range old.filled {
		if n := old.records.At(at).entries; n > 0 {
			fresh[at] = x.spaces.enter(x.seed, string(old.name(at)))
			x.spaces.records.At(fresh[at]).entries = n
		}
	}
	for at := range x.filled {
		r := x.records.At(at)
		r.space = fresh[r.space]
	}
}

func (x *Index) move(from, to Entry) {
	r := from.record()
	*to.record() = *r
	copy(to.Words(), from.Words())
	if x.hashed {
		*x.content.At(to.at) = *x.content.At(from.at)
	}
	if r.flags&flagTaken == 0 {
		x.table.Move(from.at, to.at)
	}
	if r.flags&flagOpaque != 0 {
		x.opaque[to.at] = x.opaque[from.at]
		delete(x.opaque, from.at)
	}
}

// Text implements compact.Holder, for the texts of the entries.
func (x *Index) Text(i uint32) *compact.Ref { return &x.records.At(i).text }

func (x *Index) hash(space uint32, name string) uint32 {
	const odd = 0x9e3779b97f4a7c15 // spreads what is close together over all bits
	return uint32((maphash.String(x.seed, name) ^ uint64(x.spaces.table.Hash(space))) * odd >> 32)
}

// DeleteFunc removes the entries for which the function returns true; it is asked about each.
func (x *Index) DeleteFunc(remove func(Entry) bool) {
	for at := x.filled; at > 0; at-- { // what takes the place of a record is from behind it
		if e := (Entry{x, at - 1}); remove(e) {
			x.Remove(e)
		}
	}
}

// Begin begins a snapshot: none of the entries was seen in it yet. A stream does that to its index itself.
func (x *Index) Begin() {
	x.epoch++
	if x.epoch != 0 {
		return
	}
	for at := range x.filled { // once in 65535 times
		x.records.At(at).epoch = 0
	}
	x.epoch = 1
}

// Snapshot is the number of the snapshot that was begun last; numbers come again after 65535 others.
func (x *Index) Snapshot() uint16 { return x.epoch }

// Unseen yields the entries that the snapshot did not show, in the order of namespaces and names. The index must not be
// changed meanwhile.
func (x *Index) Unseen() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for _, at := range x.unseen() {
			if !yield(Entry{x, at}) {
				return
			}
		}
	}
}

// unseen returns the records that the snapshot did not show, in the order of namespaces and names.
func (x *Index) unseen() []uint32 {
	var out []uint32
	for at := range x.filled {
		if x.records.At(at).epoch != x.epoch {
			out = append(out, at)
		}
	}
	slices.SortFunc(out, x.compare)
	return out
}

// HasUnseen says whether the snapshot did not show one of the entries.
func (x *Index) HasUnseen() bool {
	for at := range x.filled {
		if x.records.At(at).epoch != x.epoch {
			return true
		}
	}
	return false
}

func (x *Index) compare(a, b uint32) int {
	r, s := x.records.At(a), x.records.At(b)
	if r.space != s.space {
		return bytes.Compare(x.spaces.name(r.space), x.spaces.name(s.space))
	}
	return bytes.Compare(Entry{x, a}.name(r), Entry{x, b}.name(s))
}

// Sweep ends a snapshot: it removes the entries that were not seen in it, in the order of their namespaces and
// names, and calls each with them. An entry is good until each returns.
func (x *Index) Sweep(each func(Entry)) {
	gone := x.unseen()
	for _, at := range gone {
		x.take(Entry{x, at})
		each(Entry{x, at})
	}
	slices.Sort(gone)
	for _, at := range slices.Backward(gone) { // what takes the place of a record is from behind it
		x.erase(Entry{x, at})
	}
}
