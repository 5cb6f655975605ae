package binding

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/existence"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/finalize"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/live"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/observe"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/replicas"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/trigger"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// Work is queued for a callback: the raw object, decoded only on the worker that runs the call.
type Work struct {
	Frame     *watcher.Frame // nil: only the identity is known
	RV        string         // the resourceVersion, where there is no frame, or none that counts
	last      *state         // Cached: as the object was last in the set, of which it is out now
	size      int64          // bytes that the frame keeps in use
	postponed int            // how often a live read that the call needs has failed
	over      atomic.Bool    // the frame was given up
	keyOnly   bool           // the object was let go for the sake of the memory budget, and is read again
}

// NewWork keeps the frame, if there is one: it owns a reference.
func NewWork(f *watcher.Frame) *Work {
	w := &Work{Frame: f}
	if f != nil {
		f.Retain()
		w.size = int64(f.Held())
	}
	return w
}

// release gives the frame up, for a call that ended for good: nobody looks at the object again. Work that ends in
// another way leaves it to the collector.
func (w *Work) release() {
	if w != nil && w.over.CompareAndSwap(false, true) {
		w.Frame.Release()
	}
}

// object is what is kept of the object, nil where that is its identity alone.
func (w *Work) object() *watcher.Frame {
	if w == nil || w.keyOnly {
		return nil
	}
	return w.Frame
}

// newerThan says whether the work is of a newer state of its object than that.
func (w *Work) newerThan(m *watcher.Meta) bool {
	switch {
	case w == nil:
		return false
	case w.Frame != nil:
		return w.Frame.Meta.UID == m.UID && Older(m.ResourceVersion, w.Frame.Meta.ResourceVersion)
	}
	return Older(m.ResourceVersion, w.RV)
}

// weigh is how many bytes wait with work, in addition to its identity, and with what its object was before: with the last state of
// what is gone that is often the same.
func weigh(w *Work, before any) (bytes int64) {
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

// DropObject gives the object up, which is to be read again. The queue has not taken w yet.
func (w *Work) DropObject() *Work {
	if w.last != nil { // it cannot be read again
		w.Frame.Release()
		w.Frame, w.size = nil, 0
		return w
	}
	if w.Frame != nil {
		w.RV = strings.Clone(w.Frame.Meta.ResourceVersion)
		w.Frame.Release()
		w.Frame, w.size, w.keyOnly = nil, 0, true
	}
	return w
}

// engine is what a binding's calls wait in: a queue for Reconcile, a pool for Watch.
type engine interface {
	Add(queue.Event[*Work])
	Knows(key queue.Key, uid string) bool
	Waits(key queue.Key, uid string) bool
	Busy(key queue.Key, uid string) bool
	Run(context.Context)
	Shutdown()
	Stats() queue.Stats
	Running() []queue.RunningInfo
	roomEngine
}

// Binding is one binding of the program at work. Its fields are exported for the tests of the rooms above; other code uses the methods
// and subscriptions.
type Binding struct {
	*compile.Compiled
	ID      string // capability/binding
	Engine  engine
	Pauser  *Pauser
	Full    *atomic.Int32 // bindings that have no room, of all
	server  live.Reader
	Checks  *existence.Checks
	log     logr.Logger
	Metrics *observe.Calls
	fence   *replicas.Fence // of the lease; nil: there is none

	stopping *atomic.Bool // no callback starts any more, also none whose worker reads or writes the object first

	Pending pendingDeletions
	Guarded *finalize.Finalizer // nil: none
	// misreleased: the log said that ReleaseFinalizer has no effect here.
	misreleased sync.Once
	triggers    []*trigger.Trigger // of its triggers
	source      *trigger.Trigger   // it is the source of this trigger; nil: of none
	gate        *trigger.Gate
	Cached      *cache // nil: nothing is kept
	Ahead       ahead
	served      []*servedTarget // by which stream, for each target
}

// Options are what a binding gets from the runtime.
type Options struct {
	Locks *queue.Locks   // shared with others; nil: none
	Rand  func() float64 // nil: the default
	Full  *atomic.Int32  // counts the bindings that have no room, of all; nil: this one

	Fence    *replicas.Fence    // of the lease; nil: there is none
	Stopping *atomic.Bool       // no callback starts any more; nil: that never happens
	OnCall   func(queue.Finish) // is called for each call that ended; nil: not called
	OnParked func(queue.Finish) // writes a Kubernetes Event; nil: none is written
}

// New makes a binding at work. It opens no connection and starts nothing.
func New(c *compile.Compiled, with Options, l *existence.Checks, log logr.Logger, m *observe.Metrics) *Binding {
	if with.Full == nil {
		with.Full = new(atomic.Int32)
	}
	b := &Binding{Compiled: c, ID: c.Capability + "/" + c.Binding, server: l.Server, Checks: l, Full: with.Full, Cached: newCache(c), fence: with.Fence, stopping: with.Stopping}
	b.log = log.WithValues("capability", c.Capability, "binding", c.Binding)
	b.Metrics = m.ForBinding(c.Capability, c.Binding, b.log, actionsOf(c)...)
	b.Metrics.OnCall, b.Metrics.OnParked = with.OnCall, with.OnParked
	o := queue.Options{
		Strategy:    c.Settings.Strategy,
		InOrder:     c.Settings.InOrder,
		Concurrency: c.Settings.Concurrency,
		Backoff:     c.Settings.Backoff,
		MaxAttempts: c.Settings.MaxAttempts,
		Timeout:     c.Settings.Timeout,
		Locks:       with.Locks,
		Rand:        with.Rand,
		LockScope:   c.Resource.String(),
		Kind:        c.Resource.Kind,
		Observer:    b.Metrics,
	}
	limit := queue.Limit[*Work]{Budget: c.Settings.MemoryBudget, Weight: weigh, KeyOnly: (*Work).DropObject, Full: with.Full}
	if c.Action == declare.ActionWatch {
		p := queue.NewPool(o, b.Call)
		p.Limit(limit)
		b.Engine = p
	} else {
		q := queue.New(o, b.Call)
		q.Limit(limit)
		b.Engine = q
	}
	b.gate = trigger.NewGate(len(c.Triggers))
	b.Guarded = finalize.New(finalize.Options{
		Name: c.Finalizer, Resource: c.Resource, Server: b.server, ManagedFields: c.Settings.ManagedFields, InOrder: c.Settings.InOrder,
		Match: c.Match, Log: b.log, Restored: b.Metrics.Restored,
		Held: func() bool {
			_, held := b.held()
			return held
		},
	})
	if f := b.Guarded; f != nil {
		b.Metrics.OnGaveUp = f.GaveUp
	}
	b.Metrics.OnEnd = b.ended
	b.Pauser = NewPauser(b.Engine, b.Metrics.Paused, b.log)
	b.served = servedBy(b, c.Targets)
	return b
}

// ended is called after each call, when the engine does not know of it any more.
func (b *Binding) ended(c queue.Finish) {
	if b.Guarded != nil {
		b.Guarded.Ended(c)
	}
	b.passed(c.Key)
}

// actionsOf are what calls of a binding are: its action, and the cleanup where there is one.
func actionsOf(c *compile.Compiled) []string {
	actions := []string{string(c.Action)}
	if c.Finalizer != "" {
		actions = append(actions, cleanUpLabel)
	}
	return actions
}

// Start lets calls begin once the sources of the binding's triggers are known, unless ctx ends before. Their contexts, and the writes of
// finalizers, come from work.
func (b *Binding) Start(ctx, work context.Context, wg *sync.WaitGroup) {
	wg.Go(func() {
		if b.gate.Pass(ctx) {
			b.Engine.Run(work)
		}
	})
	wg.Go(func() { b.Guarded.Run(work) })
}

// Shutdown lets no call start any more.
func (b *Binding) Shutdown() {
	b.Engine.Shutdown()
	b.Guarded.Shutdown()
}

// Calls names the calls that run, as "capability/binding object".
func (b *Binding) Calls() (out []string) {
	for _, c := range b.Engine.Running() {
		out = append(out, b.ID+" "+c.Key.String())
	}
	return out
}

// Sizes is how much the binding remembers of objects, by what it is. All are zero when no object is left and no call is due.
func (b *Binding) Sizes() map[string]int {
	out := map[string]int{"ahead": len(b.Ahead.of.M), "undecided": b.Checks.Pending(), "engine": total(b.Engine.Stats())}
	if b.Guarded != nil {
		out["wards"], out["restorer"] = b.Guarded.Count(), total(b.Guarded.Restores())
	}
	if b.Cached != nil {
		out["cached"], out["raised"] = len(b.Cached.States.M), len(b.Cached.raised.M)
	}
	for _, w := range b.triggers {
		stands, names, named := w.Sizes()
		out["stands"], out["names"], out["named"] = out["stands"]+stands, out["names"]+names, out["named"]+named
	}
	return out
}

func total(s queue.Stats) int { return s.Waiting + s.Running + s.Retrying + s.Requeued + s.Parked }

// Source makes the binding of a trigger's source, which wakes objects of b.
func (b *Binding) Source(t *compile.CompiledTrigger, targets []watcher.Target) *Binding {
	src := &Binding{Compiled: t.Source, ID: b.ID, server: b.server, Checks: b.Checks, Full: b.Full, Metrics: b.Metrics, gate: trigger.NewGate(0)}
	src.log = b.log.WithValues("trigger", string(t.Via)+" "+t.Source.Resource.Kind)
	w := trigger.New(b, src, t, targets, b.gate.Ready)
	src.Engine, src.source = sourceEngine{w}, w
	src.Pauser = NewPauser(src.Engine, func(time.Duration) {}, src.log)
	b.triggers = append(b.triggers, w)
	return src
}

// enqueue hands an event of an object to the binding's engine.
func (b *Binding) enqueue(e queue.Event[*Work], of Identity) {
	e.Key, e.UID = of.key, of.uid
	b.Engine.Add(e)
}

// Undecodable passes over one object that a predicate could not be asked about.
func (b *Binding) Undecodable(m *watcher.Meta, err error) {
	b.Metrics.Undecodable.Inc()
	b.log.Error(err, "object passed over", "object", strings.Clone(m.Key()))
}
