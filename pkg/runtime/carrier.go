package runtime

import (
	"context"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/binding"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/layout"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/plan"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// carrier is one stream of the plan with the routes it serves. Riders are covered by its target; when
// the server refuses the carrier, each rider runs a narrower stream of its own, and comes back when
// the carrier is complete again.
//
// Its methods run on the stream's goroutine.
type carrier struct {
	all    *streams
	stream *liveStream
	feed   *feed
	riders []*rider
}

func newCarrier(all *streams, ps plan.Stream, bindings map[*capability.Compiled]*binding.Binding) *carrier {
	c := &carrier{all: all, feed: newFeed(ps.Routes, bindings)}
	for i, r := range ps.Routes {
		if r.Target != ps.Target {
			c.riders = append(c.riders, &rider{carrier: c, route: r, onCarrier: c.feed.routes[i], bindings: bindings})
		}
	}
	c.stream = all.newStream(ps.Target, c.feed, c.feed.options(nil))
	for _, r := range c.feed.routes {
		r.serve(c.stream)
	}
	return c
}

// open begins to read the stream; it ends with ctx.
func (c *carrier) open(ctx context.Context) {
	c.feed.onSync = func() { c.synced(ctx) }
	c.feed.onTurn = func(s watcher.State) { c.turned(ctx, s) }
	c.all.start(ctx, c.stream)
}

// newFeed lays out the entries for the bindings of some routes.
func newFeed(routes []plan.Route, bindings map[*capability.Compiled]*binding.Binding) *feed {
	var flat []*capability.Compiled
	for _, r := range routes {
		flat = append(flat, r.Bindings...)
	}
	places, words := layout.Of(flat)
	f := &feed{words: words, picker: layout.NewCandidates(flat)}
	if len(places) > 0 {
		f.carried = places[0].On
	}
	for _, r := range routes {
		lr := &liveRoute{feed: f, attached: true}
		for _, c := range r.Bindings {
			lr.subs = append(lr.subs, binding.Subscribe(bindings[c], r.Target, places[0]))
			places = places[1:]
		}
		f.routes = append(f.routes, lr)
		f.subs = append(f.subs, lr.subs...)
	}
	return f
}

// turned looks at each new state of the carrier's stream: those riders leave that may be served where the
// carrier is not, and come back when it goes on, be it where it stopped or with all there is.
func (c *carrier) turned(ctx context.Context, s watcher.State) {
	switch {
	case s.Phase == watcher.Streaming && s.Synced:
		c.synced(ctx)
	case s.Phase == watcher.Blocked:
		for _, r := range c.riders {
			if mayFareBetter(c.stream.Target(), r.route.Target, s.Reason) {
				r.leave(ctx)
			}
		}
	}
}

// mayFareBetter says whether a narrower request has a chance where the wide one was refused. A server that
// cannot be reached, or has no such resource, would not answer it either. A right that is missing may exist
// for one namespace or one name, but not for a label: RBAC knows none.
func mayFareBetter(wide, narrow watcher.Target, why watcher.Reason) bool {
	switch why {
	case watcher.ReasonForbidden:
		return narrow.Namespace != wide.Namespace || narrow.SelectsByName() && !wide.SelectsByName()
	case watcher.ReasonInvalid, watcher.ReasonTooLarge:
		return true
	default:
		return false
	}
}

// synced brings riders back: the carrier knows everything again, or is about to read what it missed.
func (c *carrier) synced(ctx context.Context) {
	for _, r := range c.riders {
		r.rejoin(ctx)
	}
}
