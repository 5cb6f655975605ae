package compact

import "math/bits"

const (
	leastText = 256
	mostText  = 1 << offsetBits
	// textFloor is the garbage in bytes that is not worth tidying.
	textFloor = 4096
	// stride is how many references one Tidy looks at.
	stride = 8
)

// A Ref is 24 bits of the number of a chunk, 16 of a place in it, and 24 of a length.
const (
	sizeBits   = 24
	offsetBits = 16
)

// MaxText is the length of the longest text in bytes.
const MaxText = 1<<sizeBits - 1

// Ref says where a text is. The zero value is the empty text.
type Ref uint64

// Len returns the length of the text in bytes.
func (r Ref) Len() int { return int(r & MaxText) }

func (r Ref) chunk() int  { return int(r >> (sizeBits + offsetBits)) }
func (r Ref) offset() int { return int(r >> sizeBits & (mostText - 1)) }

func refTo(chunk, offset, size int) Ref {
	return Ref(chunk)<<(sizeBits+offsetBits) | Ref(offset)<<sizeBits | Ref(size) //nolint:gosec // all positive and bounded
}

// Holder are the numbered references to what is in a Texts, for Tidy to look at.
type Holder interface {
	// Text returns reference number i, the zero Ref if there is none.
	Text(i uint32) *Ref
}

// Texts is an arena of texts. What is dropped leaves a gap; with too many of them the rest is copied together.
type Texts struct {
	chunks []textChunk
	free   []int // numbers of chunks that are not in use
	filled int   // the chunk that is being filled, plus 1
	held   int   // bytes of all chunks
	live   int   // bytes of texts that are not dropped

	tidying bool
	cursor  uint32 // while tidying: references from this number on have been looked at
}

type textChunk struct {
	data []byte
	live int  // bytes that are not dropped
	old  bool // while tidying: to be emptied
}

// Put keeps a copy of two texts in a row. Together they must not be longer than MaxText.
func (t *Texts) Put(a, b string) Ref {
	size := len(a) + len(b)
	if size == 0 {
		return 0
	}
	n := t.chunkFor(size)
	c := &t.chunks[n]
	at := len(c.data)
	c.data = append(append(c.data, a...), b...)
	c.live += size
	t.live += size
	return refTo(n, at, size)
}

// Bytes returns a text, which is not to be changed. It is good until the next call of another method.
func (t *Texts) Bytes(r Ref) []byte {
	if r == 0 {
		return nil
	}
	at := r.offset()
	return t.chunks[r.chunk()].data[at : at+r.Len()]
}

// Drop removes a text.
func (t *Texts) Drop(r Ref) {
	if r == 0 {
		return
	}
	n := r.chunk()
	c := &t.chunks[n]
	c.live -= r.Len()
	t.live -= r.Len()
	switch {
	case c.live > 0:
	case t.live == 0:
		*t = Texts{}
	case t.filled == n+1:
		c.data = c.data[:0]
	default:
		t.held -= cap(c.data)
		*c = textChunk{}
		t.free = append(t.free, n)
	}
}

// chunkFor finds a chunk with room for so many bytes.
func (t *Texts) chunkFor(size int) int {
	if t.filled > 0 {
		// A chunk that a long text had for itself may be empty again, and is too large for a Ref beyond some point.
		if c := t.chunks[t.filled-1].data; cap(c)-len(c) >= size && len(c) < mostText {
			return t.filled - 1
		}
	}
	// At most as much as is there already, within bounds; a text that is longer has a chunk of its own.
	room := max(size, min(max(1<<bits.Len(uint(t.live))/2, leastText), mostText))
	n := len(t.chunks)
	if last := len(t.free) - 1; last >= 0 {
		n, t.free = t.free[last], t.free[:last]
	} else {
		t.chunks = append(t.chunks, textChunk{})
	}
	t.chunks[n].data = make([]byte, 0, room)
	t.held += room
	t.leave()
	t.filled = n + 1
	return n
}

// leave ends the filling of a chunk, which may hold nothing any more.
func (t *Texts) leave() {
	n := t.filled - 1
	t.filled = 0
	if n >= 0 && t.chunks[n].live == 0 {
		t.held -= cap(t.chunks[n].data)
		t.chunks[n] = textChunk{}
		t.free = append(t.free, n)
	}
}

// Tidy does a step of the work of closing gaps. It is to be called after each Drop, with the n references that the
// holder has. A reference may get a lower number between two calls, not a higher one, and new ones come behind the rest.
func (t *Texts) Tidy(n uint32, h Holder) {
	if !t.tidying && !t.begin(n) {
		return
	}
	t.cursor = min(t.cursor, n)
	for range stride {
		if t.cursor == 0 {
			t.tidying = false
			return
		}
		t.cursor--
		t.renew(h.Text(t.cursor))
	}
}

// begin decides whether a third is garbage, and if so has all of it gone through. From there on everything new goes
// to new chunks.
func (t *Texts) begin(n uint32) bool {
	unfilled := 0
	if t.filled > 0 {
		unfilled = cap(t.chunks[t.filled-1].data) - len(t.chunks[t.filled-1].data)
	}
	if t.held-unfilled-t.live <= t.live/2+textFloor {
		return false
	}
	t.leave()
	for i := range t.chunks {
		t.chunks[i].old = t.chunks[i].data != nil
	}
	t.tidying, t.cursor = true, n
	return true
}

// renew copies a text out of an old chunk.
func (t *Texts) renew(r *Ref) {
	if *r == 0 || !t.chunks[r.chunk()].old {
		return
	}
	old, size := *r, r.Len()
	n := t.chunkFor(size)
	c := &t.chunks[n]
	at := len(c.data)
	c.data = append(c.data, t.Bytes(old)...)
	c.live += size
	t.live += size
	t.Drop(old)
	*r = refTo(n, at, size)
}
