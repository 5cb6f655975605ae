package runtime

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/table"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// errStale marks a live read that is older than what the binding has already: the server that answered is behind.
var errStale = errors.New("the server answered with an older state of the object than the stream has delivered")

// errAhead marks a failure to read an object that the callback had in a newer state than its queued event has.
var errAhead = errors.New("the callback had a newer state of the object than this event has, and the object cannot be read")

// ahead is what a binding's callbacks were given by live reads before its streams delivered it: by object, the
// resourceVersion of that state. While it is here, no call carries an older state of the object. An object is dropped when
// its stream has passed that resourceVersion, so the table holds only objects of which events are on their way.
type ahead struct {
	n  atomic.Int32 // how many, for the streams, which ask with each event
	mu sync.Mutex
	of table.Map[queue.Key, lead]
}

// lead is one state that a live read gave.
type lead struct{ uid, rv string }

// older says whether one resourceVersion is known to be before another.
func older(a, b string) bool {
	order, ok := watcher.CompareRV(a, b)
	return ok && order < 0
}

// outdates says whether callbacks had a newer state of the object than that of the resourceVersion.
func (a *ahead) outdates(k queue.Key, uid, rv string) bool {
	if a.n.Load() == 0 {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	l, ok := a.of.M[k]
	return ok && l.uid == uid && older(rv, l.rv)
}

// set notes the state that a callback is about to be given.
func (a *ahead) set(k queue.Key, m *watcher.Meta) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if l, ok := a.of.M[k]; ok && l.uid == m.UID && older(m.ResourceVersion, l.rv) {
		return
	}
	a.of.Set(table.Key(k), lead{uid: strings.Clone(m.UID), rv: strings.Clone(m.ResourceVersion)})
	a.n.Store(int32(len(a.of.M))) //nolint:gosec // as many as objects
}

// drop forgets an object if past says so of what is kept, and reports that.
func (a *ahead) drop(k queue.Key, past func(lead) bool) bool {
	if a.n.Load() == 0 {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	l, ok := a.of.M[k]
	if !ok || !past(l) {
		return false
	}
	a.of.Delete(k)
	a.n.Store(int32(len(a.of.M))) //nolint:gosec // as many as objects
	return true
}

// some gives up to n of the objects.
func (a *ahead) some(n int) (keys []queue.Key) {
	if a.n.Load() == 0 {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for k := range a.of.M {
		if len(keys) == n {
			break
		}
		keys = append(keys, k)
	}
	return keys
}

// raise is called with an object that was read live, before a callback gets it. It fails where that is older than what
// the binding had of the object.
func (b *binding) raise(ctx context.Context, c *queue.Call[*work], f *watcher.Frame) error {
	m := &f.Meta
	if c.Payload.newerThan(m) || b.ahead.outdates(c.Key, m.UID, m.ResourceVersion) || b.cache.newerThan(c.Key, m) {
		return errStale
	}
	var delivered string // the state that the stream delivered last
	err := b.streamOf(c.Key).between(ctx, func(x *watcher.Index) {
		if e, ok := x.Get(c.Key.Namespace, c.Key.Name); ok {
			delivered = e.RV()
		}
		if older(delivered, m.ResourceVersion) || delivered == "" || b.ordered() && b.engine.Waits(c.Key, m.UID) {
			b.ahead.set(c.Key, m)
			b.cache.raise(f)
		}
	})
	switch {
	case err != nil: // the stream has ended, or does not answer: all that can be said is what was said above
		b.ahead.set(c.Key, m)
		b.cache.raise(f)
	case older(m.ResourceVersion, delivered):
		return errStale
	}
	for _, k := range b.ahead.some(2) { // so that what is left behind goes again
		if k != c.Key {
			b.passed(k)
		}
	}
	return nil
}

// ordered says whether events of one object wait as calls of their own, so that older ones may wait behind a live read.
func (b *binding) ordered() bool {
	return b.Settings.InOrder || b.Action == capability.ActionWatch
}

// arrives drops what is known of a live read when the stream brings a state that is as new, or has the object out of the
// set. Where events are calls of their own it stays until the calls of the older ones were made: see passed.
func (b *binding) arrives(k queue.Key, uid, rv string) {
	if !b.ordered() {
		b.reached(k, uid, rv)
		return
	}
	if !b.ahead.outdates(k, uid, rv) {
		b.cache.lower(k)
	}
}

// departs does the same for an object that is out of the stream's set.
func (b *binding) departs(d *watcher.Delta) {
	rv := "" // a list found it: no live read is newer
	if d.Frame != nil {
		rv = d.Frame.Meta.ResourceVersion
	}
	b.arrives(queue.Key{Namespace: d.Entry.Namespace(), Name: d.Entry.Name()}, d.Entry.UID(), rv)
}

// deleted drops what is known of a live read of a deleted object, of which no older event waits for its call.
func (b *binding) deleted(k queue.Key, uid string) {
	if b.ahead.n.Load() == 0 || b.engine.Waits(k, uid) {
		return
	}
	if b.ahead.drop(k, func(l lead) bool { return l.uid == uid }) {
		b.cache.lower(k)
	}
}

// reached drops what is known of a live read that is not newer than the state of the resourceVersion.
func (b *binding) reached(k queue.Key, uid, rv string) {
	if b.ahead.drop(k, func(l lead) bool { return l.uid != uid || !older(rv, l.rv) }) {
		b.cache.lower(k)
	}
}

// passed drops what is known of a live read that the stream has passed, where no older event waits for its call.
func (b *binding) passed(k queue.Key) {
	if b.ahead.n.Load() == 0 {
		return
	}
	at := b.streamOf(k).position()
	gone := b.ahead.drop(k, func(l lead) bool {
		order, ok := watcher.CompareRV(l.rv, at)
		return ok && order <= 0 && (!b.ordered() || !b.engine.Waits(k, l.uid))
	})
	if gone {
		b.cache.lower(k)
	}
}

// sweep drops what the stream of a target has passed. It is called after each complete list.
func (b *binding) sweep(of part, rv string) {
	for _, k := range b.ahead.some(int(b.ahead.n.Load())) {
		if !of.has(&watcher.Meta{Namespace: k.Namespace, Name: k.Name}) {
			continue
		}
		gone := b.ahead.drop(k, func(l lead) bool { return !older(rv, l.rv) && (!b.ordered() || !b.engine.Waits(k, l.uid)) })
		if gone {
			b.cache.lower(k)
		}
	}
}
