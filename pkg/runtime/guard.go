package runtime

import (
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// guard says of a change of a member whether the binding is called for it: always for the clean-up, never for an object that is being
// deleted without the finalizer, nor for the finalizer alone; else what the event steps say. Whatever they say, it sees to it
// that the finalizer is added again. carried is whether the state before had the finalizer.
func (s *sub) guard(says bool, d *watcher.Delta, carried bool) bool {
	f, m := s.b.finalizer, &d.Frame.Meta
	on := f.on(m)
	switch {
	case on && carried:
		return says || m.Deleting
	case on:
		echo := f.delivered(m) && !d.Relist // a list may bring more with it
		return m.Deleting || says && !echo
	case m.Deleting:
		return f.bereft(m, carried)
	}
	lost, released := f.missing(m, carried)
	if released {
		return says && (!carried || d.Relist) // what our own patch removed is no news
	}
	if lost || !says {
		s.b.restore(m)
	}
	return says
}

// delivered is called with the first state of an object that carries the finalizer. It says whether a patch of ours added it.
func (f *finalizer) delivered(m *watcher.Meta) (ours bool) {
	id := idOf(m)
	f.mu.Lock()
	known := f.wards.M[id] != nil
	f.mu.Unlock()
	if !known {
		return false
	}
	f.edit(id, func(w *ward) {
		ours = w.busy()
		w.returns()
		w.addedRV, w.lost, w.unsure, w.seen = "", false, false, w.adding > 0
		w.unrelease(m.Generation)
	})
	return ours
}

// bereft says whether the clean-up of an object is due that is being deleted and does not carry the finalizer, since something
// else removed it.
func (f *finalizer) bereft(m *watcher.Meta, carried bool) bool {
	w := f.get(idOf(m))
	switch {
	case w.cleaned || w.releasedAt(m.Generation):
		return false
	case carried || w.outdated(m):
		w = f.edit(idOf(m), func(w *ward) { w.lost, w.addedRV = true, "" })
	}
	return w.lost
}

// missing takes note of an object without the finalizer: lost says that something else removed it.
func (f *finalizer) missing(m *watcher.Meta, carried bool) (lost, released bool) {
	id := idOf(m)
	w := f.get(id)
	if w.gone || w.released && !w.releasedAt(m.Generation) {
		w = f.edit(id, func(w *ward) {
			w.returns()
			w.unrelease(m.Generation)
		})
	}
	switch {
	case w.released:
		return false, true
	case carried || w.outdated(m):
		f.edit(id, func(w *ward) { w.lost, w.addedRV = true, "" })
		return true, false
	}
	return w.lost, false
}

// returns is called with a state of an object that a list did not show: it was not deleted.
func (w *ward) returns() { w.gone, w.owed, w.asked, w.absent = false, false, false, false }

// outdated says whether a state without the finalizer is younger than the one to which a patch added it.
func (w *ward) outdated(m *watcher.Meta) bool {
	if w.addedRV == "" {
		return false
	}
	order, ok := watcher.CompareRV(m.ResourceVersion, w.addedRV)
	return ok && order > 0
}

// unrelease ends a release of another generation.
func (w *ward) unrelease(generation int64) {
	if w.released && w.since != generation {
		w.released, w.since = false, 0
	}
}

// depart is called when the stream reports an object deleted, before the engine is told. It says whether a Deleted has
// to be queued, since the clean-up of the object is due or may be. frame is the last state, nil where the stream did not see the deletion.
func (f *finalizer) depart(id objectID, carried bool, frame *watcher.Frame) (due bool) {
	if f == nil {
		return false
	}
	seen := frame != nil && frame.Meta.UID != ""
	f.edit(id, func(w *ward) {
		switch {
		case w.cleaned || w.released:
			return
		case seen:
			w.owed = f.on(&frame.Meta) || w.lost
			due = w.owed
		default:
			w.owed = carried || w.lost || w.addedRV != "" || w.unsure
			due = w.owed || w.adding > 0
		}
		if due {
			w.gone, w.asked, w.absent = true, true, !seen
			if seen {
				w.addedRV, w.unsure = "", false
			}
		}
	})
	return due
}

// notServed is called when the resource is not served any more: what the stream found missing was deleted.
func (f *finalizer) notServed(of part) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, w := range f.wards.M {
		if w.absent && of.has(&watcher.Meta{Namespace: id.Namespace, Name: id.Name}) {
			w.absent = false
		}
	}
}

// departed is called when an object is deleted and the binding's engine has heard of that, which leaves the call that runs, if any; or
// where a Deleted passed, all calls that are queued, up to that of the deletion. Until these have ended it is known whether the
// clean-up has succeeded.
func (b *binding) departed(id objectID, passed bool) {
	f := b.finalizer
	if b.restorer.queue.Knows(id.Key, id.uid) {
		of := id.clone()
		b.restorer.queue.Add(queue.Event[*watcher.Frame]{Key: of.Key, UID: of.uid, Type: queue.Deleted})
	}
	f.mu.Lock()
	w := f.wards.M[id]
	if w != nil {
		w.gone, w.asked = true, w.asked || passed
	}
	f.mu.Unlock()
	if w != nil && !passed && !b.engine.Knows(id.Key, id.uid) {
		f.forget(id)
	}
}
