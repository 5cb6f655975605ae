package finalize

import (
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// Guard says of a change of a member whether the binding is called for it: always for the cleanup, never for an object that is being
// deleted without the finalizer, nor for the finalizer alone; else says, which is what the event steps say. Whatever they say, it sees
// to it that the finalizer is added again. carried is whether the state before had the finalizer; a list may bring more than that one
// change with it.
func (f *Finalizer) Guard(says bool, m *watcher.Meta, carried, list bool) bool {
	on := f.On(m)
	switch {
	case on && carried:
		return says || m.Deleting
	case on:
		echo := f.delivered(m) && !list
		return m.Deleting || says && !echo
	case m.Deleting:
		return f.bereft(m, carried)
	}
	lost, released := f.missing(m, carried)
	if released {
		return says && (!carried || list) // what our own patch removed is no news
	}
	if lost || !says {
		f.restore(m)
	}
	return says
}

// delivered is called with the first state of an object that carries the finalizer. It says whether a patch of ours added it.
func (f *Finalizer) delivered(m *watcher.Meta) (ours bool) {
	id := IDOf(m)
	f.mu.Lock()
	known := f.wards.M[id] != nil
	f.mu.Unlock()
	if !known {
		return false
	}
	f.edit(id, func(w *Ward) {
		ours = w.busy()
		w.returns()
		w.addedRV, w.Lost, w.unsure, w.seen = "", false, false, w.Adding > 0
		w.unrelease(m.Generation)
	})
	return ours
}

// bereft says whether the cleanup of an object is due that is being deleted and does not carry the finalizer, since something
// else removed it.
func (f *Finalizer) bereft(m *watcher.Meta, carried bool) bool {
	w := f.Get(IDOf(m))
	switch {
	case w.Cleaned || w.ReleasedAt(m.Generation):
		return false
	case carried || w.outdated(m):
		w = f.edit(IDOf(m), func(w *Ward) { w.Lost, w.addedRV = true, "" })
	}
	return w.Lost
}

// missing takes note of an object without the finalizer: lost says that something else removed it.
func (f *Finalizer) missing(m *watcher.Meta, carried bool) (lost, released bool) {
	id := IDOf(m)
	w := f.Get(id)
	if w.Gone || w.released && !w.ReleasedAt(m.Generation) {
		w = f.edit(id, func(w *Ward) {
			w.returns()
			w.unrelease(m.Generation)
		})
	}
	switch {
	case w.released:
		return false, true
	case carried || w.outdated(m):
		f.edit(id, func(w *Ward) { w.Lost, w.addedRV = true, "" })
		return true, false
	}
	return w.Lost, false
}

// returns is called with a state of an object that a list did not show: it was not deleted.
func (w *Ward) returns() { w.Gone, w.owed, w.asked, w.Absent = false, false, false, false }

// outdated says whether a state without the finalizer is younger than the one to which a patch added it.
func (w *Ward) outdated(m *watcher.Meta) bool {
	if w.addedRV == "" {
		return false
	}
	order, ok := watcher.CompareRV(m.ResourceVersion, w.addedRV)
	return ok && order > 0
}

// unrelease ends a release of another generation.
func (w *Ward) unrelease(generation int64) {
	if w.released && w.since != generation {
		w.released, w.since = false, 0
	}
}

// Depart is called when the stream reports an object deleted, before the engine gets the event. It says whether a Deleted has
// to be queued, since the cleanup of the object is due or may be. frame is the last state, nil where the stream did not see the deletion.
func (f *Finalizer) Depart(id ID, carried bool, frame *watcher.Frame) (due bool) {
	if f == nil {
		return false
	}
	seen := frame != nil && frame.Meta.UID != ""
	f.edit(id, func(w *Ward) {
		switch {
		case w.Cleaned || w.released:
			return
		case seen: // the last state shows what became of a patch that is under way, or was not answered
			w.owed = f.On(&frame.Meta) || w.Lost || w.addedRV != ""
			w.addedRV, w.unsure, w.seen = "", false, w.Adding > 0
			due = w.owed
		default:
			w.owed = carried || w.Lost || w.addedRV != "" || w.unsure
			due = w.owed || w.Adding > 0
		}
		if due {
			w.Gone, w.asked, w.Absent = true, true, !seen
		}
	})
	return due
}

// NotServed is called when the resource is not served any more: what the stream found missing was deleted.
func (f *Finalizer) NotServed(of func(namespace, name string) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, w := range f.wards.M {
		if w.Absent && of(id.Namespace, id.Name) {
			w.Absent = false
		}
	}
}

// Departed is called when an object is deleted and the binding's engine has heard of that, which leaves the call that runs, if any; or
// where a Deleted passed, all calls that are queued, up to that of the deletion. Until these have ended it is known whether the
// cleanup has succeeded. knows reports whether there are such calls.
func (f *Finalizer) Departed(id ID, passed bool, knows func(k queue.Key, uid string) bool) {
	if f.restorer.queue.Knows(id.Key, id.UID) {
		of := id.clone()
		f.restorer.queue.Add(queue.Event[*watcher.Frame]{Key: of.Key, UID: of.UID, Type: queue.Deleted})
	}
	f.mu.Lock()
	w := f.wards.M[id]
	if w != nil {
		w.Gone, w.asked = true, w.asked || passed
	}
	f.mu.Unlock()
	if w == nil {
		if !knows(id.Key, id.UID) {
			return
		}
		// The call that runs may be about to note something of the object, after which no event comes any more.
		f.edit(id, func(w *Ward) { w.Gone = true })
		passed = false
	}
	if !passed && !knows(id.Key, id.UID) {
		f.Forget(id)
	}
}
