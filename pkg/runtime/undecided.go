package runtime

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// errLookup says what could not be found out.
var errLookup = errors.New("cannot tell whether the object left the selection or was deleted")

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
	b.looks.open.Add(1)
	u.mu.Unlock()
	b.looks.add(d)
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

// decided is told what a look has found, unless an event came first.
func (d *departure) decided(exists bool) {
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
		b.finalizer.notServed(of)
	}
}

// open says whether nobody has decided yet.
func (d *departure) open() bool {
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
	d.b.looks.open.Add(-1)
}

// failure is what one binding is told of looks that failed.
type failure struct {
	example *departure
	n       int
	quiet   bool // it was told before
	again   time.Duration
}

// log says that objects wait since nobody can look.
func (f *failure) log(b *binding, err error) {
	err = fmt.Errorf("%w: %w", errLookup, forWantOf("get", b.Resource, err))
	log := b.log.WithValues("object", f.example.id.key.String(), "retryIn", f.again.String())
	if f.n > 1 {
		log = log.WithValues("objects", f.n)
	}
	if f.quiet {
		log.V(1).Info("still waiting", "reason", err.Error())
		return
	}
	log.Error(err, "this object waits, the others go on")
}

// forWantOf names the right that is missing, where that is why a request failed.
func forWantOf(verb string, r kind.Resource, err error) error {
	if apierrors.IsForbidden(err) {
		return fmt.Errorf("this needs the verb %s on %s: %w", verb, r, err)
	}
	return err
}
