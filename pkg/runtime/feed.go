package runtime

import (
	"slices"
	"time"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/finalize"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/layout"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// feed is the way from one stream to the bindings it serves. All its methods run on the stream's
// goroutine, one at a time: it decides which sets a change touches and hands the raw frame on.
// Nothing is decoded here unless a binding asks for it with Where or OnChange.
type feed struct {
	words   int // of an entry
	routes  []*liveRoute
	subs    []*sub              // of all routes, in the order of the layout
	picker  *layout.Candidates  // nil: ask each
	odd     int                 // routes that are not just attached
	pressed bool                // a binding had no room when the stream asked last
	onSync  func()              // called after each list that is complete; may be nil
	onTurn  func(watcher.State) // called with each change of state; may be nil
}

// liveRoute is a route of the plan on the stream that serves it now.
type liveRoute struct {
	feed     *feed
	subs     []*sub
	attached bool
	replay   *replay // while the stream has not passed what a joining list told already
}

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

// options are those of the stream that this feed is fed by. Where one binding wants managedFields they are left
// in the frames, and the others do without when they decode.
func (f *feed) options(seed *watcher.Index) watcher.StreamOptions {
	wanted := slices.ContainsFunc(f.routes, (*liveRoute).wantsManagedFields)
	return watcher.StreamOptions{Words: f.words, Seed: seed, Hold: f.hold, CutManagedFields: !wanted, Optional: f.optional(), Audit: f.audit()}
}

// audit is how often the stream is compared with a list: the shortest interval that a binding asks for; zero: none does.
func (f *feed) audit() (every time.Duration) {
	for _, s := range f.subs {
		every = sooner(every, s.b.Settings.Audit)
	}
	return every
}

// sooner is the shorter of two intervals, of which zero is none.
func sooner(a, b time.Duration) time.Duration {
	if a <= 0 || b > 0 && b < a {
		return b
	}
	return a
}

// wantsManagedFields is true if one of the route's bindings does.
func (r *liveRoute) wantsManagedFields() bool {
	return slices.ContainsFunc(r.subs, func(s *sub) bool { return s.b.Settings.ManagedFields })
}

// Handle implements watcher.Handler.
func (f *feed) Handle(d watcher.Delta) {
	if f.odd > 0 {
		f.handleByRoute(d)
		return
	}
	if d.Kind == watcher.Upsert {
		decide(f.subs, &d.Frame.Meta)
	}
	switch {
	case d.Kind == watcher.Gone:
		for i := range layout.EachBit(d.Entry.Words()[:layout.Words(len(f.subs))]) {
			f.subs[i].gone(d)
		}
		for i := range layout.EachBit(f.carriers(d.Entry.Words())) { // objects out of the set that carry the finalizer
			f.subs[i].gone(d)
		}
	case f.picker == nil:
		for _, s := range f.subs {
			s.upsert(d)
		}
	default:
		for i := range layout.EachBit(f.picker.Pick(&d.Frame.Meta, d.Entry.Words())) {
			f.subs[i].upsert(d)
		}
	}
}

// carriers are the bits of the bindings whose finalizer an object carries.
func (f *feed) carriers(words []uint64) []uint64 {
	if len(f.subs) == 0 || f.subs[0].slots.On == 0 {
		return nil
	}
	return words[f.subs[0].slots.On:][:layout.Words(len(f.subs))]
}

// handleByRoute is for a stream some of whose routes are served elsewhere, or are being brought back.
func (f *feed) handleByRoute(d watcher.Delta) {
	for _, r := range f.routes {
		if !r.attached || r.replay.covers(r, d) {
			continue
		}
		if d.Kind == watcher.Upsert {
			decide(r.subs, &d.Frame.Meta)
		}
		for _, s := range r.subs {
			s.handle(d)
		}
	}
}

// decide tells bindings that the object exists, whether or not they select it, before they hear more of it.
func decide(subs []*sub, m *watcher.Meta) {
	if len(subs) == 0 || subs[0].b.looks.Pending() == 0 {
		return // so it is nearly always, and this is asked often
	}
	for _, s := range subs {
		s.b.decide(m)
	}
}

// hold is asked by the stream before each frame: where more waits for a binding than its budget allows, the
// stream stands still for a moment. All bindings for which that is so are pressed at the same time.
func (f *feed) hold() (room <-chan struct{}, latest time.Time) {
	if !f.pressed && (len(f.subs) == 0 || f.subs[0].b.full.Load() == 0) {
		return nil, time.Time{} // so it is nearly always, and this is asked often
	}
	f.pressed = false
	for _, r := range f.routes {
		if !r.attached {
			continue
		}
		for _, s := range r.subs {
			c, until := s.b.brake.press()
			if c != nil && room == nil {
				room, latest = c, until
			}
			f.pressed = f.pressed || s.b.brake.tight.Load()
		}
	}
	return room, latest
}

// attach says that the stream serves the route from now on, which was told by a list what the stream has yet to read.
func (r *liveRoute) attach(p *replay) { r.turn(true, p) }

// detach says that the stream does not serve the route for now.
func (r *liveRoute) detach() { r.turn(false, nil) }

func (r *liveRoute) turn(attached bool, p *replay) {
	if r.odd() {
		r.feed.odd--
	}
	r.attached, r.replay = attached, p
	if r.odd() {
		r.feed.odd++
	}
}

func (r *liveRoute) odd() bool { return !r.attached || r.replay != nil }

// Synced implements watcher.Handler.
func (f *feed) Synced(rv string, relist bool) {
	for _, r := range f.routes {
		if r.attached {
			r.begin()
			r.sweep(rv)
		}
		if relist {
			r.replay.finish(r)
		}
	}
	if f.onSync != nil {
		f.onSync()
	}
}

// StateChanged implements watcher.Handler.
func (f *feed) StateChanged(s watcher.State) {
	if s.Phase == watcher.Blocked && s.Reason == watcher.ReasonNotServed {
		f.absent()
	}
	if s.Gone {
		f.notServed()
	}
	if f.onTurn != nil {
		f.onTurn(s)
	}
}

// absent lets bindings begin without an optional source that is not served. What it has once it is served is not Initial: it
// triggers.
func (f *feed) absent() {
	for _, r := range f.routes {
		if !r.attached {
			continue
		}
		for _, s := range r.subs {
			if w := s.b.source; w != nil && s.b.Optional && !s.begun {
				s.begun = true
				w.Begun(s.target)
			}
		}
	}
}

// notServed answers what bindings want to know of objects that the stream does not know any more: the API server serves no
// version of the resource, so they are deleted. Reading each of them gives no answer.
func (f *feed) notServed() {
	for _, r := range f.routes {
		if !r.attached {
			continue
		}
		for _, s := range r.subs {
			s.b.notServed(s.part)
		}
	}
}

// optional says whether all that the stream serves can do without it.
func (f *feed) optional() bool {
	return len(f.subs) > 0 && !slices.ContainsFunc(f.subs, func(s *sub) bool { return !s.b.Optional })
}

// begin marks the end of what is Initial.
func (r *liveRoute) begin() {
	for _, s := range r.subs {
		if !s.begun {
			s.b.cache.begun(s.target)
		}
		s.begun = true
		if w := s.b.source; w != nil {
			w.Begun(s.target)
		}
	}
}

// sweep forgets live reads that a complete list has passed.
func (r *liveRoute) sweep(rv string) {
	for _, s := range r.subs {
		s.b.sweep(s.part, rv)
	}
}

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
