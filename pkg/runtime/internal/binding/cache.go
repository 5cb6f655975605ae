package binding

import (
	"bytes"
	"iter"
	"sync"

	"github.com/ancho-dev/ancho/internal/container"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// cache is what a binding with Cached keeps: the last state of each object in its set. It belongs to the binding and not
// to a stream, so that a route that goes over to another stream takes nothing with it. What feeds it are the streams'
// goroutines, each object's by one at a time; anybody reads it.
type cache struct {
	managed bool // managedFields are kept

	mu      sync.RWMutex
	States  container.Table[queue.Key, *state]
	raised  container.Table[queue.Key, *state] // of live reads that are ahead of the streams
	bytes   int64                              // raw ones
	pending map[watcher.Target]bool
}

// state is how an object was once. It is never changed.
type state struct {
	id  Identity
	Raw []byte
	enc kind.Encoding
	cut bool
}

// newCache gives nil for a binding that keeps nothing. The methods that a feed calls take that.
func newCache(c *compile.Compiled) *cache {
	if c.Attach == nil {
		return nil
	}
	k := &cache{managed: c.Settings.ManagedFields, pending: map[watcher.Target]bool{}}
	for _, t := range c.Targets {
		k.pending[t] = true
	}
	c.Attach(k)
	return k
}

// put keeps a copy of what the frame has, and gives the state before, nil where there was none of this object.
func (c *cache) put(f *watcher.Frame) (before *state) {
	if c == nil {
		return nil
	}
	s := c.copied(f)
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.States.M[s.id.key]; old != nil {
		c.bytes -= int64(len(old.Raw))
		if old.id.uid == s.id.uid {
			before = old
		}
	}
	c.States.Set(s.id.key, s)
	c.bytes += int64(len(s.Raw))
	return before
}

// copied takes what is to be kept into memory of its own, no more of it than needed: the frame's may be larger, and is used again.
func (c *cache) copied(f *watcher.Frame) *state {
	s := &state{id: IdentityOf(&f.Meta, f.Meta.ResourceVersion), Raw: bytes.Clone(f.Raw), enc: f.Encoding, cut: f.Cut}
	if !c.managed && !f.Cut { // another binding of the stream wants them
		if less := watcher.CutManagedFields(s.Raw, s.enc); len(less) < len(s.Raw) {
			s.Raw = bytes.Clone(less)
		}
		s.cut = true
	}
	return s
}

// take forgets an object that is not in the set any more, and gives its last state.
func (c *cache) take(key queue.Key, uid string) *state {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.States.M[key]
	if s == nil || s.id.uid != uid {
		return nil
	}
	c.States.Delete(key)
	c.bytes -= int64(len(s.Raw))
	return s
}

// begun notes that a target's first list is complete.
func (c *cache) begun(t watcher.Target) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pending, t)
}

// latest is the state of an object that is in the set now, nil where it is not.
func (c *cache) latest(key queue.Key, uid string) *watcher.Frame {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, s := range []*state{c.raised.M[key], c.States.M[key]} { // another object may have the name by now
		if s != nil && s.id.uid == uid {
			return s.frame()
		}
	}
	return nil
}

// last is the state that readers find. The lock is held.
func (c *cache) last(key queue.Key) *state {
	if s := c.raised.M[key]; s != nil {
		return s
	}
	return c.States.M[key]
}

// raise has readers find what a callback is about to be given by a live read that is ahead of the stream, which keeps what
// it has brought: an event's Old comes from there.
func (c *cache) raise(f *watcher.Frame) {
	if c == nil {
		return
	}
	s := c.copied(f)
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.raised.M[s.id.key]; old != nil {
		c.bytes -= int64(len(old.Raw))
	}
	c.raised.Set(s.id.key, s)
	c.bytes += int64(len(s.Raw))
}

// lower has readers find again what the stream has brought.
func (c *cache) lower(key queue.Key) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.raised.M[key]; s != nil {
		c.bytes -= int64(len(s.Raw))
		c.raised.Delete(key)
	}
}

// newerThan says whether a newer state of the object is kept than that.
func (c *cache) newerThan(key queue.Key, m *watcher.Meta) bool {
	if c == nil {
		return false
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	s := c.last(key)
	return s != nil && s.id.uid == m.UID && Older(m.ResourceVersion, s.id.RV)
}

// Size is what is kept. A nil cache keeps nothing.
func (c *cache) Size() (objects int, raw int64) {
	if c == nil {
		return 0, 0
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	n := len(c.States.M)
	for key := range c.raised.M {
		if c.States.M[key] == nil {
			n++
		}
	}
	return n, c.bytes
}

// Frame implements capability.Cache.
func (c *cache) Frame(namespace, name string) *watcher.Frame {
	c.mu.RLock()
	s := c.last(queue.Key{Namespace: namespace, Name: name})
	c.mu.RUnlock()
	return s.frame()
}

// Frames implements capability.Cache. The loop's body runs without the lock.
func (c *cache) Frames(namespace string, all bool) iter.Seq[*watcher.Frame] {
	return func(yield func(*watcher.Frame) bool) {
		c.mu.RLock()
		var some []*state
		if all {
			some = make([]*state, 0, len(c.States.M)+len(c.raised.M))
		}
		for key, s := range c.States.M {
			if _, raised := c.raised.M[key]; !raised && (all || key.Namespace == namespace) {
				some = append(some, s)
			}
		}
		for key, s := range c.raised.M {
			if all || key.Namespace == namespace {
				some = append(some, s)
			}
		}
		c.mu.RUnlock()
		for _, s := range some {
			if f := s.frame(); f != nil && !yield(f) {
				return
			}
		}
	}
}

// Len implements capability.Cache.
func (c *cache) Len() int {
	n, _ := c.Size()
	return n
}

// Synced implements capability.Cache.
func (c *cache) Synced() bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.pending) == 0
}

// frame is the state as a frame, nil where there is no state.
func (s *state) frame() *watcher.Frame {
	if s == nil {
		return nil
	}
	f, err := watcher.NewFrame(s.Raw, s.enc, s.cut)
	if err != nil { // it was scanned before it was kept: decoding will say what is wrong
		return &watcher.Frame{Raw: s.Raw, Encoding: s.enc, Cut: s.cut, Meta: watcher.Meta{
			Namespace: s.id.key.Namespace, Name: s.id.key.Name, UID: s.id.uid, ResourceVersion: s.id.RV,
		}}
	}
	return f
}

// before is what an event says of the state before it. A state that there is not must be no value at all.
func (s *state) before() any {
	if s == nil {
		return nil
	}
	return s
}

// weight is how many bytes a state keeps in use, as the memory budget counts them: those of the object.
func (s *state) weight() int64 {
	if s == nil {
		return 0
	}
	return int64(len(s.Raw))
}

// workOut is the work of an object that is not in the set any more: of the frame, where the event had one, else of the
// last state that was kept. last stays with it whatever the memory budget.
func workOut(f *watcher.Frame, last *state, rv string) *Work {
	w := NewWork(f)
	w.RV, w.last = rv, last
	return w
}
