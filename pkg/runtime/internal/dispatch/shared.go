package dispatch

import (
	"context"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/binding"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/layout"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/plan"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// sharedStream is one stream of the plan with the routes it serves. Riders are covered by its target; when
// the server refuses the shared stream, each narrow route runs a narrower stream of its own, and comes back when
// the shared stream is complete again.
//
// Its methods run on the stream's goroutine.
type sharedStream struct {
	all        *Streams
	stream     *Stream
	dispatcher *Dispatcher
	narrow     []*narrowRoute
}

func newSharedStream(all *Streams, ps plan.Stream, bindings map[*compile.Compiled]*binding.Binding) *sharedStream {
	c := &sharedStream{all: all, dispatcher: NewDispatcher(ps.Routes, bindings)}
	for i, r := range ps.Routes {
		if r.Target != ps.Target {
			c.narrow = append(c.narrow, &narrowRoute{shared: c, route: r, onShared: c.dispatcher.Routes[i], bindings: bindings})
		}
	}
	c.stream = all.NewStream(ps.Target, c.dispatcher, c.dispatcher.Options(nil))
	for _, r := range c.dispatcher.Routes {
		r.serve(c.stream)
	}
	return c
}

// open begins to read the stream; it ends with ctx.
func (c *sharedStream) open(ctx context.Context) {
	c.dispatcher.onSync = func() { c.synced(ctx) }
	c.dispatcher.onState = func(s watcher.State) { c.changed(ctx, s) }
	c.all.Start(ctx, c.stream)
}

// NewDispatcher lays out the entries for the bindings of some routes.
func NewDispatcher(routes []plan.Route, bindings map[*compile.Compiled]*binding.Binding) *Dispatcher {
	var flat []*compile.Compiled
	for _, r := range routes {
		flat = append(flat, r.Bindings...)
	}
	places, words := layout.Of(flat)
	f := &Dispatcher{Words: words, Picker: layout.NewCandidates(flat)}
	if len(places) > 0 {
		f.carried = places[0].On
	}
	for _, r := range routes {
		lr := &Attachment{of: f, Attached: true}
		for _, c := range r.Bindings {
			lr.Subs = append(lr.Subs, binding.Subscribe(bindings[c], r.Target, places[0]))
			places = places[1:]
		}
		f.Routes = append(f.Routes, lr)
		f.Subs = append(f.Subs, lr.Subs...)
	}
	return f
}

// changed looks at each new state of the shared stream's stream: those narrow routes leave that may be served where the
// shared stream is not, and come back when it goes on, be it where it stopped or with all there is.
func (c *sharedStream) changed(ctx context.Context, s watcher.State) {
	switch {
	case s.Phase == watcher.Streaming && s.Synced:
		c.synced(ctx)
	case s.Phase == watcher.Blocked:
		for _, r := range c.narrow {
			if MayFareBetter(c.stream.Target(), r.route.Target, s.Reason) {
				r.leave(ctx)
			}
		}
	}
}

// MayFareBetter says whether a narrower request has a chance where the wide one was refused. A server that
// cannot be reached, or has no such resource, would not answer it either. A right that is missing may exist
// for one namespace or one name, but not for a label: RBAC knows none.
func MayFareBetter(wide, narrow watcher.Target, why watcher.Reason) bool {
	switch why {
	case watcher.ReasonForbidden:
		return narrow.Namespace != wide.Namespace || narrow.SelectsByName() && !wide.SelectsByName()
	case watcher.ReasonInvalid, watcher.ReasonTooLarge:
		return true
	default:
		return false
	}
}

// synced brings narrow routes back: the shared stream knows everything again, or is about to read what it missed.
func (c *sharedStream) synced(ctx context.Context) {
	for _, r := range c.narrow {
		r.rejoin(ctx)
	}
}
