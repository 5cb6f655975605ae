package dispatch

import "github.com/ancho-dev/ancho/pkg/watcher"

// Replay is what a narrow route that came back got from its own list, while the shared stream still has to
// read the same changes: they are passed over. A nil replay covers nothing.
type Replay struct {
	until string         // the list's resourceVersion
	from  *Attachment    // whose layout the entries of ahead have
	Ahead *watcher.Index // objects of the list that the shared stream has not seen yet
	Newer *watcher.Index // the list's resourceVersion of objects that the shared stream saw in an older state

	mayHaveLeft bool // an object that the shared stream does not show may have left what the shared stream selects
}

// NewReplay takes over an index of the objects that were listed.
func NewReplay(until string, from *Attachment, listed *watcher.Index, mayHaveLeft bool) *Replay {
	return &Replay{until: until, from: from, Ahead: listed, Newer: watcher.NewIndex(0), mayHaveLeft: mayHaveLeft}
}

// adopt writes what the list showed of each object into the shared stream's entry of it, or keeps it until there is one.
func (p *Replay) adopt(r *Attachment, index *watcher.Index) {
	p.Ahead.DeleteFunc(func(e watcher.Entry) bool {
		at, known := lookUp(index, e.Namespace(), e.Name(), e.UID())
		if !known {
			return false
		}
		p.from.move(e.Words(), r, at.Words())
		if rv := e.RV(); !at.HasRV(rv) {
			p.Newer.Put(e.Namespace(), e.Name(), e.UID(), rv)
		}
		return true
	})
}

func lookUp(x *watcher.Index, namespace, name, uid string) (watcher.Entry, bool) {
	e, known := x.Get(namespace, name)
	return e, known && e.HasUID(uid)
}

// covers says whether the route was told of the change already, and brings the shared stream's entry up to
// what it knows.
func (p *Replay) covers(r *Attachment, d watcher.Delta) bool {
	if p == nil {
		return false
	}
	if d.Kind == watcher.Gone {
		return p.coversGone(r, d)
	}
	m := &d.Frame.Meta
	if e, ok := lookUp(p.Ahead, m.Namespace, m.Name, m.UID); ok {
		p.Newer.Put(m.Namespace, m.Name, m.UID, e.RV())
		p.from.move(e.Words(), r, d.Entry.Words())
		p.Ahead.Remove(e)
	}
	past := p.past(m.ResourceVersion)
	if newer, ok := lookUp(p.Newer, m.Namespace, m.Name, m.UID); ok && (past || newer.HasRV(m.ResourceVersion)) {
		p.Newer.Remove(newer)
	}
	if past && p.Ahead.Len() == 0 && !d.Relist { // a snapshot comes in the order of names
		r.Attach(nil) // the shared stream has passed the list
	}
	return !past && !d.Reread // which the list did not look for
}

// coversGone is about an object that went. Of what the list did not show nobody hears: no bit is set. What
// went before the list, which showed it all the same, had only left the server's selection, and comes back.
func (p *Replay) coversGone(r *Attachment, d watcher.Delta) bool {
	e := d.Entry
	namespace, name, uid, rv := e.Namespace(), e.Name(), e.UID(), e.RV()
	if newer, ok := lookUp(p.Newer, namespace, name, uid); ok {
		rv = newer.RV()
		p.Newer.Remove(newer)
	}
	if d.Frame == nil || p.past(d.Frame.Meta.ResourceVersion) {
		return false
	}
	if r.knows(e.Words()) {
		r.move(e.Words(), p.from, p.Ahead.Put(namespace, name, uid, rv).Words())
	}
	return true
}

// past says whether a change is younger than the list.
func (p *Replay) past(rv string) bool {
	c, ok := watcher.CompareRV(rv, p.until)
	return !ok || c > 0
}

// finish is called when the shared stream has listed again: what it did not show was deleted, or left what the shared stream selects.
func (p *Replay) finish(r *Attachment) {
	if p == nil {
		return
	}
	r.Attach(nil)
	for e := range p.Ahead.All() {
		for _, s := range p.from.Subs {
			s.Handle(watcher.Missing(e, p.mayHaveLeft))
		}
	}
}

// handOver adds what of the replay the shared stream's own entries do not know, for another stream of the route.
func (p *Replay) handOver(own *Attachment, seed *watcher.Index) {
	if p == nil {
		return
	}
	for e := range p.Ahead.All() {
		if p.from.knows(e.Words()) {
			p.from.move(e.Words(), own, seed.Put(e.Namespace(), e.Name(), e.UID(), e.RV()).Words())
		}
	}
}

// last is the resourceVersion that the route was told of last, of an object on the shared stream.
func (p *Replay) last(e watcher.Entry) string {
	if p != nil {
		if newer, ok := lookUp(p.Newer, e.Namespace(), e.Name(), e.UID()); ok {
			return newer.RV()
		}
	}
	return e.RV()
}

// knows says whether one of the route's bindings has the object in its set.
func (r *Attachment) knows(words []uint64) bool {
	for _, s := range r.Subs {
		if s.Knows(words) {
			return true
		}
	}
	return false
}

// move carries what the route's bindings know to the same bindings on another stream.
func (r *Attachment) move(words []uint64, to *Attachment, dst []uint64) {
	for i, s := range r.Subs {
		s.Move(words, to.Subs[i], dst)
	}
}

// forget takes the object out of the sets of the route's bindings, without a word to them.
func (r *Attachment) forget(words []uint64) {
	for _, s := range r.Subs {
		s.Drop(words)
	}
}
