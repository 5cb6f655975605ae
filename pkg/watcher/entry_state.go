package watcher

import (
	"hash/fnv"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// laterRV is the later one of rv and the resourceVersion of the state that was delivered.
func (e Entry) laterRV(rv string) string {
	if rv == "" || e.compare(rv) == orderBehind {
		return e.RV()
	}
	return rv
}

// compareState says where the state in f is, seen from the one that was delivered.
func (e Entry) compareState(f *wire.Frame) order {
	if f.Meta.ResourceVersion != "" {
		return e.compare(f.Meta.ResourceVersion)
	}
	if e.sameContent(contentOf(f)) {
		return orderSame
	}
	return orderUnknown
}

// compare says where rv is, seen from the state that was delivered.
func (e Entry) compare(rv string) order {
	r := e.record()
	n, ok := canonicalNumber(rv)
	if !ok || r.flags&flagNumber == 0 {
		return compare(rv, e.RV())
	}
	switch {
	case n < r.number:
		return orderBehind
	case n > r.number:
		return orderAhead
	default:
		return orderSame
	}
}

// setState notes what was delivered.
func (e Entry) setState(f *wire.Frame) {
	if f.Meta.ResourceVersion == "" {
		e.setContent(contentOf(f))
		return
	}
	e.setRV(f.Meta.ResourceVersion)
	if e.x.hashed {
		*e.x.content.At(e.at) = e.x.hashContent(f)
	}
}

// reread says whether the object reads differently than it did at the same resourceVersion (rule 20), and notes what it
// reads as now.
func (e Entry) reread(f *wire.Frame) bool {
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
