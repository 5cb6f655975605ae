package binding

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/ancho-dev/ancho/internal/container"
	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// errStale marks a live read that is older than what the binding has already: the server that answered is behind.
var errStale = errors.New("the server answered with an older state of the object than the stream has delivered")

// errAhead marks a failure to read an object that the callback had in a newer state than its queued event has.
var errAhead = errors.New("the callback had a newer state of the object than this event has, and the object cannot be read")

// errUndelivered marks a live read of an object that needs the finalizer, before the stream has delivered the object: no event would report
// its deletion.
var errUndelivered = errors.New("the stream has not delivered this object yet: the finalizer is added once it has")

// ahead is what a binding's callbacks were given by live reads before its streams delivered it: by object, the
// resourceVersion of that state. While it is here, no call carries an older state of the object. An object is dropped when
// its stream has passed that resourceVersion, so the table holds only objects of which events are on their way.
type ahead struct {
	N  atomic.Int32 // how many, for the streams, which ask with each event
	mu sync.Mutex
	of container.Table[queue.Key, lead]
}

// lead is one state that a live read gave.
type lead struct {
	uid, rv string
	passed  bool // the stream has delivered it or a newer one, or the deletion of its object
}

// Older says whether one resourceVersion is known to be before another.
func Older(a, b string) bool {
	order, ok := watcher.CompareRV(a, b)
	return ok && order < 0
}

// passes says whether a live read of the name, of this object or one that had the name before or after it, gave a state that is newer
// than the resourceVersion.
func (a *ahead) passes(k queue.Key, rv string) bool {
	if a.N.Load() == 0 {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	l, ok := a.of.M[k]
	return ok && Older(rv, l.rv)
}

// outdates says whether callbacks had a newer state of the object than that of the resourceVersion.
func (a *ahead) outdates(k queue.Key, uid, rv string) bool {
	if a.N.Load() == 0 {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	l, ok := a.of.M[k]
	return ok && l.uid == uid && Older(rv, l.rv)
}

// Set notes the state that a callback is about to be given.
func (a *ahead) Set(k queue.Key, m *watcher.Meta) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if l, ok := a.of.M[k]; ok && Older(m.ResourceVersion, l.rv) {
		return
	}
	a.of.Set(k.Clone(), lead{uid: strings.Clone(m.UID), rv: strings.Clone(m.ResourceVersion)})
	a.N.Store(int32(len(a.of.M))) //nolint:gosec // as many as objects
}

// drop forgets an object if past says so of what is kept, and reports that.
func (a *ahead) drop(k queue.Key, past func(lead) bool) bool {
	if a.N.Load() == 0 {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	l, ok := a.of.M[k]
	if !ok || !past(l) {
		return false
	}
	a.of.Delete(k)
	a.N.Store(int32(len(a.of.M))) //nolint:gosec // as many as objects
	return true
}

// mark notes that the stream has passed what is kept of an object, if past says so.
func (a *ahead) mark(k queue.Key, past func(lead) bool) {
	if a.N.Load() == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if l, ok := a.of.M[k]; ok && past(l) {
		l.passed = true
		a.of.Set(k.Clone(), l) // a map takes the new key's memory, which is the frame's
	}
}

// some gives up to n of the objects.
func (a *ahead) some(n int) (keys []queue.Key) {
	if a.N.Load() == 0 {
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
func (b *Binding) raise(ctx context.Context, c *queue.Call[*Work], f *watcher.Frame) error {
	m := &f.Meta
	if c.Payload.newerThan(m) || b.Ahead.passes(c.Key, m.ResourceVersion) || b.Cached.newerThan(c.Key, m) {
		return errStale
	}
	var delivered string // the state that the stream delivered last
	undelivered := false
	err := b.streamOf(c.Key).between(ctx, func(x *watcher.Index) {
		e, ok := x.Get(c.Key.Namespace, c.Key.Name)
		if ok {
			delivered = e.RV()
		}
		if undelivered = (!ok || !e.HasUID(m.UID)) && b.Guarded.Needs(m); undelivered {
			return // the call is not made: older states are to come
		}
		if Older(delivered, m.ResourceVersion) || delivered == "" || b.ordered() && b.Engine.Waits(c.Key, m.UID) {
			b.Ahead.Set(c.Key, m)
			b.Cached.raise(f)
		}
	})
	switch {
	case err != nil: // the stream has ended, or does not answer: all that can be said is what was said above
		b.Ahead.Set(c.Key, m)
		b.Cached.raise(f)
	case undelivered:
		return errUndelivered
	case Older(m.ResourceVersion, delivered):
		return errStale
	}
	for _, k := range b.Ahead.some(2) { // so that what is left behind goes again
		if k != c.Key {
			b.passed(k)
		}
	}
	return nil
}

// ordered says whether events of one object wait as calls of their own, so that older ones may wait behind a live read.
func (b *Binding) ordered() bool {
	return b.Settings.InOrder || b.Action == declare.ActionWatch
}

// arrives is called before the event of a state is queued: if that is as new as a live read, readers find what the stream delivered.
func (b *Binding) arrives(k queue.Key, rv string) {
	if b.Ahead.N.Load() > 0 && !b.Ahead.passes(k, rv) {
		b.Cached.lower(k)
	}
}

// arrived is called after that event is queued. It drops the live read, unless older events of the object wait for calls of their own,
// or a call that has not looked yet whether its state is outdated has started with one: then the live read is dropped after that call.
func (b *Binding) arrived(k queue.Key, uid, rv string) {
	if b.Ahead.N.Load() == 0 {
		return
	}
	b.Ahead.mark(k, func(l lead) bool { return l.reachedBy(uid, rv) })
	b.passed(k)
}

// departure is the resourceVersion at which an object left the stream's set, empty where a list found that: no live read is newer.
func departure(d *watcher.Delta) string {
	if d.Frame == nil {
		return ""
	}
	return d.Frame.Meta.ResourceVersion
}

// deleted drops what is known of a live read of a deleted object when the call of its deletion begins.
func (b *Binding) deleted(k queue.Key, uid string) {
	if b.Ahead.N.Load() == 0 || b.Engine.Waits(k, uid) {
		return
	}
	if b.Ahead.drop(k, func(l lead) bool { return l.uid == uid }) {
		b.Cached.lower(k)
	}
}

// reachedBy reports whether a live read is not newer than the state of the resourceVersion. Another object that had the name before may
// have an older state; where the resourceVersion is not known, only the object itself counts.
func (l lead) reachedBy(uid, rv string) bool {
	return (rv != "" || l.rv == "" || l.uid == uid) && !Older(rv, l.rv)
}

// reached drops what is known of a live read when a call begins with a state that is as new.
func (b *Binding) reached(k queue.Key, uid, rv string) {
	if b.Ahead.drop(k, func(l lead) bool { return l.reachedBy(uid, rv) }) {
		b.Cached.lower(k)
	}
}

// passed drops what is known of a live read that the stream has passed, if no call can bring an older state.
func (b *Binding) passed(k queue.Key) {
	if b.Ahead.N.Load() == 0 {
		return
	}
	at := b.streamOf(k).position()
	b.forget(k, func(l lead) bool {
		order, ok := watcher.CompareRV(l.rv, at)
		return l.passed || ok && order <= 0
	})
}

// forget drops what is known of a live read if past says so of it and no call can bring an older state.
func (b *Binding) forget(k queue.Key, past func(lead) bool) {
	if b.Ahead.drop(k, func(l lead) bool { return past(l) && b.idle(k, l.uid) }) {
		b.Cached.lower(k)
	}
}

// idle reports whether no call of an object is about to begin with a state that was delivered before the newest one. Where events merge,
// what is queued is the newest.
func (b *Binding) idle(k queue.Key, uid string) bool {
	return !b.Engine.Busy(k, uid) && (!b.ordered() || !b.Engine.Waits(k, uid))
}

// sweep drops what the stream of a target has passed. It is called after each complete list.
func (b *Binding) sweep(of part, rv string) {
	past := func(l lead) bool { return l.passed || !Older(rv, l.rv) }
	for _, k := range b.Ahead.some(int(b.Ahead.N.Load())) {
		if of.has(&watcher.Meta{Namespace: k.Namespace, Name: k.Name}) {
			b.Ahead.mark(k, past)
			b.forget(k, past)
		}
	}
}
