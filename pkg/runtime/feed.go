package runtime

import (
	"time"

	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// feed is the way from one stream to the bindings it serves. All its methods run on the stream's
// goroutine, one at a time: it decides which sets a change touches and hands the raw frame on.
// Nothing is decoded here unless a binding asks for it with Where or OnChange.
type feed struct {
	words  int // of an entry
	routes []*liveRoute
	onSync func()              // called after each list that is complete; may be nil
	onTurn func(watcher.State) // called with each change of state; may be nil
}

// liveRoute is a route of the plan on the stream that serves it now.
type liveRoute struct {
	subs     []*sub
	attached bool
	replay   *replay // while the stream has not passed what a joining list told already
}

// sub is one binding on one target.
type sub struct {
	b     *binding
	slots slots
	begun bool // a complete list was delivered: what comes from now on is not Initial
}

// Handle implements watcher.Handler.
func (f *feed) Handle(d watcher.Delta) {
	for _, r := range f.routes {
		if !r.attached || r.replay.covers(r, d) {
			continue
		}
		for _, s := range r.subs {
			s.handle(d)
		}
	}
}

// hold is asked by the stream before each frame: where more waits for a binding than its budget allows, the
// stream stands still for a moment. All bindings for which that is so are pressed at the same time.
func (f *feed) hold() (room <-chan struct{}, latest time.Time) {
	for _, r := range f.routes {
		if !r.attached {
			continue
		}
		for _, s := range r.subs {
			if c, until := s.b.brake.press(); c != nil && room == nil {
				room, latest = c, until
			}
		}
	}
	return room, latest
}

// Synced implements watcher.Handler.
func (f *feed) Synced(_ string, relist bool) {
	for _, r := range f.routes {
		if r.attached {
			r.begin()
		}
		if relist {
			r.replay.finish(r)
		}
	}
	if f.onSync != nil {
		f.onSync()
	}
}

// StateChanged implements watcher.Handler.
func (f *feed) StateChanged(s watcher.State) {
	if f.onTurn != nil {
		f.onTurn(s)
	}
}

// begin marks the end of what is Initial.
func (r *liveRoute) begin() {
	for _, s := range r.subs {
		s.begun = true
	}
}

func (s *sub) handle(d watcher.Delta) {
	if d.Kind == watcher.Gone {
		s.gone(d)
		return
	}
	s.upsert(d)
}

// upsert finds what a new state of an object means for one binding's set.
func (s *sub) upsert(d watcher.Delta) {
	m, words := &d.Frame.Meta, d.Entry.Words()
	was, in, hash := s.slots.member(words), s.b.Match(m), uint64(0)
	if in && s.b.Inspect != nil {
		var err error
		if in, hash, err = s.b.Inspect(d.Frame); err != nil {
			s.b.poisoned(m, err) // this object alone is passed over, and stays in the set or out of it
			return
		}
	}
	if !in && !was {
		return
	}
	id := identityOf(m)
	ev := queue.Event[*work]{
		Key:        queue.Key{Namespace: id.Namespace, Name: id.Name},
		UID:        id.UID,
		Was:        was,
		Generation: m.Generation,
	}
	switch {
	case !in:
		ev.Type = queue.Left
		ev.Payload = &work{identity: id}
		ev.Passed = s.b.Takes(queue.Left, false)
	case !was:
		ev.Type, ev.Initial = queue.Added, d.Initial && !s.begun
		s.slots.changed(words, m.Generation, hash)
		ev.Passed = s.b.Takes(queue.Added, ev.Initial)
	default:
		ev.Type = queue.Modified
		changed := s.slots.changed(words, m.Generation, hash)
		ev.Passed = changed && s.b.Takes(queue.Modified, false)
	}
	if in {
		ev.Payload = newWork(d.Frame)
	}
	s.slots.setMember(words, in)
	s.b.enqueue(ev)
}

// gone tells a binding that an object it knew was deleted, or perhaps only left the server's selection.
func (s *sub) gone(d watcher.Delta) {
	e, words := d.Entry, d.Entry.Words()
	if !s.slots.member(words) {
		return
	}
	w := newWork(d.Frame)
	w.identity = watcher.Meta{Namespace: e.Namespace(), Name: e.Name(), UID: e.UID(), ResourceVersion: e.RV()}
	takesLeft := s.b.Takes(queue.Left, false)
	passed := s.b.Takes(queue.Deleted, false)
	if d.Ambiguous && (passed || takesLeft) {
		w.ambiguous, passed = true, true // settled by a live read when its turn comes
	}
	s.slots.setMember(words, false)
	s.b.enqueue(queue.Event[*work]{
		Key:     queue.Key{Namespace: e.Namespace(), Name: e.Name()},
		UID:     e.UID(),
		Type:    queue.Deleted,
		Was:     true,
		Payload: w,
		Passed:  passed,
	})
}

// identityOf says which object it is, and in which state, in memory of its own: the frame is not kept for it.
func identityOf(m *watcher.Meta) watcher.Meta {
	id := watcher.Meta{Namespace: m.Namespace, Name: m.Name, UID: m.UID, ResourceVersion: m.ResourceVersion}
	return id.Clone()
}
