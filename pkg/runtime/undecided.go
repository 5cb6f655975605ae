package runtime

import (
	"sync"
	"sync/atomic"

	"github.com/go-logr/logr"

	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/existence"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// departure is an object of which the server said DELETED while it selects by label or by a field that changes: it is
// gone, or has only left the selection. A later event of its name says which, else a look at the server does; until
// then the binding hears of neither.
type departure struct {
	b    *binding
	id   identity
	work *work // what a Deleted carries
	wide bool  // the binding may look into all namespaces
}

// undecided are the departures of one binding.
type undecided struct {
	n  atomic.Int32 // how many
	mu sync.Mutex
	of map[queue.Key]*departure
	// bytes is what they keep in use. Over the memory budget a Deleted carries no more than the identity, or what Cached kept.
	bytes int64
}

// depart takes a departure in, and has somebody look.
func (b *binding) depart(d *departure) {
	u := &b.undecided
	u.mu.Lock()
	if u.bytes+weigh(d.work, nil) > b.Settings.MemoryBudget {
		d.work.release()
		d.work = &work{rv: d.id.rv, last: d.work.last}
	}
	switch before := u.of[d.id.key]; {
	case before == nil:
	case before.id.uid == d.id.uid: // told twice
		before.close()
	default: // what happened between the two was told in another way
		before.tell(false)
	}
	if u.of == nil {
		u.of = map[queue.Key]*departure{}
	}
	u.of[d.id.key] = d
	u.bytes += weigh(d.work, nil)
	u.n.Add(1)
	b.looks.Opened()
	u.mu.Unlock()
	b.looks.Ask(d)
}

// decide is asked with each state of an object that the stream brings: the object's own departure was a leave then,
// and that of another one of its name a deletion.
func (b *binding) decide(m *watcher.Meta) {
	u := &b.undecided
	if u.n.Load() == 0 {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if d, ok := u.of[queue.Key{Namespace: m.Namespace, Name: m.Name}]; ok {
		d.tell(d.id.uid == m.UID)
	}
}

// Question implements asker.
func (d *departure) Question() existence.Question {
	return existence.Question{
		Resource: d.b.Resource, Namespace: d.id.key.Namespace, Name: d.id.key.Name, UID: d.id.uid, RV: d.id.rv, Wide: d.wide,
	}
}

// Binding implements asker.
func (d *departure) Binding() existence.Waiting { return d.b }

// Log implements waiting.
func (b *binding) Log() logr.Logger { return b.log }

// Decided implements asker: unless an event came first, it takes what the existence check has found.
func (d *departure) Decided(exists bool) {
	u := &d.b.undecided
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.of[d.id.key] == d {
		d.tell(exists)
	}
}

// notServed decides the departures of one part of the binding's set, whose resource is not served any more, and lets clean-ups
// begin that wait to know whether their object was deleted.
func (b *binding) notServed(of part) {
	u := &b.undecided
	u.mu.Lock()
	for k, d := range u.of {
		if of.has(&watcher.Meta{Namespace: k.Namespace, Name: k.Name}) {
			d.tell(false)
		}
	}
	u.mu.Unlock()
	if b.finalizer != nil {
		b.finalizer.NotServed(func(namespace, name string) bool {
			return of.has(&watcher.Meta{Namespace: namespace, Name: name})
		})
	}
}

// Open implements asker: it says whether nobody has decided yet.
func (d *departure) Open() bool {
	u := &d.b.undecided
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.of[d.id.key] == d
}

// tell hands the event to the binding's engine. It is called with the lock held, so that a later event comes later.
func (d *departure) tell(left bool) {
	d.close()
	e := queue.Event[*work]{Type: queue.Deleted, Was: true, Payload: d.work, Before: d.work.last.before()}
	if left { // the last state that matched says nothing of the one that does not
		d.work.release()
		e.Type, e.Payload = queue.Left, workOut(nil, d.work.last, d.id.rv)
	}
	e.Passed = d.b.Takes(e.Type, false)
	d.b.enqueue(e, d.id)
}

// close forgets the departure. The lock is held.
func (d *departure) close() {
	u := &d.b.undecided
	delete(u.of, d.id.key)
	if len(u.of) == 0 {
		u.of = nil // a map does not shrink
	}
	u.bytes -= weigh(d.work, nil)
	u.n.Add(-1)
	d.b.looks.Closed()
}
