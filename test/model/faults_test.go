package model

import (
	"net/http"
	"time"

	"pgregory.net/rapid"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

// mishap is something that goes wrong between the program and the server.
type mishap struct {
	name string
	// fault makes it, where it is a fault of the server's; n is from 1 to 50.
	fault func(n int) fake.Fault
	// often is how often it happens; 0: until all is healed.
	often func(n int) int
	// wide: to requests that name no namespace, so that narrower ones fare better.
	wide bool
	// forever: it is not healed.
	forever bool
	// lossless: streams go on where they stopped, and so tell each event.
	lossless bool
	// cuts the watches that run, so that there are requests for it to happen to.
	cuts bool
	// lies: of a single object it would be an answer, and a wrong one.
	lies bool
	// compacts the server's history.
	compacts bool
}

func once(int) int   { return 1 }
func some(n int) int { return 1 + n%5 }
func many(n int) int { return n }
func always(int) int { return 0 }

// is makes a fault that no number changes.
func is(f fake.Fault) func(int) fake.Fault { return func(int) fake.Fault { return f } }

func oneOf(codes []int, fault func(code int) fake.Fault) func(int) fake.Fault {
	return func(n int) fake.Fault { return fault(codes[n%len(codes)]) }
}

func status(codes ...int) func(int) fake.Fault {
	return oneOf(codes, func(code int) fake.Fault { return fake.Status(code) })
}

var mishaps = []mishap{
	{name: "cut", cuts: true, lossless: true},
	{name: "cut in frame", fault: is(fake.CutInFrame()), often: some, lossless: true},
	{name: "stall", fault: is(fake.Stall()), often: always, lossless: true},
	{name: "dead connection", fault: is(fake.Stall()), often: once, forever: true, lossless: true},
	{name: "refuse", fault: is(fake.Refuse()), often: always, cuts: true, lossless: true},
	{name: "split", fault: fake.Split, often: always, lossless: true},
	{name: "duplicate", fault: is(fake.Duplicate()), often: many, lossless: true},
	{name: "replay", fault: fake.Rewind, often: some, cuts: true, lossless: true},
	{name: "throttled", fault: is(fake.TooManyRequests(3 * time.Second)), often: some, cuts: true, lossless: true},
	{name: "throttled until", fault: func(n int) fake.Fault {
		return fake.TooManyRequestsUntil(time.Now().Add(time.Duration(n) * time.Second))
	}, often: some, cuts: true, lossless: true},
	{name: "throttled in the stream", fault: is(fake.TooManyRequests(3 * time.Second).InStream()), often: some},
	{name: "unavailable", fault: status(http.StatusServiceUnavailable, http.StatusGatewayTimeout), often: some, cuts: true},
	{name: "error", fault: status(http.StatusInternalServerError), often: some, cuts: true},
	{name: "proxy's error", fault: oneOf([]int{502, 503, 404, 403}, fake.ProxyError), often: some, cuts: true},
	{name: "unauthorized", fault: status(http.StatusUnauthorized), often: some, cuts: true},
	{name: "forbidden", fault: status(http.StatusForbidden), often: some, cuts: true},
	{name: "forbidden for the cluster", fault: status(http.StatusForbidden), often: many, cuts: true, wide: true},
	{name: "not found", fault: status(http.StatusNotFound), often: some, cuts: true, lies: true},
	{name: "not acceptable", fault: status(http.StatusNotAcceptable), often: some, cuts: true},
	{name: "expired", fault: status(http.StatusGone), often: some, cuts: true},
	{name: "expired in the stream", fault: is(fake.Status(http.StatusGone).InStream()), often: some},
	{name: "compact", compacts: true},
	{name: "lose", compacts: true, cuts: true},
	{name: "no watch list", fault: oneOf([]int{400, 405, 422}, fake.NoWatchList), often: some, cuts: true},
	{name: "watch list unknown", fault: is(fake.IgnoreWatchList()), often: some, cuts: true},
	{name: "no end bookmark", fault: is(fake.NoEndBookmark()), often: some},
	{name: "no bookmarks", fault: is(fake.NoBookmarks()), often: always},
}

// fault has something go wrong.
func (w *world) fault(t *rapid.T) {
	m := rapid.SampledFrom(mishaps).Draw(t, "fault")
	n := rapid.IntRange(1, 50).Draw(t, "n")
	looks := rapid.Bool().Draw(t, "reads of single objects")
	where := rapid.SampledFrom([][]kind.Any{nil, nil, {kind.ConfigMap}, {gadget}}).Draw(t, "kinds")
	w.mu.Lock()
	w.logf("%s fault: %s (%d)", time.Now().Format(clock), m.name, n)
	w.p.gap = w.p.gap || !m.lossless
	w.mu.Unlock()
	if m.compacts {
		w.server.Compact()
	}
	conditions := []fake.Condition{fake.Verbs("list", "watch")}
	if looks && !m.lies {
		conditions = []fake.Condition{fake.Verbs("list", "watch", "get")}
	}
	if len(where) > 0 {
		conditions = append(conditions, fake.For(where...))
	}
	if m.cuts {
		w.server.Cut(conditions...) // reads of single objects that run, too
	}
	if m.fault == nil {
		return
	}
	if m.wide {
		conditions = append(conditions, fake.InNamespace(""))
	}
	if times := m.often(n); times > 0 {
		conditions = append(conditions, fake.Times(times))
	}
	f := w.server.Fault(m.fault(n), conditions...)
	if m.forever {
		w.dead = append(w.dead, f)
		return
	}
	w.faults = append(w.faults, f)
}

// heal ends all faults, but for connections that are dead.
func (w *world) heal() {
	for _, f := range w.faults {
		f.Stop()
	}
	w.faults = nil
	for _, f := range w.dead {
		if f.Count() == 0 { // else one that is to come would die as well
			f.Stop()
		}
	}
}
