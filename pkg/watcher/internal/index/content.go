package index

import (
	"bytes"
	"encoding/json"
	"hash/maphash"
	"strings"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// ReadsDifferently says whether objects of the resource can change at the same resourceVersion: a new default or conversion
// in the definition of a custom resource changes what its objects read as. Metadata has neither.
func ReadsDifferently(r kind.Resource) bool {
	return !r.Protobuf && !r.Metadata && strings.Contains(r.Group, ".")
}

// hashContent stands in for what an object in JSON reads as, whatever the order of its keys, and without managedFields,
// apiVersion and kind. It is 0 for other encodings, and for what is no JSON.
func (x *Index) hashContent(f *wire.Frame) uint64 {
	if f.Encoding != kind.JSON {
		return 0
	}
	h := hasher{seed: x.seed, b: f.Raw}
	sum := h.value(0)
	if h.space(); h.broken || h.i < len(h.b) {
		return 0
	}
	return sum | 1
}

// deepest is how many objects and arrays may be in each other, as in encoding/json.
const deepest = 10000

// hasher reads a JSON document once. It runs for each state of a custom resource, so it goes no further into the grammar than
// the values need: where they begin and end.
type hasher struct {
	seed   maphash.Seed
	b      []byte
	i      int // what is read
	broken bool
}

// space skips white space, and returns the next byte; 0: there is none.
func (h *hasher) space() byte {
	for ; h.i < len(h.b); h.i++ {
		if c := h.b[h.i]; c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
	}
	return 0
}

// fail ends the reading.
func (h *hasher) fail() uint64 {
	h.broken, h.i = true, len(h.b)
	return 0
}

// value hashes the value that is next.
func (h *hasher) value(depth int) uint64 {
	switch c := h.space(); {
	case c == '{' || c == '[':
		return h.parts(c, depth)
	case c == '"':
		return h.hash(h.text())
	case c == '-' || c >= '0' && c <= '9' || c == 't' || c == 'f' || c == 'n':
		from := h.i
		for h.i < len(h.b) && !ends[h.b[h.i]] {
			h.i++
		}
		return maphash.Bytes(h.seed, h.b[from:h.i])
	}
	return h.fail()
}

// ends are the bytes that end a number, true, false and null.
var ends = [256]bool{',': true, ']': true, '}': true, ' ': true, '\t': true, '\r': true, '\n': true}

// parts hashes an object or an array, which c begins.
func (h *hasher) parts(c byte, depth int) (sum uint64) {
	const odd = 0x9e3779b97f4a7c15
	if depth > deepest {
		return h.fail()
	}
	end := c + 2 // } or ]
	sum = uint64(c)
	h.i++
	for n := 0; !h.broken; n++ {
		next := h.space()
		if next == end {
			h.i++
			return sum
		}
		if n > 0 {
			if next != ',' {
				break
			}
			h.i++
			next = h.space()
		}
		if end == ']' {
			sum = (sum ^ h.value(depth+1)) * odd
			sum ^= sum >> 29
			continue
		}
		if next != '"' {
			break
		}
		key := h.text()
		if h.space() != ':' {
			break
		}
		h.i++
		if value := h.value(depth + 1); !unread(key, depth) {
			sum += (h.hash(key) ^ value*odd) * odd // in any order
		}
	}
	return h.fail()
}

// unread says whether a key, in its quotes, is none of those that the content consists of.
func unread(key []byte, depth int) bool {
	switch depth {
	case 0:
		return string(key) == `"apiVersion"` || string(key) == `"kind"`
	case 1:
		return string(key) == `"managedFields"`
	}
	return false
}

// text returns the string that is next, in its quotes.
func (h *hasher) text() []byte {
	from := h.i
	h.i++
	for {
		n := bytes.IndexByte(h.b[h.i:], '"')
		if n < 0 {
			h.fail()
			return nil
		}
		h.i += n + 1
		escaped := false
		for at := h.i - 2; at > from && h.b[at] == '\\'; at-- {
			escaped = !escaped
		}
		if !escaped {
			return h.b[from:h.i]
		}
	}
}

// hash hashes a string in its quotes. What is escaped in it is the writer's choice.
func (h *hasher) hash(text []byte) uint64 {
	if bytes.IndexByte(text, '\\') >= 0 {
		var s string
		if err := json.Unmarshal(text, &s); err != nil {
			return h.fail()
		}
		return maphash.String(h.seed, `"`+s+`"`)
	}
	return maphash.Bytes(h.seed, text)
}
