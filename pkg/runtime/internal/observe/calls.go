package observe

import (
	"cmp"
	"errors"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/queue"
)

// actionMetrics are those of one action of a binding: Reconcile, Watch or Finalize.
type actionMetrics struct {
	took  prometheus.Observer
	calls [queue.Conflict + 1]prometheus.Counter
}

// Calls counts and logs what becomes of one binding's calls.
type Calls struct {
	log                      logr.Logger
	action                   string
	waited                   prometheus.Observer
	of                       map[string]*actionMetrics // by action
	received, merged, gaveUp prometheus.Counter
	paused, overflow         prometheus.Counter
	failures                 failures
	dropped                  *prometheus.CounterVec

	// Undecodable counts objects that a predicate or a callback could not be asked about, Reread objects that were read again, and
	// Restored finalizers that were added again.
	Undecodable, Reread, Restored prometheus.Counter

	// Hooks of what owns the binding; nil: none.
	OnEnd    func(queue.Finish) // is called for each call that ended, first of all
	OnCall   func(queue.Finish) // is called for each call that ended, with its action as label
	OnGaveUp func(queue.Finish) // is called for what was given up
	OnParked func(queue.Finish) // writes a Kubernetes Event
}

// ForBinding returns the observer of one binding, which logs to log. The first of the actions is the one of calls without a label.
func (m *Metrics) ForBinding(c, n string, log logr.Logger, actions ...string) *Calls {
	o := &Calls{
		log:         log,
		action:      actions[0],
		waited:      m.waited.WithLabelValues(c, n),
		of:          map[string]*actionMetrics{},
		received:    m.received.WithLabelValues(c, n),
		merged:      m.merged.WithLabelValues(c, n),
		gaveUp:      m.gaveUp.WithLabelValues(c, n),
		Undecodable: m.undecodable.WithLabelValues(c, n),
		Reread:      m.reread.WithLabelValues(c, n),
		paused:      m.paused.WithLabelValues(c, n),
		Restored:    m.restored.WithLabelValues(c, n),
		overflow:    m.overflow.WithLabelValues(c, n),
		failures:    failures{log: log},
		dropped:     m.dropped.MustCurryWith(prometheus.Labels{"capability": c, "binding": n}),
	}
	for _, action := range actions {
		a := &actionMetrics{took: m.took.WithLabelValues(c, n, action)}
		for out := range a.calls {
			a.calls[out] = m.calls.WithLabelValues(c, n, action, queue.Outcome(out).String())
		}
		o.of[action] = a
	}
	return o
}

// Received implements queue.Observer.
func (o *Calls) Received() { o.received.Inc() }

// Merged implements queue.Observer.
func (o *Calls) Merged() { o.merged.Inc() }

// Started implements queue.Observer.
func (o *Calls) Started(wait time.Duration) { o.waited.Observe(wait.Seconds()) }

// Paused counts for how long the streams of the binding stood still.
func (o *Calls) Paused(d time.Duration) { o.paused.Add(d.Seconds()) }

// Parked implements queue.Observer; the number of parked objects is read from the engine.
func (o *Calls) Parked(int) {}

// Dropped implements queue.Observer.
func (o *Calls) Dropped(why queue.Reason, n int) {
	o.dropped.WithLabelValues(string(why)).Add(float64(n))
}

// GaveUp implements queue.Observer; Finished, which is called for the same call, logs it.
func (o *Calls) GaveUp(f queue.Finish) {
	o.gaveUp.Inc()
	if o.OnGaveUp != nil {
		o.OnGaveUp(f)
	}
}

// Finished implements queue.Observer: it counts each call, and logs failed calls, with what
// happens next.
func (o *Calls) Finished(f queue.Finish) {
	if o.OnEnd != nil {
		o.OnEnd(f)
	}
	f.Label = cmp.Or(f.Label, o.action)
	of := o.of[f.Label]
	of.took.Observe(f.Took.Seconds())
	of.calls[min(int(f.Outcome), len(of.calls)-1)].Inc()
	if o.OnCall != nil {
		o.OnCall(f)
	}
	if f.Parked && o.OnParked != nil {
		o.OnParked(f)
	}
	_, undecodable := errors.AsType[*capability.DecodeError](f.Err)
	if undecodable {
		o.Undecodable.Inc()
	}
	o.failures.rest()
	if f.Err == nil || f.Outcome == queue.Requeue {
		return
	}
	switch {
	case f.Outcome == queue.Conflict:
		o.log.V(1).Info("the object changed while the callback ran, the call is repeated", "action", f.Label, "object", f.Key.String(),
			"event", f.Type, "attempt", f.Attempt, "conflict", f.Err.Error(), "retryIn", f.Next.String())
	case f.Outcome == queue.Postpone:
		o.failures.write(&f, msgWaits)
	case undecodable && !f.Again:
		o.failures.write(&f, msgUndecoded)
	case f.Parked:
		o.failures.write(&f, msgParked)
	case f.Again:
		o.failures.write(&f, msgFailed)
	default:
		o.failures.write(&f, msgGaveUp)
	}
}
