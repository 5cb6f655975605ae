package finalize

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/ancho-dev/ancho/internal/container"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/live"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// errFinalizer marks a failure to add the finalizer to an object, or to remove it.
var errFinalizer = errors.New("the finalizer cannot be written")

// Options are what a finalizer gets from its binding.
type Options struct {
	Name          string // of the finalizer
	Resource      kind.Resource
	Server        live.Reader
	ManagedFields bool                     // what is read keeps them
	InOrder       bool                     // an object that is being deleted is still handed out
	Match         func(*watcher.Meta) bool // the metadata is selected
	Held          func() bool              // nothing may be written now
	Log           logr.Logger
	Restored      interface{ Inc() } // counts finalizers that were added again
}

// Finalizer adds the finalizer of one binding to objects and removes it. It remembers only objects with a patch or a cleanup in
// progress, objects whose finalizer something else removed, and objects that Reconcile released.
type Finalizer struct {
	o        Options
	restorer *restorer

	mu    sync.Mutex
	wards container.Table[ID, *Ward]
	// warned is when the log last said that something else keeps removing the finalizer.
	warned time.Time
}

// ID is one object. The UID tells objects apart that have a name one after the other.
type ID struct {
	queue.Key
	UID string
}

// Ward is what is remembered of one object.
type Ward struct {
	Adding   int    // patches in progress that add the finalizer
	again    bool   // they do so since something else removed it
	missed   bool   // meanwhile the stream has delivered a state without the finalizer
	seen     bool   // meanwhile the stream has delivered a state with the finalizer, or the deletion
	unsure   bool   // the outcome of such a patch is not known
	addedRV  string // of the state that such a patch made; empty: none, or the stream has delivered a state with the finalizer
	Cleaning bool   // the cleanup runs
	Cleaned  bool   // the cleanup has succeeded
	Lost     bool   // something else removed the finalizer, and it was not added again yet
	released bool   // Reconcile returned ReleaseFinalizer
	since    int64  // the generation that was released

	Gone   bool // the stream reported the object deleted
	owed   bool // it carried the finalizer then
	asked  bool // a Deleted is queued, whose call ends the ward
	Absent bool // the stream found it missing, and did not see the deletion

	restored int       // how often the finalizer was added again, in a row
	last     time.Time // when
}

// New returns nil for a binding without a finalizer.
func New(o Options) *Finalizer {
	if o.Name == "" {
		return nil
	}
	f := &Finalizer{o: o}
	f.restorer = newRestorer(f)
	return f
}

// On reports whether an object carries the finalizer.
func (f *Finalizer) On(m *watcher.Meta) bool { return slices.Contains(m.Finalizers, f.o.Name) }

// Due says whether an object is to be cleaned up, whatever the selection makes of it. Nil is never due.
func (f *Finalizer) Due(m *watcher.Meta) bool { return f != nil && m.Deleting && f.On(m) }

// Needs reports whether the finalizer has to be added before Reconcile is called with this state of an object. Nil needs none.
func (f *Finalizer) Needs(m *watcher.Meta) bool {
	if f == nil || m.Deleting || f.On(m) {
		return false
	}
	w := f.Get(IDOf(m))
	return !w.Cleaned && !w.ReleasedAt(m.Generation)
}

// Member says whether an object is in the binding's set, of which it was a member, and which its selection takes or not: one
// that carries the finalizer stays until it is deleted, and one without can get it only if it is not being deleted.
func (f *Finalizer) Member(within, was, selected bool, m *watcher.Meta) bool {
	switch {
	case f.On(m):
		return within
	case m.Deleting:
		return was
	default:
		return selected
	}
}

// Epoch is the generation for the queue: a deletion begins a new one, also of a kind that has no generations.
func (f *Finalizer) Epoch(m *watcher.Meta) int64 {
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

// IDOf is the object of the metadata, in the memory of these.
func IDOf(m *watcher.Meta) ID {
	return ID{queue.Key{Namespace: m.Namespace, Name: m.Name}, m.UID}
}

// Get gives what is remembered of an object.
func (f *Finalizer) Get(id ID) Ward {
	f.mu.Lock()
	defer f.mu.Unlock()
	if w := f.wards.M[id]; w != nil {
		return *w
	}
	return Ward{}
}

// edit changes what is remembered of an object, and forgets it if that is nothing.
func (f *Finalizer) edit(id ID, change func(*Ward)) (now Ward) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w, known := f.wards.M[id]
	if !known {
		w = &Ward{}
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
func (w *Ward) idle() bool { return *w == Ward{} }

// beginAdding notes that a patch is about to add the finalizer.
func (f *Finalizer) beginAdding(id ID) (w *Ward) {
	f.edit(id, func(now *Ward) {
		now.Adding++
		now.again = now.again || now.Lost
		w = now
	})
	return w
}

// endAdding notes how that ended: rv is of the state with the finalizer, empty where the patch did not add it. It says whether
// something else had removed the finalizer, and whether something else has removed it since.
func (f *Finalizer) endAdding(id ID, w *Ward, rv string, err error) (again, robbed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.wards.M[id] != w { // the object was deleted, or left the set
		return false, false
	}
	w.Adding--
	w.unsure = !w.seen && (w.unsure || unanswered(err))
	if rv != "" {
		if !w.seen { // the stream has yet to deliver it
			w.addedRV, w.Lost, w.unsure = strings.Clone(rv), false, false
		}
		if again = w.again; again {
			w.wasRestored(time.Now())
		}
	}
	if w.Adding == 0 {
		robbed = w.missed && w.Lost && !w.Gone
		w.again, w.seen, w.missed = false, false, false
	}
	if w.idle() {
		f.wards.Delete(id)
	}
	return again, robbed
}

// amend changes what is remembered of an object, if anything is still.
func (f *Finalizer) amend(id ID, change func(*Ward)) {
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

// Forget drops what is remembered of an object.
func (f *Finalizer) Forget(id ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wards.Delete(id)
}

// Count is how many objects are remembered.
func (f *Finalizer) Count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.wards.M)
}

// clone is the same in memory of its own: that of metadata is the frame's.
func (id ID) clone() ID {
	return ID{id.Key.Clone(), strings.Clone(id.UID)}
}

// ReleasedAt says whether Reconcile released the object, and its generation has not changed since.
func (w *Ward) ReleasedAt(generation int64) bool { return w.released && w.since == generation }

// busy says whether a patch adds the finalizer now, or did so and the stream has not delivered the result.
func (w *Ward) busy() bool { return w.Adding > 0 || w.addedRV != "" }

// busy is the same for what is remembered of an object. The patch in progress learns that the finalizer is missing.
func (f *Finalizer) busy(id ID) (busy bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := f.wards.M[id]
	if w == nil {
		return false
	}
	w.missed = w.Adding > 0
	return w.busy()
}

// Owes says whether the cleanup of a deleted object is due.
func (w *Ward) Owes() bool {
	return (w.owed || w.addedRV != "" || w.unsure) && !w.Cleaned && !w.released
}

// GaveUp is called with a Deleted whose callback failed too often.
func (f *Finalizer) GaveUp(c queue.Finish) {
	if c.Type == queue.Deleted {
		f.Forget(ID{c.Key, c.UID})
	}
}

// Ended is called after each call, when the engine does not know of it any more: see Departed. After the call of a deletion nothing
// is remembered of the object, nor is it after the call that ran when the object was deleted, where no other one follows.
func (f *Finalizer) Ended(c queue.Finish) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := ID{c.Key, c.UID}
	w := f.wards.M[id]
	if w == nil {
		return
	}
	deleted := c.Type == queue.Deleted && (c.Outcome == queue.Done || c.Outcome == queue.Drop)
	if deleted || w.Gone && !w.asked {
		f.wards.Delete(id)
	}
}

// release notes that Reconcile released an object of the generation.
func (f *Finalizer) release(id ID, generation int64) {
	f.edit(id, func(w *Ward) {
		if !w.Gone {
			w.released, w.since, w.Lost = true, generation, false
		}
	})
}

// Reclaim ends the release of an object for which Reconcile returned something else, where no generation says that it changed, or
// the finalizer was not removed yet.
func (f *Finalizer) Reclaim(m *watcher.Meta) {
	on := f.On(m)
	if w := f.Get(IDOf(m)); !w.released || m.Generation != 0 && !on {
		return
	}
	f.edit(IDOf(m), func(w *Ward) { w.released, w.since = false, 0 })
	if !on {
		f.restore(m)
	}
}

// BeginCleanUp notes that the cleanup of an object runs.
func (f *Finalizer) BeginCleanUp(id ID) { f.edit(id, func(w *Ward) { w.Cleaning = true }) }

// EndCleanUp notes how it ended. The object may be forgotten by now.
func (f *Finalizer) EndCleanUp(id ID, done bool) {
	f.amend(id, func(w *Ward) { w.Cleaning, w.Cleaned = false, done })
}

// Missed notes that an object which a list did not show does not exist.
func (f *Finalizer) Missed(id ID) { f.edit(id, func(w *Ward) { w.Absent = false }) }
