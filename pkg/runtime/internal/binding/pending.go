package binding

import (
	"sync"
	"sync/atomic"

	"github.com/go-logr/logr"

	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/existence"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// PendingDeletion is an object of which the server said DELETED while it selects by label or by a field that changes: it was
// deleted, or has only left the selection. A later event of its name says which, else an existence check does; until then the binding
// hears of neither.
type PendingDeletion struct {
	Of   *Binding
	ID   Identity
	Work *Work // what a Deleted carries
	wide bool  // the binding may look into all namespaces
}

// pendingDeletions are those of one binding.
type pendingDeletions struct {
	N  atomic.Int32 // how many
	mu sync.Mutex
	Of map[queue.Key]*PendingDeletion
	// Bytes is what they keep in use. Over the memory budget a Deleted carries no more than the identity, or what Cached kept.
	Bytes int64
}

// Pend keeps a pending deletion, and asks the API server about it.
func (b *Binding) Pend(d *PendingDeletion) {
	u := &b.Pending
	u.mu.Lock()
	if u.Bytes+weigh(d.Work, nil) > b.Settings.MemoryBudget {
		d.Work.release()
		d.Work = &Work{RV: d.ID.RV, last: d.Work.last}
	}
	switch before := u.Of[d.ID.key]; {
	case before == nil:
	case before.ID.uid == d.ID.uid: // told twice
		before.close()
	default: // what happened between the two was told in another way
		before.tell(false)
	}
	if u.Of == nil {
		u.Of = map[queue.Key]*PendingDeletion{}
	}
	u.Of[d.ID.key] = d
	u.Bytes += weigh(d.Work, nil)
	u.N.Add(1)
	b.Checks.Opened()
	u.mu.Unlock()
	b.Checks.Ask(d)
}

// decide is asked with each state of an object that the stream brings: the object's own pending deletion was a leave
// then, and that of another one of its name a deletion.
func (b *Binding) decide(m *watcher.Meta) {
	u := &b.Pending
	if u.N.Load() == 0 {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if d, ok := u.Of[queue.Key{Namespace: m.Namespace, Name: m.Name}]; ok {
		d.tell(d.ID.uid == m.UID)
	}
}

// Question implements asker.
func (d *PendingDeletion) Question() existence.Question {
	return existence.Question{
		Resource: d.Of.Resource, Namespace: d.ID.key.Namespace, Name: d.ID.key.Name, UID: d.ID.uid, RV: d.ID.RV, Wide: d.wide,
	}
}

// Binding implements asker.
func (d *PendingDeletion) Binding() existence.Waiting { return d.Of }

// Log implements waiting.
func (b *Binding) Log() logr.Logger { return b.log }

// Decided implements asker: unless an event came first, it takes what the existence check has found.
func (d *PendingDeletion) Decided(exists bool) {
	u := &d.Of.Pending
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.Of[d.ID.key] == d {
		d.tell(exists)
	}
}

// notServed decides the pending deletions of one part of the binding's set, whose resource is not served any more, and lets cleanups
// begin that wait to know whether their object was deleted.
func (b *Binding) notServed(of part) {
	u := &b.Pending
	u.mu.Lock()
	for k, d := range u.Of {
		if of.has(&watcher.Meta{Namespace: k.Namespace, Name: k.Name}) {
			d.tell(false)
		}
	}
	u.mu.Unlock()
	if b.Guarded != nil {
		b.Guarded.NotServed(func(namespace, name string) bool {
			return of.has(&watcher.Meta{Namespace: namespace, Name: name})
		})
	}
}

// Open implements asker: it reports whether the question is still open.
func (d *PendingDeletion) Open() bool {
	u := &d.Of.Pending
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.Of[d.ID.key] == d
}

// tell hands the event to the binding's engine. It is called with the lock held, so that a later event comes later.
func (d *PendingDeletion) tell(left bool) {
	d.close()
	e := queue.Event[*Work]{Type: queue.Deleted, Was: true, Payload: d.Work, Before: d.Work.last.before()}
	if left { // the last state that matched says nothing of the one that does not
		d.Work.release()
		e.Type, e.Payload = queue.Left, workOut(nil, d.Work.last, d.ID.RV)
	}
	e.Passed = d.Of.Takes(e.Type, false)
	d.Of.enqueue(e, d.ID)
}

// close forgets the pending deletion. The lock is held.
func (d *PendingDeletion) close() {
	u := &d.Of.Pending
	delete(u.Of, d.ID.key)
	if len(u.Of) == 0 {
		u.Of = nil // a map does not shrink
	}
	u.Bytes -= weigh(d.Work, nil)
	u.N.Add(-1)
	d.Of.Checks.Closed()
}
