package compact

import "math/bits"

// Table finds slots by a hash. Slots are numbers from 0 that the caller gives to what it keeps; several may have one
// hash. It is a table by linear hashing: each Add splits at most two of its buckets and each Remove joins as many.
type Table struct {
	heads   Slab[uint32] // the first slot of each bucket, plus 1
	links   Slab[link]   // by slot
	buckets uint32
	n       uint32
}

// link is what the table knows of a slot.
type link struct {
	hash uint32
	next uint32 // in the same bucket, plus 1
}

// Len returns the number of slots in the table.
func (t *Table) Len() int { return int(t.n) }

// First returns a slot with this hash.
func (t *Table) First(hash uint32) (slot uint32, ok bool) {
	if t.n == 0 {
		return 0, false
	}
	return t.match(*t.heads.At(t.bucket(hash)), hash)
}

// Next returns the slot with this hash that comes after that one.
func (t *Table) Next(slot, hash uint32) (next uint32, ok bool) {
	return t.match(t.links.At(slot).next, hash)
}

// Hash returns the hash of a slot that is in the table.
func (t *Table) Hash(slot uint32) uint32 { return t.links.At(slot).hash }

func (t *Table) match(at, hash uint32) (slot uint32, ok bool) {
	for at != 0 {
		l := t.links.At(at - 1)
		if l.hash == hash {
			return at - 1, true
		}
		at = l.next
	}
	return 0, false
}

// Add puts in a slot that is not in the table.
func (t *Table) Add(hash, slot uint32) {
	t.links.Grow(slot + 1)
	if t.buckets == 0 {
		t.heads.Grow(1)
		t.buckets = 1
	}
	head := t.heads.At(t.bucket(hash))
	*t.links.At(slot) = link{hash: hash, next: *head}
	*head = slot + 1
	t.n++
	// Three entries to four buckets: a search that finds looks at one entry and a half.
	for range 2 {
		if t.buckets < t.n+t.n/3 {
			t.split()
		}
	}
}

// Remove takes a slot out that is in the table.
func (t *Table) Remove(slot uint32) {
	*t.pointer(slot) = t.links.At(slot).next
	t.n--
	for range 2 {
		if t.buckets > 2*t.n+small {
			t.join()
		}
	}
}

// Move gives what is in the table under one slot another, which is free.
func (t *Table) Move(from, to uint32) {
	*t.pointer(from) = to + 1
	*t.links.At(to) = *t.links.At(from)
}

// Shrink gives back memory that slots below n do not need.
func (t *Table) Shrink(n uint32) { t.links.Shrink(n) }

// pointer finds what points to a slot.
func (t *Table) pointer(slot uint32) *uint32 {
	p := t.heads.At(t.bucket(t.links.At(slot).hash))
	for *p != slot+1 {
		p = &t.links.At(*p - 1).next
	}
	return p
}

// bucket is where a hash belongs: its last bits, one less of them where that bucket is not yet split off.
func (t *Table) bucket(hash uint32) uint32 {
	mask := maskOf(t.buckets)
	b := hash & mask
	if b >= t.buckets {
		b &= mask >> 1
	}
	return b
}

// maskOf covers the numbers of so many buckets.
func maskOf(buckets uint32) uint32 { return 1<<bits.Len32(buckets-1) - 1 }

// split adds a bucket, which takes its part of another.
func (t *Table) split() {
	fresh := t.buckets
	t.buckets++
	t.heads.Grow(t.buckets)
	mask := maskOf(t.buckets)
	in, out := t.heads.At(fresh&(mask>>1)), t.heads.At(fresh)
	*out = 0
	for at := *in; at != 0; {
		l := t.links.At(at - 1)
		next := l.next
		if l.hash&mask == fresh {
			*in, l.next, *out = next, *out, at
		} else {
			in = &l.next
		}
		at = next
	}
}

// join gives the last bucket back to the one that it was split off.
func (t *Table) join() {
	last := t.buckets - 1
	to := t.heads.At(last & (maskOf(t.buckets) >> 1))
	for *to != 0 {
		to = &t.links.At(*to - 1).next
	}
	*to = *t.heads.At(last)
	t.buckets = last
	t.heads.Shrink(last)
}
