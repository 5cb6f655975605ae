package kind

// Generated protobuf code calls itself for every message inside a message. Types that contain
// themselves, such as the schema of a CustomResourceDefinition, can so be made to use up the
// stack, which ends the whole program and cannot be recovered from: 16 MiB hold 2.8 million
// levels. So bytes are looked at before they are decoded.
const (
	// maxNesting is how deep messages may be nested. encoding/json and protobuf-go have the
	// same limit; real objects have tens of levels.
	maxNesting = 10_000
	// smallMessage is a number of bytes that cannot hold enough levels to matter (below 30,000,
	// some tens of megabytes of stack), so that most objects need no look.
	smallMessage = 64 << 10
)

// tooNested is true when a message may be nested deeper than limit. It goes over the bytes once,
// without knowing the types: it enters whatever has a length and might be a message, and leaves
// it at the first byte that shows that it is not. It is lenient exactly where generated code is, so
// that it never counts fewer levels than that code would descend.
func tooNested(raw []byte, limit int) bool {
	ends := []int{len(raw)} // where the open messages end, the innermost last
	for pos := 0; len(ends) > 0; {
		end := ends[len(ends)-1]
		if pos >= end {
			pos, ends = end, ends[:len(ends)-1]
			continue
		}
		next, inner, ok := field(raw[:end], pos)
		switch {
		case !ok: // no message after all: a string, or bytes
			pos, ends = end, ends[:len(ends)-1]
		case inner > 0:
			if len(ends) >= limit {
				return true
			}
			pos, ends = next, append(ends, next+inner)
		default:
			pos = next
		}
	}
	return false
}

// Wire types of protobuf.
const (
	wireVarint = iota
	wireFixed64
	wireBytes
	wireStartGroup
	wireEndGroup
	wireFixed32
)

// field reads one field at pos. It returns where to go on, and, for a field with a length, that
// length: its content begins there. The markers of groups are passed over, as if the fields of the
// group were the message's own.
func field(raw []byte, pos int) (next, inner int, ok bool) {
	tag, pos, ok := varint(raw, pos)
	if !ok {
		return 0, 0, false
	}
	switch tag & 7 {
	case wireVarint:
		_, pos, ok = varint(raw, pos)
	case wireFixed64:
		pos += 8
	case wireFixed32:
		pos += 4
	case wireStartGroup, wireEndGroup:
	case wireBytes:
		var n uint64
		if n, pos, ok = varint(raw, pos); ok {
			if n > uint64(len(raw)-pos) { //nolint:gosec // pos never exceeds the length here
				return 0, 0, false
			}
			return pos, int(n), true //nolint:gosec // at most the length of raw
		}
	default:
		return 0, 0, false
	}
	return pos, 0, ok && pos <= len(raw)
}

// varint reads a variable-length integer of at most ten bytes; bits beyond the 64th are dropped.
func varint(raw []byte, pos int) (v uint64, next int, ok bool) {
	for shift := 0; shift < 70 && pos < len(raw); shift += 7 {
		b := raw[pos]
		pos++
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v, pos, true
		}
	}
	return 0, pos, false
}
