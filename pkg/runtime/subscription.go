package runtime

import (
	"time"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/finalize"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/layout"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// sub is one binding on one target.
type sub struct {
	b     *binding
	slots layout.Slots
	part  part // of the binding's set, which is the target's
	begun bool // a complete list was delivered: what comes from now on is not Initial
	wide  bool // of all namespaces

	target watcher.Target
}

// part is where the objects of one of a binding's targets are; empty: anywhere, any. The targets of a binding can ride on one
// stream, and each object is the business of one of them.
type part struct{ namespace, name string }

func partOf(b *capability.Compiled, t watcher.Target) part {
	if len(b.Targets) == 1 {
		return part{}
	}
	return part{namespace: t.Namespace, name: t.Name()}
}

func (p *part) has(m *watcher.Meta) bool {
	return (p.namespace == "" || p.namespace == m.Namespace) && (p.name == "" || p.name == m.Name)
}

// newSubscription subscribes a binding to one of its targets, where an entry of the stream's index has these places for it.
func newSubscription(b *binding, target watcher.Target, places layout.Slots) *sub {
	return &sub{b: b, slots: places, part: partOf(b.Compiled, target), target: target, wide: target.Namespace == ""}
}

// interval is how often the binding wants the stream to be compared with a list; zero: it does not.
func (s *sub) interval() time.Duration { return s.b.Settings.Audit }

// wantsManagedFields reports whether the binding's objects keep managedFields.
func (s *sub) wantsManagedFields() bool { return s.b.Settings.ManagedFields }

// optional reports whether the binding can do without the stream.
func (s *sub) optional() bool { return s.b.Optional }

// anyPending reports whether a deletion is pending, of any binding of the runtime.
func (s *sub) anyPending() bool { return s.b.looks.Pending() > 0 }

// exists tells the binding that an object exists, whether or not it is selected, before it hears more of it.
func (s *sub) exists(m *watcher.Meta) { s.b.decide(m) }

// anyFull reports whether a binding of the runtime has no room.
func (s *sub) anyFull() bool { return s.b.full.Load() > 0 }

// pause is asked before each frame: while the stream has to wait for the binding, it returns a channel that is closed when there is
// room, and until when to wait at most. full reports whether the binding has no room, also where the stream need not wait.
func (s *sub) pause() (room <-chan struct{}, latest time.Time, full bool) {
	room, latest = s.b.brake.press()
	return room, latest, s.b.brake.tight.Load()
}

// absent lets the binding that this one triggers begin, where the source is optional and not served. What it has once it is served is
// not Initial: it triggers.
func (s *sub) absent() {
	if w := s.b.source; w != nil && s.b.Optional && !s.begun {
		s.begun = true
		w.Begun(s.target)
	}
}

// notServed answers what the binding wants to know of objects that the stream does not know any more: the API server serves no
// version of the resource, so they are deleted. Reading each of them gives no answer.
func (s *sub) notServed() { s.b.notServed(s.part) }

// begin marks the end of what is Initial.
func (s *sub) begin() {
	if !s.begun {
		s.b.cache.begun(s.target)
	}
	s.begun = true
	if w := s.b.source; w != nil {
		w.Begun(s.target)
	}
}

// sweep forgets live reads that a complete list of the resourceVersion has passed.
func (s *sub) sweep(rv string) { s.b.sweep(s.part, rv) }

// servedBy notes which stream serves the target from now on.
func (s *sub) servedBy(by *watcher.Stream) {
	for _, at := range s.b.served {
		if at.target == s.target {
			at.stream.Store(by)
		}
	}
}

// knows reports whether the binding has the object of an entry in its set, or its finalizer is on the object.
func (s *sub) knows(words []uint64) bool { return s.slots.Known(words) }

// move carries what the binding knows of an object to an entry of another stream, which the same binding subscribes to there.
func (s *sub) move(words []uint64, to *sub, dst []uint64) { s.slots.Move(words, to.slots, dst) }

// drop takes the object of an entry out of the binding's set, and the binding hears nothing of it.
func (s *sub) drop(words []uint64) {
	s.slots.SetMember(words, false)
	s.slots.Carries(words, false)
}

// resume goes on where the same binding's subscription to another stream is.
func (s *sub) resume(from *sub) { s.begun = from.begun }

// handle takes a change of an object that the stream delivers.
func (s *sub) handle(d watcher.Delta) {
	if d.Kind == watcher.Gone {
		s.gone(d)
		return
	}
	s.upsert(d)
}

// upsert finds what a new state of an object means for one binding's set.
func (s *sub) upsert(d watcher.Delta) {
	m, words := &d.Frame.Meta, d.Entry.Words()
	if s.b.ahead.n.Load() > 0 {
		s.b.arrives(queue.Key{Namespace: m.Namespace, Name: m.Name}, m.UID, m.ResourceVersion)
	}
	was, in, hash := s.slots.Member(words), s.part.has(m) && s.b.Match(m), uint64(0)
	if in && s.b.Inspect != nil && !s.b.finalizer.Due(m) {
		var err error
		if in, hash, err = s.b.Inspect(d.Frame); err != nil {
			s.b.Undecodable(m, err) // this object alone is passed over, and stays in the set or out of it
			s.poisoned(d, was)
			return
		}
	}
	if f := s.b.finalizer; f != nil {
		in = f.Member(s.part.has(m) && s.b.Within(m), was, in, m)
	}
	if !in && !was {
		return
	}
	s.slots.SetMember(words, in)
	if f := s.b.finalizer; f != nil && !in {
		f.Forget(finalize.IDOf(m))
	}
	for _, w := range s.b.triggers {
		w.Upsert(d.Frame, in)
	}
	var before *state
	if in {
		before = s.b.cache.put(d.Frame)
	} else {
		before = s.b.cache.take(queue.Key{Namespace: m.Namespace, Name: m.Name}, m.UID)
	}
	ev := s.event(&d, was, in, hash)
	if was {
		ev.Before = before.before()
	}
	if !ev.Passed && !s.b.knows(m) {
		return
	}
	if in {
		ev.Payload = newWork(d.Frame)
		s.b.enqueue(ev, identityOf(m, ""))
		return
	}
	id := identityOf(m, m.ResourceVersion)
	ev.Payload = workOut(nil, before, id.rv)
	s.b.enqueue(ev, id)
}

// event is what a new state of an object means, without the state.
func (s *sub) event(d *watcher.Delta, was, in bool, hash uint64) queue.Event[*work] {
	m, words := &d.Frame.Meta, d.Entry.Words()
	ev := queue.Event[*work]{Was: was, Generation: m.Generation}
	switch {
	case !in:
		ev.Type = queue.Left
		ev.Passed = s.b.Takes(queue.Left, false)
	case !was:
		ev.Type, ev.Initial = queue.Added, d.Initial && !s.begun
		s.slots.Changed(words, m.Generation, hash)
		ev.Passed = s.b.Takes(queue.Added, ev.Initial)
	default:
		ev.Type = queue.Modified
		changed := s.slots.Changed(words, m.Generation, hash)
		ev.Passed = changed && s.b.Takes(queue.Modified, false) && (!d.Reread || s.b.Action != capability.ActionWatch)
	}
	if f := s.b.finalizer; f != nil {
		ev.Generation = f.Epoch(m)
		carried := s.slots.Carries(words, f.On(m))
		if in {
			ev.Passed = f.Guard(ev.Passed, m, carried, d.Relist)
		}
	}
	return ev
}

// knows says whether the binding has work for the object, which an event that it does not take may change.
func (b *binding) knows(m *watcher.Meta) bool {
	return b.engine.Knows(queue.Key{Namespace: m.Namespace, Name: m.Name}, m.UID)
}

// gone tells a binding that an object it knew was deleted, or perhaps only left the server's selection.
func (s *sub) gone(d watcher.Delta) {
	e, words := d.Entry, d.Entry.Words()
	member, carried := s.slots.Member(words), s.slots.Carries(words, false)
	if !member && !carried {
		return
	}
	s.slots.SetMember(words, false)
	if s.b.ahead.n.Load() > 0 {
		s.b.departs(&d)
	}
	last := s.lastState(e)
	cleanUp := s.b.finalizer != nil && s.b.finalizer.Depart(s.id(e), carried, d.Frame)
	passed := cleanUp || s.b.Takes(queue.Deleted, false) || s.b.source != nil && d.Ambiguous && s.b.Takes(queue.Left, false)
	defer s.forget(e, passed)
	defer s.settled(&d)
	ambiguous := d.Ambiguous && !cleanUp && s.b.source == nil && (passed || s.b.Takes(queue.Left, false))
	if !passed && !ambiguous && d.Frame != nil && !s.b.knows(&d.Frame.Meta) {
		return
	}
	id := identityOf(metaOf(&d), e.RV())
	w := workOut(d.Frame, last, id.rv)
	if ambiguous {
		s.b.depart(&departure{b: s.b, id: id, work: w, wide: s.wide})
		return
	}
	s.b.enqueue(queue.Event[*work]{Type: queue.Deleted, Was: true, Payload: w, Passed: passed, Before: last.before()}, id)
}

// settled drops live reads of an object whose deletion is certain, after its events are queued.
func (s *sub) settled(d *watcher.Delta) {
	if !d.Ambiguous && s.b.ordered() && s.b.ahead.n.Load() > 0 {
		s.b.deleted(s.id(d.Entry).Key, d.Entry.UID())
	}
}

// lastState takes what Cached kept of an object, which is nil where nothing was kept.
func (s *sub) lastState(e watcher.Entry) *state {
	if s.b.cache == nil {
		return nil
	}
	return s.b.cache.take(queue.Key{Namespace: e.Namespace(), Name: e.Name()}, e.UID())
}

// metaOf is the metadata of a Gone, or the identity alone where no event reported it.
func metaOf(d *watcher.Delta) *watcher.Meta {
	if d.Frame != nil {
		return &d.Frame.Meta
	}
	m := &watcher.Meta{}
	m.Namespace, m.Name, m.UID = d.Entry.Namespace(), d.Entry.Name(), d.Entry.UID()
	return m
}

func (s *sub) id(e watcher.Entry) finalize.ID {
	return finalize.ID{Key: queue.Key{Namespace: e.Namespace(), Name: e.Name()}, UID: e.UID()}
}

// poisoned keeps the finalizer in place on an object that the selection could not be asked about.
func (s *sub) poisoned(d watcher.Delta, was bool) {
	f := s.b.finalizer
	if f == nil {
		return
	}
	m, words := &d.Frame.Meta, d.Entry.Words()
	carried := s.slots.Carries(words, f.On(m))
	if was || f.On(m) {
		f.Guard(false, m, carried, d.Relist)
	}
}

// forget drops what the binding remembers of an object in addition to its entry. passed says that its Deleted is queued.
func (s *sub) forget(e watcher.Entry, passed bool) {
	if s.b.finalizer == nil && len(s.b.triggers) == 0 {
		return
	}
	k := queue.Key{Namespace: e.Namespace(), Name: e.Name()}
	if s.b.finalizer != nil {
		s.b.finalizer.Departed(finalize.ID{Key: k, UID: e.UID()}, passed, s.b.engine.Knows)
	}
	for _, w := range s.b.triggers {
		w.Forget(k)
	}
}

// identity is who an object is, and in which state, in memory of its own: the frame is not kept for it.
type identity struct {
	key     queue.Key
	uid, rv string
}

// identityOf makes one string of all.
func identityOf(m *watcher.Meta, rv string) identity {
	all := m.Namespace + m.Name + m.UID + rv
	at := len(m.Namespace)
	end := at + len(m.Name)
	return identity{
		key: queue.Key{Namespace: all[:at], Name: all[at:end]},
		uid: all[end : end+len(m.UID)], rv: all[end+len(m.UID):],
	}
}
