package binding

import (
	"time"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/finalize"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/layout"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// Subscription is one binding on one target.
type Subscription struct {
	Of    *Binding
	slots layout.Slots
	part  part // of the binding's set, which is the target's
	begun bool // a complete list was delivered: what comes from now on is not Initial
	wide  bool // of all namespaces

	target watcher.Target
}

// part is where the objects of one of a binding's targets are; empty: anywhere, any. The targets of a binding can ride on one
// stream, and each object is the business of one of them.
type part struct{ namespace, name string }

func partOf(b *compile.Compiled, t watcher.Target) part {
	if len(b.Targets) == 1 {
		return part{}
	}
	return part{namespace: t.Namespace, name: t.Name()}
}

func (p *part) has(m *watcher.Meta) bool {
	return (p.namespace == "" || p.namespace == m.Namespace) && (p.name == "" || p.name == m.Name)
}

// Subscribe subscribes a binding to one of its targets, where an entry of the stream's index has these places for it.
func Subscribe(b *Binding, target watcher.Target, places layout.Slots) *Subscription {
	return &Subscription{Of: b, slots: places, part: partOf(b.Compiled, target), target: target, wide: target.Namespace == ""}
}

// Interval is how often the binding wants the stream to be compared with a list; zero: it does not.
func (s *Subscription) Interval() time.Duration { return s.Of.Settings.Audit }

// WantsManagedFields reports whether the binding's objects keep managedFields.
func (s *Subscription) WantsManagedFields() bool { return s.Of.Settings.ManagedFields }

// Optional reports whether the binding can do without the stream.
func (s *Subscription) Optional() bool { return s.Of.Optional }

// AnyPending reports whether a deletion is pending, of any binding of the runtime.
func (s *Subscription) AnyPending() bool { return s.Of.Checks.Pending() > 0 }

// Exists informs the binding that an object exists, whether or not it is selected, before it hears more of it.
func (s *Subscription) Exists(m *watcher.Meta) { s.Of.decide(m) }

// AnyFull reports whether a binding of the runtime has no room.
func (s *Subscription) AnyFull() bool { return s.Of.Full.Load() > 0 }

// Pause is asked before each frame: while the stream has to wait for the binding, it returns a channel that is closed when there is
// room, and until when to wait at most. full reports whether the binding has no room, also where the stream need not wait.
func (s *Subscription) Pause() (room <-chan struct{}, latest time.Time, full bool) {
	room, latest = s.Of.Pauser.Pause()
	return room, latest, s.Of.Pauser.full.Load()
}

// Absent lets the binding that this one triggers begin, where the source is optional and not served. What it has once it is served is
// not Initial: it triggers.
func (s *Subscription) Absent() {
	if w := s.Of.source; w != nil && s.Of.Optional && !s.begun {
		s.begun = true
		w.Begun(s.target)
	}
}

// NotServed answers what the binding wants to know of objects that the stream does not know any more: the API server serves no
// version of the resource, so they are deleted. Reading each of them gives no answer.
func (s *Subscription) NotServed() { s.Of.notServed(s.part) }

// Begin marks the end of what is Initial.
func (s *Subscription) Begin() {
	if !s.begun {
		s.Of.Cached.begun(s.target)
	}
	s.begun = true
	if w := s.Of.source; w != nil {
		w.Begun(s.target)
	}
}

// Sweep forgets live reads that a complete list of the resourceVersion has passed.
func (s *Subscription) Sweep(rv string) { s.Of.sweep(s.part, rv) }

// ServedBy notes which stream serves the target from now on.
func (s *Subscription) ServedBy(by *watcher.Stream) {
	for _, at := range s.Of.served {
		if at.target == s.target {
			at.stream.Store(by)
		}
	}
}

// Knows reports whether the binding has the object of an entry in its set, or its finalizer is on the object.
func (s *Subscription) Knows(words []uint64) bool { return s.slots.Known(words) }

// Move carries what the binding knows of an object to an entry of another stream, which the same binding subscribes to there.
func (s *Subscription) Move(words []uint64, to *Subscription, dst []uint64) {
	s.slots.Move(words, to.slots, dst)
}

// Drop takes the object of an entry out of the binding's set, and the binding hears nothing of it.
func (s *Subscription) Drop(words []uint64) {
	s.slots.SetMember(words, false)
	s.slots.Carries(words, false)
}

// Resume goes on where the same binding's subscription to another stream is.
func (s *Subscription) Resume(from *Subscription) { s.begun = from.begun }

// Handle takes a change of an object that the stream delivers.
func (s *Subscription) Handle(d watcher.Delta) {
	if d.Kind == watcher.Gone {
		s.Gone(d)
		return
	}
	s.Upsert(d)
}

// Upsert finds what a new state of an object means for one binding's set.
func (s *Subscription) Upsert(d watcher.Delta) {
	m, words := &d.Frame.Meta, d.Entry.Words()
	if k := (queue.Key{Namespace: m.Namespace, Name: m.Name}); s.Of.Ahead.N.Load() > 0 {
		s.Of.arrives(k, m.ResourceVersion)
		defer s.Of.arrived(k, m.UID, m.ResourceVersion)
	}
	was, in, hash := s.slots.Member(words), s.part.has(m) && s.Of.Match(m), uint64(0)
	if in && s.Of.Inspect != nil && !s.Of.Guarded.Due(m) {
		var err error
		if in, hash, err = s.Of.Inspect(d.Frame); err != nil {
			s.Of.Undecodable(m, err) // this object alone is passed over, and stays in the set or out of it
			s.poisoned(d, was)
			return
		}
	}
	if f := s.Of.Guarded; f != nil {
		in = f.Member(s.part.has(m) && s.Of.Within(m), was, in, m)
	}
	if !in && !was {
		return
	}
	s.slots.SetMember(words, in)
	if f := s.Of.Guarded; f != nil && !in {
		f.Forget(finalize.IDOf(m))
	}
	for _, w := range s.Of.triggers {
		w.Upsert(d.Frame, in)
	}
	var before *state
	if in {
		before = s.Of.Cached.put(d.Frame)
	} else {
		before = s.Of.Cached.take(queue.Key{Namespace: m.Namespace, Name: m.Name}, m.UID)
	}
	ev := s.event(&d, was, in, hash)
	if was {
		ev.Before = before.before()
	}
	if !ev.Passed && !s.Of.knows(m) {
		return
	}
	if in {
		ev.Payload = NewWork(d.Frame)
		s.Of.enqueue(ev, IdentityOf(m, ""))
		return
	}
	id := IdentityOf(m, m.ResourceVersion)
	ev.Payload = workOut(nil, before, id.RV)
	s.Of.enqueue(ev, id)
}

// event is what a new state of an object means, without the state.
func (s *Subscription) event(d *watcher.Delta, was, in bool, hash uint64) queue.Event[*Work] {
	m, words := &d.Frame.Meta, d.Entry.Words()
	ev := queue.Event[*Work]{Was: was, Generation: m.Generation}
	switch {
	case !in:
		ev.Type = queue.Left
		ev.Passed = s.Of.Takes(queue.Left, false)
	case !was:
		ev.Type, ev.Initial = queue.Added, d.Initial && !s.begun
		s.slots.Changed(words, m.Generation, hash)
		ev.Passed = s.Of.Takes(queue.Added, ev.Initial)
	default:
		ev.Type = queue.Modified
		changed := s.slots.Changed(words, m.Generation, hash)
		ev.Passed = changed && s.Of.Takes(queue.Modified, false) && (!d.Reread || s.Of.Action != declare.ActionWatch)
	}
	if f := s.Of.Guarded; f != nil {
		ev.Generation = f.Epoch(m)
		carried := s.slots.Carries(words, f.On(m))
		if in {
			ev.Passed = f.Guard(ev.Passed, m, carried, d.Relist)
		}
	}
	return ev
}

// knows says whether the binding has work for the object, which an event that it does not take may change.
func (b *Binding) knows(m *watcher.Meta) bool {
	return b.Engine.Knows(queue.Key{Namespace: m.Namespace, Name: m.Name}, m.UID)
}

// Gone informs a binding that an object it knew was deleted, or perhaps only left the server's selection.
func (s *Subscription) Gone(d watcher.Delta) {
	e, words := d.Entry, d.Entry.Words()
	member, carried := s.slots.Member(words), s.slots.Carries(words, false)
	if !member && !carried {
		return
	}
	s.slots.SetMember(words, false)
	k := queue.Key{Namespace: e.Namespace(), Name: e.Name()}
	s.Of.arrives(k, departure(&d))
	last := s.lastState(e)
	cleanUp := s.Of.Guarded != nil && s.Of.Guarded.Depart(s.id(e), carried, d.Frame)
	passed := cleanUp || s.Of.Takes(queue.Deleted, false) || s.Of.source != nil && d.Ambiguous && s.Of.Takes(queue.Left, false)
	defer s.forget(e, passed)
	defer s.settled(k, &d)
	ambiguous := d.Ambiguous && !cleanUp && s.Of.source == nil && (passed || s.Of.Takes(queue.Left, false))
	if !passed && !ambiguous && d.Frame != nil && !s.Of.knows(&d.Frame.Meta) {
		return
	}
	id := IdentityOf(metaOf(&d), e.RV())
	w := workOut(d.Frame, last, id.RV)
	if ambiguous {
		s.Of.Pend(&PendingDeletion{Of: s.Of, ID: id, Work: w, wide: s.wide})
		return
	}
	s.Of.enqueue(queue.Event[*Work]{Type: queue.Deleted, Was: true, Payload: w, Passed: passed, Before: last.before()}, id)
}

// settled drops live reads that the end of an object has passed, after its events are queued. A certain deletion is later than all states
// of the object.
func (s *Subscription) settled(k queue.Key, d *watcher.Delta) {
	if s.Of.Ahead.N.Load() == 0 {
		return
	}
	uid := d.Entry.UID()
	if !d.Ambiguous {
		s.Of.Ahead.mark(k, func(l lead) bool { return l.uid == uid })
	}
	s.Of.arrived(k, uid, departure(d))
}

// lastState takes what Cached kept of an object, which is nil where nothing was kept.
func (s *Subscription) lastState(e watcher.Entry) *state {
	if s.Of.Cached == nil {
		return nil
	}
	return s.Of.Cached.take(queue.Key{Namespace: e.Namespace(), Name: e.Name()}, e.UID())
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

func (s *Subscription) id(e watcher.Entry) finalize.ID {
	return finalize.ID{Key: queue.Key{Namespace: e.Namespace(), Name: e.Name()}, UID: e.UID()}
}

// poisoned keeps the finalizer in place on an object that the selection could not be asked about.
func (s *Subscription) poisoned(d watcher.Delta, was bool) {
	f := s.Of.Guarded
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
func (s *Subscription) forget(e watcher.Entry, passed bool) {
	if s.Of.Guarded == nil && len(s.Of.triggers) == 0 {
		return
	}
	k := queue.Key{Namespace: e.Namespace(), Name: e.Name()}
	if s.Of.Guarded != nil {
		s.Of.Guarded.Departed(finalize.ID{Key: k, UID: e.UID()}, passed, s.Of.Engine.Knows)
	}
	for _, w := range s.Of.triggers {
		w.Forget(k)
	}
}

// Identity is who an object is, and in which state, in memory of its own: the frame is not kept for it.
type Identity struct {
	key     queue.Key
	uid, RV string
}

// IdentityOf makes one string of all.
func IdentityOf(m *watcher.Meta, rv string) Identity {
	all := m.Namespace + m.Name + m.UID + rv
	at := len(m.Namespace)
	end := at + len(m.Name)
	return Identity{
		key: queue.Key{Namespace: all[:at], Name: all[at:end]},
		uid: all[end : end+len(m.UID)], RV: all[end+len(m.UID):],
	}
}
