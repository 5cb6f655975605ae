package dispatch

import (
	"slices"
	"time"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/binding"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/layout"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// Dispatcher is the way from one stream to the bindings it serves. All its methods run on the stream's
// goroutine, one at a time: it decides which sets a change touches and hands the raw frame on.
// Nothing is decoded here unless a binding asks for it with Where or OnChange.
type Dispatcher struct {
	Words   int // of an entry
	carried int // index of the first word with the bits of objects that carry a binding's finalizer; 0: there are none
	Routes  []*Attachment
	Subs    []*binding.Subscription // of all routes, in the order of the layout
	Picker  *layout.Candidates      // nil: ask each
	special int                     // routes that are not just attached
	Full    bool                    // a binding had no room when the stream asked last
	onSync  func()                  // called after each list that is complete; may be nil
	onState func(watcher.State)     // called with each change of state; may be nil
}

// Attachment is a route of the plan on the stream that serves it now.
type Attachment struct {
	of       *Dispatcher
	Subs     []*binding.Subscription
	Attached bool
	Replay   *Replay // while the stream has not passed what a joining list delivered already
}

// Options are the options of the stream that feeds this dispatcher. Where one binding wants managedFields they are left
// in the frames, and the others do without when they decode.
func (f *Dispatcher) Options(seed *watcher.Index) watcher.StreamOptions {
	wanted := slices.ContainsFunc(f.Routes, (*Attachment).WantsManagedFields)
	return watcher.StreamOptions{Words: f.Words, Seed: seed, Hold: f.Hold, CutManagedFields: !wanted, Optional: f.optional(), Audit: f.audit()}
}

// audit is how often the stream is compared with a list: the shortest interval that a binding asks for; zero: none does.
func (f *Dispatcher) audit() (every time.Duration) {
	for _, s := range f.Subs {
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

// WantsManagedFields is true if one of the route's bindings does.
func (r *Attachment) WantsManagedFields() bool {
	return slices.ContainsFunc(r.Subs, (*binding.Subscription).WantsManagedFields)
}

// Handle implements watcher.Handler.
func (f *Dispatcher) Handle(d watcher.Delta) {
	if f.special > 0 {
		f.handleByRoute(d)
		return
	}
	if d.Kind == watcher.Upsert {
		decide(f.Subs, &d.Frame.Meta)
	}
	switch {
	case d.Kind == watcher.Gone:
		for i := range layout.EachBit(d.Entry.Words()[:layout.Words(len(f.Subs))]) {
			f.Subs[i].Gone(d)
		}
		for i := range layout.EachBit(f.finalizing(d.Entry.Words())) { // objects out of the set that carry the finalizer
			f.Subs[i].Gone(d)
		}
	case f.Picker == nil:
		for _, s := range f.Subs {
			s.Upsert(d)
		}
	default:
		for i := range layout.EachBit(f.Picker.Pick(&d.Frame.Meta, d.Entry.Words())) {
			f.Subs[i].Upsert(d)
		}
	}
}

// finalizing are the bits of the bindings whose finalizer an object carries.
func (f *Dispatcher) finalizing(words []uint64) []uint64 {
	if f.carried == 0 {
		return nil
	}
	return words[f.carried:][:layout.Words(len(f.Subs))]
}

// handleByRoute is for a stream some of whose routes are served elsewhere, or are being brought back.
func (f *Dispatcher) handleByRoute(d watcher.Delta) {
	for _, r := range f.Routes {
		if !r.Attached || r.Replay.covers(r, d) {
			continue
		}
		if d.Kind == watcher.Upsert {
			decide(r.Subs, &d.Frame.Meta)
		}
		for _, s := range r.Subs {
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

// Hold is asked by the stream before each frame: where more waits for a binding than its budget allows, the
// stream stands still for a moment. All bindings for which that is so are pressed at the same time.
func (f *Dispatcher) Hold() (room <-chan struct{}, latest time.Time) {
	if !f.Full && (len(f.Subs) == 0 || !f.Subs[0].AnyFull()) {
		return nil, time.Time{} // so it is nearly always, and this is asked often
	}
	f.Full = false
	for _, r := range f.Routes {
		if !r.Attached {
			continue
		}
		for _, s := range r.Subs {
			c, until, full := s.Pause()
			if c != nil && room == nil {
				room, latest = c, until
			}
			f.Full = f.Full || full
		}
	}
	return room, latest
}

// serve notes which stream serves a target of the route's bindings from now on.
func (r *Attachment) serve(by *Stream) {
	for _, s := range r.Subs {
		s.ServedBy(by.Stream)
	}
}

// Attach says that the stream serves the route from now on, for which a list delivered what the stream has yet to read.
func (r *Attachment) Attach(p *Replay) { r.change(true, p) }

// detach says that the stream does not serve the route for now.
func (r *Attachment) detach() { r.change(false, nil) }

func (r *Attachment) change(attached bool, p *Replay) {
	if r.special() {
		r.of.special--
	}
	r.Attached, r.Replay = attached, p
	if r.special() {
		r.of.special++
	}
}

func (r *Attachment) special() bool { return !r.Attached || r.Replay != nil }

// Synced implements watcher.Handler.
func (f *Dispatcher) Synced(rv string, relist bool) {
	for _, r := range f.Routes {
		if r.Attached {
			r.begin()
			r.sweep(rv)
		}
		if relist {
			r.Replay.finish(r)
		}
	}
	if f.onSync != nil {
		f.onSync()
	}
}

// StateChanged implements watcher.Handler.
func (f *Dispatcher) StateChanged(s watcher.State) {
	if s.Phase == watcher.Blocked && s.Reason == watcher.ReasonNotServed {
		f.absent()
	}
	if s.Gone {
		f.notServed()
	}
	if f.onState != nil {
		f.onState(s)
	}
}

// absent lets bindings begin without an optional source that is not served. What it has once it is served is not Initial: it
// triggers.
func (f *Dispatcher) absent() {
	for _, r := range f.Routes {
		if !r.Attached {
			continue
		}
		for _, s := range r.Subs {
			s.Absent()
		}
	}
}

// notServed answers what bindings want to know of objects that the stream does not know any more: the API server serves no
// version of the resource, so they are deleted. Reading each of them gives no answer.
func (f *Dispatcher) notServed() {
	for _, r := range f.Routes {
		if !r.Attached {
			continue
		}
		for _, s := range r.Subs {
			s.NotServed()
		}
	}
}

// optional says whether all that the stream serves can do without it.
func (f *Dispatcher) optional() bool {
	return len(f.Subs) > 0 && !slices.ContainsFunc(f.Subs, func(s *binding.Subscription) bool { return !s.Optional() })
}

// begin marks the end of what is Initial.
func (r *Attachment) begin() {
	for _, s := range r.Subs {
		s.Begin()
	}
}

// sweep forgets live reads that a complete list has passed.
func (r *Attachment) sweep(rv string) {
	for _, s := range r.Subs {
		s.Sweep(rv)
	}
}
