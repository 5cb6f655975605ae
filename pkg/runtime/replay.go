package runtime

import "github.com/ancho-dev/ancho/pkg/watcher"

// replay is what a rider that came back was told by its own list, while the carrier still has to
// read the same changes: they are passed over. A nil replay covers nothing.
type replay struct {
	until string         // the list's resourceVersion
	from  *liveRoute     // whose layout the entries of ahead have
	ahead *watcher.Index // objects of the list that the carrier has not seen yet
	newer *watcher.Index // the list's resourceVersion of objects that the carrier saw in an older state

	mayHaveLeft bool // an object that the carrier does not show may have left what the carrier selects
}

// newReplay takes over an index of the objects that were listed.
func newReplay(until string, from *liveRoute, listed *watcher.Index, mayHaveLeft bool) *replay {
	return &replay{until: until, from: from, ahead: listed, newer: watcher.NewIndex(0), mayHaveLeft: mayHaveLeft}
}

// adopt writes what the list showed of each object into the carrier's entry of it, or keeps it until there is one.
func (p *replay) adopt(r *liveRoute, index *watcher.Index) {
	p.ahead.DeleteFunc(func(e watcher.Entry) bool {
		at, known := lookUp(index, e.Namespace(), e.Name(), e.UID())
		if !known {
			return false
		}
		p.from.move(e.Words(), r, at.Words())
		if rv := e.RV(); !at.HasRV(rv) {
			p.newer.Put(e.Namespace(), e.Name(), e.UID(), rv)
		}
		return true
	})
}

func lookUp(x *watcher.Index, namespace, name, uid string) (watcher.Entry, bool) {
	e, known := x.Get(namespace, name)
	return e, known && e.HasUID(uid)
}

// covers says whether the route was told of the change already, and brings the carrier's entry up to
// what it knows.
func (p *replay) covers(r *liveRoute, d watcher.Delta) bool {
	if p == nil {
		return false
	}
	if d.Kind == watcher.Gone {
		return p.coversGone(r, d)
	}
	m := &d.Frame.Meta
	if e, ok := lookUp(p.ahead, m.Namespace, m.Name, m.UID); ok {
		p.newer.Put(m.Namespace, m.Name, m.UID, e.RV())
		p.from.move(e.Words(), r, d.Entry.Words())
		p.ahead.Remove(e)
	}
	past := p.past(m.ResourceVersion)
	if newer, ok := lookUp(p.newer, m.Namespace, m.Name, m.UID); ok && (past || newer.HasRV(m.ResourceVersion)) {
		p.newer.Remove(newer)
	}
	if past && p.ahead.Len() == 0 && !d.Relist { // a snapshot comes in the order of names
		r.attach(nil) // the carrier has passed the list
	}
	return !past && !d.Reread // which the list did not look for
}

// coversGone is about an object that went. Of what the list did not show nobody hears: no bit is set. What
// went before the list, which showed it all the same, had only left the server's selection, and comes back.
func (p *replay) coversGone(r *liveRoute, d watcher.Delta) bool {
	e := d.Entry
	namespace, name, uid, rv := e.Namespace(), e.Name(), e.UID(), e.RV()
	if newer, ok := lookUp(p.newer, namespace, name, uid); ok {
		rv = newer.RV()
		p.newer.Remove(newer)
	}
	if d.Frame == nil || p.past(d.Frame.Meta.ResourceVersion) {
		return false
	}
	if r.knows(e.Words()) {
		r.move(e.Words(), p.from, p.ahead.Put(namespace, name, uid, rv).Words())
	}
	return true
}

// past says whether a change is younger than the list.
func (p *replay) past(rv string) bool {
	c, ok := watcher.CompareRV(rv, p.until)
	return !ok || c > 0
}

// finish is called when the carrier has listed again: what it did not show was deleted, or left what the carrier selects.
func (p *replay) finish(r *liveRoute) {
	if p == nil {
		return
	}
	r.attach(nil)
	for e := range p.ahead.All() {
		for _, s := range p.from.subs {
			s.Handle(watcher.Missing(e, p.mayHaveLeft))
		}
	}
}

// handOver adds what of the replay the carrier's own entries do not know, for another stream of the route.
func (p *replay) handOver(own *liveRoute, seed *watcher.Index) {
	if p == nil {
		return
	}
	for e := range p.ahead.All() {
		if p.from.knows(e.Words()) {
			p.from.move(e.Words(), own, seed.Put(e.Namespace(), e.Name(), e.UID(), e.RV()).Words())
		}
	}
}

// told is the resourceVersion that the route was told of last, of an object on the carrier.
func (p *replay) told(e watcher.Entry) string {
	if p != nil {
		if newer, ok := lookUp(p.newer, e.Namespace(), e.Name(), e.UID()); ok {
			return newer.RV()
		}
	}
	return e.RV()
}

// knows says whether one of the route's bindings has the object in its set.
func (r *liveRoute) knows(words []uint64) bool {
	for _, s := range r.subs {
		if s.Knows(words) {
			return true
		}
	}
	return false
}

// move carries what the route's bindings know to the same bindings on another stream.
func (r *liveRoute) move(words []uint64, to *liveRoute, dst []uint64) {
	for i, s := range r.subs {
		s.Move(words, to.subs[i], dst)
	}
}

// forget takes the object out of the sets of the route's bindings, without a word to them.
func (r *liveRoute) forget(words []uint64) {
	for _, s := range r.subs {
		s.Drop(words)
	}
}
