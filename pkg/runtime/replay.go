package runtime

import (
	"cmp"

	"github.com/ancho-dev/ancho/pkg/watcher"
)

// replay is what a rider that came back was told by its own list, while the carrier still has to
// read the same changes: they are passed over. A nil replay covers nothing.
type replay struct {
	until string                    // the list's resourceVersion
	from  *liveRoute                // whose layout the entries of ahead have
	ahead map[string]*watcher.Entry // by UID: objects of the list that the carrier has not seen yet
	newer map[string]string         // by UID: the list's resourceVersion of objects that the carrier saw in an older state
}

func newReplay(until string, from *liveRoute) *replay {
	return &replay{until: until, from: from, ahead: map[string]*watcher.Entry{}, newer: map[string]string{}}
}

// adopt writes what the list showed of an object into the carrier's entry of it, or keeps it until there is one.
func (p *replay) adopt(r *liveRoute, index *watcher.Index, words int, e *watcher.Entry) {
	at, ok := index.Get(e.Namespace(), e.Name())
	if !ok || at.UID() != e.UID() {
		p.ahead[e.UID()] = e
		return
	}
	if at.Words == nil {
		at.Words = make([]uint64, words)
	}
	p.from.move(e.Words, r, at.Words)
	if at.RV() != e.RV() {
		p.newer[e.UID()] = e.RV()
	}
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
	uid, rv := d.Entry.UID(), d.Frame.Meta.ResourceVersion
	if e, ok := p.ahead[uid]; ok {
		delete(p.ahead, uid)
		p.newer[uid] = e.RV()
		p.from.move(e.Words, r, d.Entry.Words)
	}
	if p.past(rv) {
		delete(p.newer, uid)
		if len(p.ahead) == 0 && !d.Relist { // a snapshot comes in the order of names
			r.replay = nil // the carrier has passed the list
		}
		return false
	}
	if p.newer[uid] == rv {
		delete(p.newer, uid)
	}
	return true
}

// coversGone is about an object that went. Of what the list did not show nobody hears: no bit is set. What
// went before the list, which showed it all the same, had only left the server's selection, and comes back.
func (p *replay) coversGone(r *liveRoute, d watcher.Delta) bool {
	e := d.Entry
	rv := cmp.Or(p.newer[e.UID()], e.RV())
	delete(p.newer, e.UID())
	if d.Frame == nil || p.past(d.Frame.Meta.ResourceVersion) {
		return false
	}
	if r.knows(e.Words) {
		words := make([]uint64, p.from.words)
		r.move(e.Words, p.from, words)
		back := watcher.NewEntry(e.Namespace(), e.Name(), e.UID(), rv, words)
		p.ahead[e.UID()] = &back
	}
	return true
}

// past says whether a change is younger than the list.
func (p *replay) past(rv string) bool {
	c, ok := watcher.CompareRV(rv, p.until)
	return !ok || c > 0
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

// handOver returns what of the replay the carrier's own entries do not know, for another stream of the route.
func (p *replay) handOver(own *liveRoute) (seed []watcher.Entry) {
	if p == nil {
		return nil
	}
	for _, e := range p.ahead {
		if !p.from.knows(e.Words) {
			continue
		}
		words := make([]uint64, own.words)
		p.from.move(e.Words, own, words)
		seed = append(seed, watcher.NewEntry(e.Namespace(), e.Name(), e.UID(), e.RV(), words))
	}
	return seed
}

// told is the resourceVersion that the route was told of last, of an object on the carrier.
func (p *replay) told(e *watcher.Entry) string {
	if p == nil {
		return e.RV()
	}
	return cmp.Or(p.newer[e.UID()], e.RV())
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
