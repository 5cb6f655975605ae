package wire

import (
	"unsafe"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// frame makes a frame of the object b[from:to] that was walked over. It has a copy of the bytes, without
// managedFields if cut says so, and the metadata, as aliases of the copy.
func (o *jsonObject) frame(t EventType, b []byte, from, to int, cut bool) *Frame {
	cutFrom, cutTo := from, from
	if cut && o.kept > 0 {
		cutFrom, cutTo = o.cut, o.kept
	}
	f, buffer := newBuffer(to - from - (cutTo - cutFrom))
	copy(buffer[copy(buffer, b[from:cutFrom]):], b[cutTo:to])
	f.Type, f.Raw, f.Encoding, f.Cut = t, buffer, kind.JSON, cut
	f.Meta, *o.meta = *o.meta, f.Meta
	first, head, gap := addressOf(alias(b[from:to])), uintptr(cutFrom-from), uintptr(cutTo-cutFrom)
	f.Meta.eachString(func(s *string) {
		at := addressOf(*s) - first
		if *s == "" || at >= uintptr(to-from) {
			return // in memory of its own
		}
		if at > head {
			at -= gap
		}
		*s = alias(buffer[at : int(at)+len(*s)])
	})
	return f
}

// addressOf is for telling where in the same memory something is.
func addressOf(s string) uintptr {
	return uintptr(unsafe.Pointer(unsafe.StringData(s))) //nolint:gosec // never a pointer again
}
