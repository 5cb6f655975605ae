package runtime

import "github.com/ancho-dev/ancho/pkg/watcher"

// replay is what a rider that came back was told by its own list, while the carrier still has to
// read the same changes: they are passed over. A nil replay covers nothing.
type replay struct {
	until string                    // the list's resourceVersion
	from  *liveRoute                // whose layout the entries of ahead have
	ahead map[string]*watcher.Entry // by UID: objects that the carrier has not seen yet
}

func newReplay(until string, from *liveRoute) *replay {
	return &replay{until: until, from: from, ahead: map[string]*watcher.Entry{}}
}

// covers says whether the route was told of the change already, and brings the carrier's entry up to
// what it knows.
func (p *replay) covers(r *liveRoute, d watcher.Delta) bool {
	if p == nil || d.Kind != watcher.Upsert {
		return false // the deletion of what the list did not show is nobody's business: no bit is set
	}
	if e, ok := p.ahead[d.Entry.UID()]; ok {
		delete(p.ahead, d.Entry.UID())
		p.from.move(e.Words, r, d.Entry.Words)
	}
	if c, ok := watcher.CompareRV(d.Frame.Meta.ResourceVersion, p.until); ok && c <= 0 {
		return true
	}
	if len(p.ahead) == 0 {
		r.replay = nil // the carrier has passed the list
	}
	return false
}

// finish is called when the carrier has listed again: what it did not show is gone.
func (p *replay) finish(r *liveRoute) {
	if p == nil {
		return
	}
	r.replay = nil
	for _, e := range p.ahead {
		for _, s := range p.from.subs {
			s.handle(watcher.Delta{Kind: watcher.Gone, Entry: e, Relist: true})
		}
	}
}

// knows says whether one of the route's bindings has the object in its set.
func (r *liveRoute) knows(words []uint64) bool {
	for _, s := range r.subs {
		if s.slots.member(words) {
			return true
		}
	}
	return false
}

// move carries what the route's bindings know to the same bindings on another stream.
func (r *liveRoute) move(words []uint64, to *liveRoute, dst []uint64) {
	for i, s := range r.subs {
		s.slots.move(words, to.subs[i].slots, dst)
	}
}

// forget takes the object out of the sets of the route's bindings, without a word to them.
func (r *liveRoute) forget(words []uint64) {
	for _, s := range r.subs {
		s.slots.setMember(words, false)
	}
}
