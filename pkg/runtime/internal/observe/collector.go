package observe

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ancho-dev/ancho/pkg/watcher"
)

var (
	streamLabels  = []string{"stream"}
	bindingLabels = []string{"capability", "binding"}

	descStreams = desc("ancho_streams", "Streams that run.", nil)
	descPhase   = desc("ancho_stream_state", "1 for the phase that the stream is in.", []string{"stream", "phase"})
	descBlocked = desc("ancho_stream_blocked", "1 while the stream is blocked, with the reason.", []string{"stream", "reason"})
	descSynced  = desc("ancho_stream_synced", "1 once a first snapshot was complete.", streamLabels)
	descObjects = desc("ancho_stream_objects", "Objects that the stream knows.", streamLabels)
	descAge     = desc("ancho_stream_last_frame_age_seconds", "Age of the last frame, bookmarks included; absent before the first.", streamLabels)
	descWaiting = desc("ancho_binding_waiting", "Calls that are due.", bindingLabels)
	descRunning = desc("ancho_binding_running", "Calls that run.", bindingLabels)
	descRetry   = desc("ancho_binding_retrying", "Failed calls that wait for their backoff.", bindingLabels)
	descRequeue = desc("ancho_binding_requeued", "Requeues that wait for their time.", bindingLabels)
	descBytes   = desc("ancho_binding_bytes", "Bytes of what waits and runs, as the memory budget counts them.", bindingLabels)
	descOpen    = desc("ancho_binding_undecided", "Objects of which nobody could see yet whether they left the selection or were deleted.", bindingLabels)
	descCached  = desc("ancho_binding_cached_objects", "Objects whose last state is kept, for Cached.", bindingLabels)
	descKept    = desc("ancho_binding_cached_bytes", "Bytes of these states, as they came.", bindingLabels)
	descLeader  = desc("ancho_leader", "1 while this replica has the lease; absent without leader election.", nil)
	descRenewed = desc("ancho_lease_renewed_age_seconds", "Since the last renewal that succeeded was sent; absent for a standby.", nil)
	descLongest = desc("ancho_binding_longest_running_seconds", "For how long the longest running call has run; 0 if none runs.", bindingLabels)
	descOldest  = desc("ancho_binding_oldest_waiting_seconds", "For how long the oldest due call has waited for a slot; 0 if none waits.", bindingLabels)
	descParked  = desc("ancho_binding_parked", "Objects that are not tried again before they change.", bindingLabels)
)

func desc(name, help string, labels []string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// Collector reads what is true at the moment somebody asks.
type Collector struct{ Board }

// Describe implements prometheus.Collector.
func (c *Collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		descStreams, descPhase, descBlocked, descSynced, descObjects, descAge,
		descWaiting, descRunning, descRetry, descRequeue, descLongest, descOldest, descParked, descBytes, descOpen, descCached, descKept, descLeader, descRenewed,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	if e := c.Election; e != nil {
		gauge(descLeader, one(e.Leading()))
		if at := e.Fence.RenewedAt(); !at.IsZero() {
			gauge(descRenewed, time.Since(at).Seconds())
		}
	}
	running, _ := c.Streams.Statuses()
	gauge(descStreams, float64(len(running)))
	for _, s := range running {
		for _, p := range watcher.Phases() {
			gauge(descPhase, one(s.State.Phase == p), s.Stream, p.String())
		}
		if s.State.Phase == watcher.Blocked {
			gauge(descBlocked, 1, s.Stream, string(s.State.Reason))
		}
		gauge(descSynced, one(s.State.Synced), s.Stream)
		gauge(descObjects, float64(s.State.Objects), s.Stream)
		if age, known := s.Observer.age(); known {
			gauge(descAge, age.Seconds(), s.Stream)
		}
	}
	for _, b := range c.Bindings {
		s := b.Gauges()
		gauge(descWaiting, float64(s.Waiting), s.Capability, s.Binding)
		gauge(descRunning, float64(s.Running), s.Capability, s.Binding)
		gauge(descRetry, float64(s.Retrying), s.Capability, s.Binding)
		gauge(descRequeue, float64(s.Requeued), s.Capability, s.Binding)
		if s.Aged {
			gauge(descLongest, s.LongestRunning.Seconds(), s.Capability, s.Binding)
			gauge(descOldest, s.OldestWaiting.Seconds(), s.Capability, s.Binding)
		}
		gauge(descParked, float64(s.Stats.Parked), s.Capability, s.Binding)
		gauge(descOpen, float64(s.Pending), s.Capability, s.Binding)
		if s.Caches {
			gauge(descCached, float64(s.CachedObjects), s.Capability, s.Binding)
			gauge(descKept, float64(s.CachedBytes), s.Capability, s.Binding)
		}
		gauge(descBytes, float64(s.Stats.Bytes), s.Capability, s.Binding)
	}
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
