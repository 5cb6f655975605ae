package runtime

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

// bindingMetrics counts and logs what becomes of one binding's calls.
type bindingMetrics struct {
	log                      logr.Logger
	action                   string
	waited                   prometheus.Observer
	of                       map[string]*actionMetrics // by action
	received, merged, gaveUp prometheus.Counter
	undecodable, reread      prometheus.Counter
	paused, restored         prometheus.Counter
	overflow                 prometheus.Counter
	failures                 failures
	dropped                  *prometheus.CounterVec
	ended                    func(queue.Finish) // Options.OnCall; nil: nobody is told
	forget                   func(queue.Finish) // is told what was given up; may be nil
	over                     func(queue.Finish) // called for each call that ended; may be nil
	parked                   func(queue.Finish) // writes a Kubernetes Event; nil: none is written
}

func (m *metrics) forBinding(b *binding) *bindingMetrics {
	c, n := b.Capability, b.Binding
	o := &bindingMetrics{
		log:         b.log,
		action:      string(b.Action),
		waited:      m.waited.WithLabelValues(c, n),
		of:          map[string]*actionMetrics{},
		received:    m.received.WithLabelValues(c, n),
		merged:      m.merged.WithLabelValues(c, n),
		gaveUp:      m.gaveUp.WithLabelValues(c, n),
		undecodable: m.undecodable.WithLabelValues(c, n),
		reread:      m.reread.WithLabelValues(c, n),
		paused:      m.paused.WithLabelValues(c, n),
		restored:    m.restored.WithLabelValues(c, n),
		overflow:    m.overflow.WithLabelValues(c, n),
		failures:    failures{log: b.log},
		dropped:     m.dropped.MustCurryWith(prometheus.Labels{"capability": c, "binding": n}),
	}
	actions := []string{o.action}
	if b.Finalizer != "" {
		actions = append(actions, cleanUpLabel)
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
func (o *bindingMetrics) Received() { o.received.Inc() }

// Merged implements queue.Observer.
func (o *bindingMetrics) Merged() { o.merged.Inc() }

// Started implements queue.Observer.
func (o *bindingMetrics) Started(wait time.Duration) { o.waited.Observe(wait.Seconds()) }

// Paused counts for how long the streams of the binding stood still.
func (o *bindingMetrics) Paused(d time.Duration) { o.paused.Add(d.Seconds()) }

// Parked implements queue.Observer; the number of parked objects is read from the engine.
func (o *bindingMetrics) Parked(int) {}

// Dropped implements queue.Observer.
func (o *bindingMetrics) Dropped(why queue.Reason, n int) {
	o.dropped.WithLabelValues(string(why)).Add(float64(n))
}

// GaveUp implements queue.Observer; Finished, which is called for the same call, logs it.
func (o *bindingMetrics) GaveUp(f queue.Finish) {
	o.gaveUp.Inc()
	if o.forget != nil {
		o.forget(f)
	}
}

// Finished implements queue.Observer: it counts each call, and logs those that failed, with what
// happens next.
func (o *bindingMetrics) Finished(f queue.Finish) {
	if o.over != nil {
		o.over(f)
	}
	f.Label = cmp.Or(f.Label, o.action)
	of := o.of[f.Label]
	of.took.Observe(f.Took.Seconds())
	of.calls[min(int(f.Outcome), len(of.calls)-1)].Inc()
	if o.ended != nil {
		o.ended(f)
	}
	if f.Parked && o.parked != nil {
		o.parked(f)
	}
	_, undecodable := errors.AsType[*capability.DecodeError](f.Err)
	if undecodable {
		o.undecodable.Inc()
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
