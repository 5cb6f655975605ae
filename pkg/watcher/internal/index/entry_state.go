package index

import (
	"hash/fnv"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// LaterRV is the later one of rv and the resourceVersion of the state that was delivered.
func (e Entry) LaterRV(rv string) string {
	if rv == "" || e.Compare(rv) == OrderBehind {
		return e.RV()
	}
	return rv
}

// CompareState says where the state in f is, seen from the one that was delivered.
func (e Entry) CompareState(f *wire.Frame) Order {
	if f.Meta.ResourceVersion != "" {
		return e.Compare(f.Meta.ResourceVersion)
	}
	if e.sameContent(contentOf(f)) {
		return OrderSame
	}
	return OrderUnknown
}

// Compare says where rv is, seen from the state that was delivered.
func (e Entry) Compare(rv string) Order {
	r := e.record()
	n, ok := canonicalNumber(rv)
	if !ok || r.flags&flagNumber == 0 {
		return Compare(rv, e.RV())
	}
	switch {
	case n < r.number:
		return OrderBehind
	case n > r.number:
		return OrderAhead
	default:
		return OrderSame
	}
}

// SetState notes what was delivered.
func (e Entry) SetState(f *wire.Frame) {
	if f.Meta.ResourceVersion == "" {
		e.setContent(contentOf(f))
		return
	}
	e.setRV(f.Meta.ResourceVersion)
	if e.x.hashed {
		*e.x.content.At(e.at) = e.x.hashContent(f)
	}
}

// Reread says whether the object reads differently than it did at the same resourceVersion (rule 20), and notes what it
// reads as now.
func (e Entry) Reread(f *wire.Frame) bool {
	if !e.x.hashed || f.Meta.ResourceVersion == "" {
		return false
	}
	was := e.x.content.At(e.at)
	before, now := *was, e.x.hashContent(f)
	*was = now
	return before != 0 && now != 0 && before != now
}

// contentOf stands in for a resourceVersion that the server does not send (rule 56).
func contentOf(f *wire.Frame) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(f.Raw)
	return h.Sum64()
}
