package runtime

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/table"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// errFinalizer marks a failure to add the finalizer to an object, or to remove it.
var errFinalizer = errors.New("the finalizer cannot be written")

// finalizer is what a binding with Finalize remembers of objects: only of those with a patch or a clean-up in progress, of those
// whose finalizer something else removed, and of those that Reconcile released.
type finalizer struct {
	name string

	mu    sync.Mutex
	wards table.Map[objectID, *ward]
	// warned is when the log last said that something else keeps removing the finalizer.
	warned time.Time
}

// objectID is one object. The UID tells objects apart that have a name one after the other.
type objectID struct {
	queue.Key
	uid string
}

// ward is what is remembered of one object.
type ward struct {
	adding   int    // patches in progress that add the finalizer
	again    bool   // they do so since something else removed it
	missed   bool   // meanwhile the stream has delivered a state without the finalizer
	seen     bool   // meanwhile the stream has delivered a state with the finalizer
	unsure   bool   // the outcome of such a patch is not known
	addedRV  string // of the state that such a patch made; empty: none, or the stream has delivered a state with the finalizer
	cleaning bool   // the clean-up runs
	cleaned  bool   // the clean-up has succeeded
	lost     bool   // something else removed the finalizer, and it was not added again yet
	released bool   // Reconcile returned ReleaseFinalizer
	since    int64  // the generation that was released

	gone   bool // the stream reported the object deleted
	owed   bool // it carried the finalizer then
	asked  bool // a Deleted is queued, whose call ends the ward
	absent bool // the stream found it missing, and did not see the deletion

	restored int       // how often the finalizer was added again, in a row
	last     time.Time // when
}

func newFinalizer(name string) *finalizer {
	if name == "" {
		return nil
	}
	return &finalizer{name: name}
}

func (f *finalizer) on(m *watcher.Meta) bool { return slices.Contains(m.Finalizers, f.name) }

// due says whether an object is to be cleaned up, whatever the selection makes of it. Nil is never due.
func (f *finalizer) due(m *watcher.Meta) bool { return f != nil && m.Deleting && f.on(m) }

// member says whether an object is in the binding's set, of which it was a member, and which its selection takes or not: one
// that carries the finalizer stays until it is deleted, and one without can get it only if it is not being deleted.
func (f *finalizer) member(within, was, selected bool, m *watcher.Meta) bool {
	switch {
	case f.on(m):
		return within
	case m.Deleting:
		return was
	default:
		return selected
	}
}

// epoch is the generation for the queue: a deletion begins a new one, also of a kind that has no generations.
func (f *finalizer) epoch(m *watcher.Meta) int64 {
	switch {
	case m.Generation <= 0 && m.Deleting:
		return -2
	case m.Generation <= 0:
		return -1
	case m.Deleting:
		return 2*m.Generation + 1
	}
	return 2 * m.Generation
}

func idOf(m *watcher.Meta) objectID {
	return objectID{queue.Key{Namespace: m.Namespace, Name: m.Name}, m.UID}
}

// get gives what is remembered of an object.
func (f *finalizer) get(id objectID) ward {
	f.mu.Lock()
	defer f.mu.Unlock()
	if w := f.wards.M[id]; w != nil {
		return *w
	}
	return ward{}
}

// edit changes what is remembered of an object, and forgets it if that is nothing.
func (f *finalizer) edit(id objectID, change func(*ward)) (now ward) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w, known := f.wards.M[id]
	if !known {
		w = &ward{}
	}
	change(w)
	switch {
	case w.idle():
		f.wards.Delete(id)
	case !known:
		f.wards.Set(id.clone(), w)
	}
	return *w
}

// idle says whether there is nothing to remember.
func (w *ward) idle() bool { return *w == ward{} }

// beginAdding notes that a patch is about to add the finalizer.
func (f *finalizer) beginAdding(id objectID) (w *ward) {
	f.edit(id, func(now *ward) {
		now.adding++
		now.again = now.again || now.lost
		w = now
	})
	return w
}

// endAdding notes how that ended: rv is of the state with the finalizer, empty where the patch did not add it. It says whether
// something else had removed the finalizer, and whether something else has removed it since.
func (f *finalizer) endAdding(id objectID, w *ward, rv string, err error) (again, robbed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.wards.M[id] != w { // the object was deleted, or left the set
		return false, false
	}
	w.adding--
	w.unsure = !w.seen && (w.unsure || unanswered(err))
	if rv != "" {
		if !w.seen { // the stream has yet to deliver it
			w.addedRV, w.lost, w.unsure = strings.Clone(rv), false, false
		}
		if again = w.again; again {
			w.wasRestored(time.Now())
		}
	}
	if w.adding == 0 {
		robbed = w.missed && w.lost && !w.gone
		w.again, w.seen, w.missed = false, false, false
	}
	if w.idle() {
		f.wards.Delete(id)
	}
	return again, robbed
}

// amend changes what is remembered of an object, if anything is still.
func (f *finalizer) amend(id objectID, change func(*ward)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := f.wards.M[id]
	if w == nil {
		return
	}
	if change(w); w.idle() {
		f.wards.Delete(id)
	}
}

// forget drops what is remembered of an object.
func (f *finalizer) forget(id objectID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wards.Delete(id)
}

// count is how many objects are remembered.
func (f *finalizer) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.wards.M)
}

// clone is the same in memory of its own: that of metadata is the frame's.
func (id objectID) clone() objectID {
	return objectID{table.Key(id.Key), strings.Clone(id.uid)}
}

// releasedAt says whether Reconcile released the object, and its generation has not changed since.
func (w *ward) releasedAt(generation int64) bool { return w.released && w.since == generation }

// busy says whether a patch adds the finalizer now, or did so and the stream has not delivered the result.
func (w *ward) busy() bool { return w.adding > 0 || w.addedRV != "" }

// busy is the same for what is remembered of an object. The patch in progress learns that the finalizer is missing.
func (f *finalizer) busy(id objectID) (busy bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := f.wards.M[id]
	if w == nil {
		return false
	}
	w.missed = w.adding > 0
	return w.busy()
}

// owes says whether the clean-up of a deleted object is due.
func (w *ward) owes() bool {
	return (w.owed || w.addedRV != "" || w.unsure) && !w.cleaned && !w.released
}

// gaveUp is called with a Deleted whose callback failed too often.
func (f *finalizer) gaveUp(c queue.Finish) {
	if c.Type == queue.Deleted {
		f.forget(objectID{c.Key, c.UID})
	}
}

// over is called after each call, when the engine does not know of it any more: see departed.
func (f *finalizer) over(c queue.Finish) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := objectID{c.Key, c.UID}
	w := f.wards.M[id]
	if w == nil || !w.gone {
		return
	}
	ended := c.Outcome == queue.Done || c.Outcome == queue.Drop
	if !w.asked || ended && c.Type == queue.Deleted {
		f.wards.Delete(id)
	}
}
