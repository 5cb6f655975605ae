package watcher

import (
	"bytes"
	"encoding/json"
	"hash/maphash"
	"strings"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// readsDifferently says whether objects of the resource can change at the same resourceVersion: a new default or conversion
// in the definition of a custom resource changes what its objects read as. Metadata has neither.
func readsDifferently(r kind.Resource) bool {
	return !r.Protobuf && !r.Metadata && strings.Contains(r.Group, ".")
}

// hashContent stands in for what an object in JSON reads as, whatever the order of its keys, and without managedFields,
// apiVersion and kind. It is 0 for other encodings, and for what is no JSON.
func (x *Index) hashContent(f *Frame) uint64 {
	if f.Encoding != kind.JSON || !json.Valid(f.Raw) {
		return 0
	}
	h, _ := hashJSON(x.seed, f.Raw, 0)
	return h | 1
}

// hashJSON hashes the value at the beginning of b, which is valid, and returns what is behind it.
func hashJSON(seed maphash.Seed, b []byte, depth int) (uint64, []byte) {
	b = bytes.TrimLeft(b, " \t\r\n")
	switch b[0] {
	case '{', '[':
		return hashParts(seed, b, depth)
	case '"':
		n := stringEnd(b)
		text := b[:n]
		if bytes.IndexByte(text, '\\') >= 0 { // what is escaped is the writer's choice
			var s string
			if json.Unmarshal(text, &s) == nil {
				return maphash.String(seed, `"`+s+`"`), b[n:]
			}
		}
		return maphash.Bytes(seed, text), b[n:]
	default:
		n := bytes.IndexAny(b, ",]} \t\r\n")
		if n < 0 {
			n = len(b)
		}
		return maphash.Bytes(seed, b[:n]), b[n:]
	}
}

// hashParts hashes an object or an array.
func hashParts(seed maphash.Seed, b []byte, depth int) (h uint64, rest []byte) {
	const odd = 0x9e3779b97f4a7c15
	object := b[0] == '{'
	h = uint64(b[0])
	for b = bytes.TrimLeft(b[1:], " \t\r\n"); b[0] != '}' && b[0] != ']'; b = bytes.TrimLeft(b, ", \t\r\n") {
		var name, value uint64
		skip := false
		if object {
			key := b[:stringEnd(b)]
			skip = depth == 0 && (string(key) == `"apiVersion"` || string(key) == `"kind"`) || depth == 1 && string(key) == `"managedFields"`
			name, b = hashJSON(seed, b, depth)
			b = bytes.TrimLeft(b, ": \t\r\n")
		}
		value, b = hashJSON(seed, b, depth+1)
		switch {
		case skip:
		case object:
			h += (name ^ value*odd) * odd // in any order
		default:
			h = (h ^ value) * odd
			h ^= h >> 29
		}
	}
	return h, b[1:]
}

// stringEnd is the length of the string at the beginning of b, with its quotes.
func stringEnd(b []byte) int {
	for i := 1; ; i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}
