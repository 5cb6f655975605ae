package runtime

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/existence"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/finalize"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/live"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/observe"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/replicas"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/trigger"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// work is what waits for a callback: the raw object, decoded only on the worker that runs the call.
type work struct {
	frame     *watcher.Frame // nil: only the identity is known
	rv        string         // the resourceVersion, where there is no frame, or none that counts
	last      *state         // Cached: as the object was last in the set, of which it is out now
	size      int64          // bytes that the frame keeps in use
	postponed int            // how often a live read that the call needs has failed
	over      atomic.Bool    // the frame was given up
	slim      bool           // the object was let go for the sake of the memory budget, and is read again
}

// newWork keeps the frame, if there is one: it owns a reference.
func newWork(f *watcher.Frame) *work {
	w := &work{frame: f}
	if f != nil {
		f.Retain()
		w.size = int64(f.Held())
	}
	return w
}

// release gives the frame up, for a call that ended for good: nobody looks at the object again. Work that ends in
// another way leaves it to the collector.
func (w *work) release() {
	if w != nil && w.over.CompareAndSwap(false, true) {
		w.frame.Release()
	}
}

// object is what is kept of the object, nil where that is its identity alone.
func (w *work) object() *watcher.Frame {
	if w == nil || w.slim {
		return nil
	}
	return w.frame
}

// newerThan says whether the work is of a newer state of its object than that.
func (w *work) newerThan(m *watcher.Meta) bool {
	switch {
	case w == nil:
		return false
	case w.frame != nil:
		return w.frame.Meta.UID == m.UID && older(m.ResourceVersion, w.frame.Meta.ResourceVersion)
	}
	return older(m.ResourceVersion, w.rv)
}

// weigh is how many bytes wait with work, beside its identity, and with what its object was before: with the last state of
// what is gone that is often the same.
func weigh(w *work, before any) (bytes int64) {
	s, _ := before.(*state)
	bytes = s.weight()
	if w == nil {
		return bytes
	}
	if w.last != s {
		bytes += w.last.weight()
	}
	return bytes + w.size
}

// slimmed gives the object up, which is to be read again. The queue has not taken w yet.
func (w *work) slimmed() *work {
	if w.last != nil { // it cannot be read again
		w.frame.Release()
		w.frame, w.size = nil, 0
		return w
	}
	if w.frame != nil {
		w.rv = strings.Clone(w.frame.Meta.ResourceVersion)
		w.frame.Release()
		w.frame, w.size, w.slim = nil, 0, true
	}
	return w
}

// engine is what a binding's calls wait in: a queue for Reconcile, a pool for Watch.
type engine interface {
	Add(queue.Event[*work])
	Knows(key queue.Key, uid string) bool
	Waits(key queue.Key, uid string) bool
	Run(context.Context)
	Shutdown()
	Stats() queue.Stats
	Running() []queue.RunningInfo
	roomEngine
}

// binding is one binding of the program at work.
type binding struct {
	*capability.Compiled
	id      string // capability/binding
	engine  engine
	brake   *brake
	full    *atomic.Int32 // bindings that have no room, of all
	server  live.Reader
	looks   *existence.Checks
	log     logr.Logger
	metrics *observe.Calls
	fence   *replicas.Fence // of the lease; nil: there is none

	stopping *atomic.Bool // no callback starts any more, also none whose worker reads or writes the object first

	undecided undecided
	finalizer *finalize.Finalizer // nil: none
	// misreleased: the log said that ReleaseFinalizer has no effect here.
	misreleased sync.Once
	triggers    []*trigger.Trigger // of its triggers
	source      *trigger.Trigger   // it is the source of this trigger; nil: of none
	gate        *trigger.Gate
	cache       *cache // nil: nothing is kept
	ahead       ahead
	served      []*servedTarget // by which stream, for each target
}

// bindingOptions are what a binding's engine gets from the runtime.
type bindingOptions struct {
	locks *queue.Locks   // shared with others; nil: none
	rand  func() float64 // nil: the default
	full  *atomic.Int32  // counts, of all bindings, those that have no room; nil: of this one
}

func newBinding(c *capability.Compiled, with bindingOptions, l *existence.Checks, log logr.Logger, m *observe.Metrics) *binding {
	if with.full == nil {
		with.full = new(atomic.Int32)
	}
	b := &binding{Compiled: c, id: c.Capability + "/" + c.Binding, server: l.Server, looks: l, full: with.full, cache: newCache(c)}
	b.log = log.WithValues("capability", c.Capability, "binding", c.Binding)
	b.metrics = m.ForBinding(c.Capability, c.Binding, b.log, actionsOf(c)...)
	o := queue.Options{
		Strategy:    c.Settings.Strategy,
		InOrder:     c.Settings.InOrder,
		Concurrency: c.Settings.Concurrency,
		Backoff:     c.Settings.Backoff,
		MaxAttempts: c.Settings.MaxAttempts,
		Timeout:     c.Settings.Timeout,
		Locks:       with.locks,
		Rand:        with.rand,
		LockScope:   c.Resource.String(),
		Kind:        c.Resource.Kind,
		Observer:    b.metrics,
	}
	limit := queue.Limit[*work]{Budget: c.Settings.MemoryBudget, Weight: weigh, Slim: (*work).slimmed, Full: with.full}
	if c.Action == capability.ActionWatch {
		p := queue.NewPool(o, b.call)
		p.Limit(limit)
		b.engine = p
	} else {
		q := queue.New(o, b.call)
		q.Limit(limit)
		b.engine = q
	}
	b.gate = trigger.NewGate(len(c.Triggers))
	b.finalizer = finalize.New(finalize.Options{
		Name: c.Finalizer, Resource: c.Resource, Server: b.server, ManagedFields: c.Settings.ManagedFields, InOrder: c.Settings.InOrder,
		Match: c.Match, Log: b.log, Restored: b.metrics.Restored,
		Held: func() bool {
			_, held := b.held()
			return held
		},
	})
	if f := b.finalizer; f != nil {
		b.metrics.OnGaveUp, b.metrics.OnEnd = f.GaveUp, f.Ended
	}
	b.brake = newBrake(b.engine, b.metrics.Paused, b.log)
	b.served = servedBy(b, c.Targets)
	return b
}

// actionsOf are what calls of a binding are: its action, and the clean-up where there is one.
func actionsOf(c *capability.Compiled) []string {
	actions := []string{string(c.Action)}
	if c.Finalizer != "" {
		actions = append(actions, cleanUpLabel)
	}
	return actions
}

// newSource makes the binding of a trigger's source, which wakes objects of b.
func (b *binding) newSource(t *capability.CompiledTrigger, targets []watcher.Target) *binding {
	src := &binding{Compiled: t.Source, id: b.id, server: b.server, looks: b.looks, full: b.full, metrics: b.metrics, gate: trigger.NewGate(0)}
	src.log = b.log.WithValues("trigger", string(t.Via)+" "+t.Source.Resource.Kind)
	w := trigger.New(b, src, t, targets, b.gate.Ready)
	src.engine, src.source = sourceEngine{w}, w
	src.brake = newBrake(src.engine, func(time.Duration) {}, src.log)
	b.triggers = append(b.triggers, w)
	return src
}

// enqueue hands an event of an object to the binding's engine.
func (b *binding) enqueue(e queue.Event[*work], of identity) {
	e.Key, e.UID = of.key, of.uid
	b.engine.Add(e)
}

// Undecodable passes over one object that a predicate could not be asked about.
func (b *binding) Undecodable(m *watcher.Meta, err error) {
	b.metrics.Undecodable.Inc()
	b.log.Error(err, "object passed over", "object", strings.Clone(m.Key()))
}
