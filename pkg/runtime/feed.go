package runtime

import (
	"slices"
	"time"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/binding"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/layout"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// feed is the way from one stream to the bindings it serves. All its methods run on the stream's
// goroutine, one at a time: it decides which sets a change touches and hands the raw frame on.
// Nothing is decoded here unless a binding asks for it with Where or OnChange.
type feed struct {
	words   int // of an entry
	carried int // index of the first word with the bits of objects that carry a binding's finalizer; 0: there are none
	routes  []*liveRoute
	subs    []*binding.Subscription // of all routes, in the order of the layout
	picker  *layout.Candidates      // nil: ask each
	odd     int                     // routes that are not just attached
	full    bool                    // a binding had no room when the stream asked last
	onSync  func()                  // called after each list that is complete; may be nil
	onTurn  func(watcher.State)     // called with each change of state; may be nil
}

// liveRoute is a route of the plan on the stream that serves it now.
type liveRoute struct {
	feed     *feed
	subs     []*binding.Subscription
	attached bool
	replay   *replay // while the stream has not passed what a joining list told already
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
		every = sooner(every, s.Interval())
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
	return slices.ContainsFunc(r.subs, (*binding.Subscription).WantsManagedFields)
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
			f.subs[i].Gone(d)
		}
		for i := range layout.EachBit(f.carriers(d.Entry.Words())) { // objects out of the set that carry the finalizer
			f.subs[i].Gone(d)
		}
	case f.picker == nil:
		for _, s := range f.subs {
			s.Upsert(d)
		}
	default:
		for i := range layout.EachBit(f.picker.Pick(&d.Frame.Meta, d.Entry.Words())) {
			f.subs[i].Upsert(d)
		}
	}
}

// carriers are the bits of the bindings whose finalizer an object carries.
func (f *feed) carriers(words []uint64) []uint64 {
	if f.carried == 0 {
		return nil
	}
	return words[f.carried:][:layout.Words(len(f.subs))]
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
			s.Handle(d)
		}
	}
}

// decide tells bindings that the object exists, whether or not they select it, before they hear more of it.
func decide(subs []*binding.Subscription, m *watcher.Meta) {
	if len(subs) == 0 || !subs[0].AnyPending() {
		return // so it is nearly always, and this is asked often
	}
	for _, s := range subs {
		s.Exists(m)
	}
}

// hold is asked by the stream before each frame: where more waits for a binding than its budget allows, the
// stream stands still for a moment. All bindings for which that is so are pressed at the same time.
func (f *feed) hold() (room <-chan struct{}, latest time.Time) {
	if !f.full && (len(f.subs) == 0 || !f.subs[0].AnyFull()) {
		return nil, time.Time{} // so it is nearly always, and this is asked often
	}
	f.full = false
	for _, r := range f.routes {
		if !r.attached {
			continue
		}
		for _, s := range r.subs {
			c, until, full := s.Pause()
			if c != nil && room == nil {
				room, latest = c, until
			}
			f.full = f.full || full
		}
	}
	return room, latest
}

// serve notes which stream serves a target of the route's bindings from now on.
func (r *liveRoute) serve(by *liveStream) {
	for _, s := range r.subs {
		s.ServedBy(by.Stream)
	}
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
			s.Absent()
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
			s.NotServed()
		}
	}
}

// optional says whether all that the stream serves can do without it.
func (f *feed) optional() bool {
	return len(f.subs) > 0 && !slices.ContainsFunc(f.subs, func(s *binding.Subscription) bool { return !s.Optional() })
}

// begin marks the end of what is Initial.
func (r *liveRoute) begin() {
	for _, s := range r.subs {
		s.Begin()
	}
}

// sweep forgets live reads that a complete list has passed.
func (r *liveRoute) sweep(rv string) {
	for _, s := range r.subs {
		s.Sweep(rv)
	}
}
