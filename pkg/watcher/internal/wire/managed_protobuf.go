package wire

import (
	"bytes"
	"math/bits"

	"google.golang.org/protobuf/encoding/protowire"
)

// metaManaged is the number of managedFields in a metav1.ObjectMeta; there is one field for each manager.
const metaManaged = 17

// span is a part of a message: from its tag, over the length and the value of the field, to its end.
type span struct{ tag, length, value, end int }

// cutManagedProtobuf is CutManagedFields for an object in protobuf. The lengths around what is cut become smaller,
// and perhaps shorter.
func cutManagedProtobuf(raw []byte, bare bool) []byte {
	object := span{end: len(raw)}
	if !bare {
		if !bytes.HasPrefix(raw, protobufPrefix) {
			return raw
		}
		var ok bool
		if object, ok = onlyField(raw, span{value: len(protobufPrefix), end: len(raw)}, 2); !ok {
			return raw
		}
	}
	meta, ok := onlyField(raw, object, 1)
	if !ok {
		return raw
	}
	from, to := gather(raw, meta)
	if from == to {
		return raw
	}
	// From the end of what is cut towards the front: nothing is written over before it was moved.
	at := moveUp(raw, meta.value, from, to)
	at = putLength(raw, at, meta.end-at)
	at = moveUp(raw, object.value, meta.length, at)
	if !bare {
		at = putLength(raw, at, object.end-at)
		at = moveUp(raw, 0, object.length, at)
	}
	return raw[at:]
}

// onlyField finds the field of a message that must be there once, with a value in bytes.
func onlyField(raw []byte, message span, num protowire.Number) (found span, ok bool) {
	f := fields{in: raw[message.value:message.end]}
	tag := message.value
	for f.next() {
		next := message.end - len(f.in)
		if f.num == num {
			if ok || f.typ != protowire.BytesType {
				return span{}, false
			}
			found, ok = span{tag: tag, value: next - len(f.bytes), end: next}, true
		}
		tag = next
	}
	if !ok || f.err != nil {
		return span{}, false
	}
	_, _, n := protowire.ConsumeTag(raw[found.tag:found.value])
	found.length = found.tag + n
	return found, true
}

// gather finds the managedFields of an ObjectMeta; from and to are the same if there are none, or not as they
// should be. Where other fields stand between them, those are moved before them.
func gather(raw []byte, meta span) (from, to int) {
	runs := 0
	f := fields{in: raw[meta.value:meta.end]}
	for at := meta.value; f.next(); {
		next := meta.end - len(f.in)
		if f.num == metaManaged {
			if f.typ != protowire.BytesType {
				return 0, 0
			}
			switch {
			case runs == 0:
				from, to, runs = at, next, 1
			case at == to:
				to = next
			default:
				runs++
			}
		}
		at = next
	}
	switch {
	case f.err != nil:
		return 0, 0
	case runs <= 1:
		return from, to
	}
	f = fields{in: raw[from:meta.end]}
	for at := from; f.next(); {
		next := meta.end - len(f.in)
		if f.num != metaManaged {
			from += copy(raw[from:], raw[at:next])
		}
		at = next
	}
	return from, meta.end
}

// moveUp moves raw[from:to] so that it ends at end, and returns where it begins.
func moveUp(raw []byte, from, to, end int) int {
	at := end - (to - from)
	copy(raw[at:end], raw[from:to])
	return at
}

// putLength writes a length so that it ends at end, and returns where it begins.
func putLength(raw []byte, end, length int) int {
	at := end - max(1, (bits.Len(uint(length))+6)/7)
	protowire.AppendVarint(raw[:at], uint64(length)) //nolint:gosec // a length is not negative
	return at
}
