package dispatch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/binding"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/observe"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/plan"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// errDied is about a stream that nobody stopped.
var errDied = errors.New("a stream has died, which is a defect of Ancho")

// Streams are all streams of a runtime: the plan's, and the own streams of narrow routes whose shared stream cannot
// serve them at present.
type Streams struct {
	server  *watcher.Server
	log     logr.Logger
	metrics *observe.Metrics
	shared  []*sharedStream
	Names   map[watcher.Target]string
	rand    func() float64 // nil: the default
	audit   time.Duration  // of all streams; zero: as their bindings say

	mu   sync.Mutex
	live map[string]*Stream // by name, as health and metrics see them
	wg   sync.WaitGroup
	dead []string // streams that ended although nobody stopped them
}

// Stream is a watch with what observes it.
type Stream struct {
	*watcher.Stream
	name     string
	observer *observe.Stream
	optional bool // all that it serves can do without it
}

// Options are what all streams have in common.
type Options struct {
	Rand  func() float64 // nil: the default
	Audit time.Duration  // zero: as their bindings say
}

// New prepares the streams of a plan; none is opened before run.
func New(
	p *plan.Plan, bindings map[*compile.Compiled]*binding.Binding, server *watcher.Server, log logr.Logger, m *observe.Metrics, o Options,
) *Streams {
	s := &Streams{
		server: server, log: log, metrics: m, Names: plan.Names(p), live: map[string]*Stream{},
		rand: o.Rand, audit: o.Audit,
	}
	for _, ps := range p.Streams {
		s.shared = append(s.shared, newSharedStream(s, ps, bindings))
	}
	return s
}

// Run opens all streams and returns when the last has ended, after ctx did.
func (s *Streams) Run(ctx context.Context) {
	for _, c := range s.shared {
		c.open(ctx)
	}
	<-ctx.Done()
	s.wg.Wait()
}

// Start runs one stream until ctx ends, and returns a channel that is closed when nothing of it is left.
func (s *Streams) Start(ctx context.Context, st *Stream) <-chan struct{} {
	name, done := st.name, make(chan struct{})
	s.mu.Lock()
	s.live[name] = st
	s.mu.Unlock()
	s.wg.Go(func() {
		defer close(done)
		defer s.ended(ctx, name)
		st.Run(ctx)
	})
	return done
}

// ended takes a stream off the list. One that ends by itself is a defect, and liveness says so.
func (s *Streams) ended(ctx context.Context, name string) {
	p := recover()
	s.mu.Lock()
	delete(s.live, name)
	died := p != nil || ctx.Err() == nil
	if died {
		s.dead = append(s.dead, name)
	}
	s.mu.Unlock()
	if died {
		stack := debug.Stack()
		if h, ok := p.(*watcher.HandlerPanicError); ok {
			p, stack = h.Value, h.Stack
		}
		// Of the panic's value only the type is told: it may hold a part of an object.
		s.log.Error(errDied, "restart the process, which reports itself unhealthy", "stream", name,
			"panic", fmt.Sprintf("%T", p), "stack", string(stack))
	}
}

// NewStream makes a stream with its logger and metrics; the other options are given.
func (s *Streams) NewStream(t watcher.Target, h watcher.Handler, o watcher.StreamOptions) *Stream {
	name := s.Names[t]
	observer := s.metrics.ForStream(name)
	o.Logger, o.Observer, o.Rand = s.log, observer, s.rand // the stream adds its target to the logger
	o.Audit = sooner(o.Audit, s.audit)
	return &Stream{name: name, optional: o.Optional, observer: observer, Stream: watcher.NewStream(s.server, t, h, o)}
}

// Statuses returns the streams that run, sorted by name, and the names of dead streams.
func (s *Streams) Statuses() (running []observe.StreamStatus, dead []string) {
	s.mu.Lock()
	live := slices.Collect(maps.Values(s.live))
	dead = slices.Clone(s.dead)
	s.mu.Unlock()
	for _, st := range live {
		running = append(running, observe.StreamStatus{Stream: st.name, State: st.State(), Optional: st.optional, Observer: st.observer})
	}
	slices.SortFunc(running, func(a, b observe.StreamStatus) int { return cmp.Compare(a.Stream, b.Stream) })
	return running, dead
}
