package observe

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ancho-dev/ancho/pkg/watcher"
)

// The histograms reach from a queue that is empty to a backlog of minutes.
var latencyBuckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}

// Metrics are the Prometheus metrics of one runtime. Counters and histograms are written as things
// happen; what is true at one moment (states, lengths) is read when somebody asks, see collector.go.
type Metrics struct {
	reconnects, relists, frames, skipped, bytes     *prometheus.CounterVec
	waited, took                                    *prometheus.HistogramVec
	calls, received, merged, dropped, gaveUp        *prometheus.CounterVec
	undecodable, reread, paused, restored, overflow *prometheus.CounterVec

	LeaseFailures prometheus.Counter
	forgot        *prometheus.CounterVec
	audits        *prometheus.CounterVec
	auditFound    *prometheus.CounterVec
}

// New registers the metrics of one runtime, which needs a registry of its own.
func New(reg prometheus.Registerer) (*Metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: latencyBuckets},
			append([]string{"capability", "binding"}, labels...))
	}
	m := &Metrics{
		reconnects:  counter("ancho_stream_reconnects_total", "Watches opened again where they stopped, by reason.", "stream", "reason"),
		relists:     counter("ancho_stream_relists_total", "Snapshots read and compared, by reason.", "stream", "reason"),
		frames:      counter("ancho_stream_frames_total", "Frames read, by type.", "stream", "type"),
		skipped:     counter("ancho_stream_skipped_total", "Frames that reached nobody, by reason.", "stream", "reason"),
		bytes:       counter("ancho_stream_bytes_total", "Bytes of answers read, after decompression.", "stream"),
		waited:      histogram("ancho_binding_received_to_started_seconds", "From the event's arrival to the start of its call."),
		took:        histogram("ancho_binding_started_to_done_seconds", "How long callbacks run, by action.", "action"),
		calls:       counter("ancho_binding_calls_total", "Calls that ended, by action and outcome.", "capability", "binding", "action", "outcome"),
		received:    counter("ancho_binding_events_total", "Events that passed the binding's filters.", "capability", "binding"),
		merged:      counter("ancho_binding_merged_total", "Events that became part of work that waited; with Watch and InOrder for want of memory.", "capability", "binding"),
		dropped:     counter("ancho_binding_dropped_total", "Waiting work dropped without a call, by reason.", "capability", "binding", "reason"),
		gaveUp:      counter("ancho_binding_gave_up_total", "Events given up after too many attempts.", "capability", "binding"),
		undecodable: counter("ancho_binding_undecodable_total", "Objects passed over because they do not decode.", "capability", "binding"),
		reread:      counter("ancho_binding_reread_total", "Objects read again because they did not fit the memory budget while they waited.", "capability", "binding"),
		restored:    counter("ancho_binding_finalizers_restored_total", "Finalizers added again after something else removed them.", "capability", "binding"),
		overflow:    counter("ancho_binding_overflow_calls_total", "Calls in extra slots, since calls of another namespace hang.", "capability", "binding"),
		paused:      counter("ancho_binding_paused_seconds_total", "For how long streams stood still because more waited than the memory budget.", "capability", "binding"),
	}
	m.audits = counter("ancho_stream_audits_total", "Comparisons of a stream with a list that came to an end.", "stream")
	m.auditFound = counter("ancho_stream_audit_differences_total", "Objects for which an audit found that the server lost events.", "stream")
	m.forgot = counter("ancho_stream_deleted_uids_dropped_total", "UIDs that were reported deleted, and are not remembered any more because there were too many.", "stream")
	m.LeaseFailures = prometheus.NewCounter(prometheus.CounterOpts{Name: "ancho_lease_failures_total", Help: "Requests about the lease that failed."})
	for _, c := range []prometheus.Collector{
		m.reconnects, m.relists, m.frames, m.skipped, m.bytes, m.waited, m.took,
		m.calls, m.received, m.merged, m.dropped, m.gaveUp, m.undecodable, m.reread, m.paused, m.restored, m.overflow, m.LeaseFailures, m.forgot, m.audits, m.auditFound,
	} {
		if err := reg.Register(c); err != nil {
			return nil, errors.Join(errors.New("register the metrics: give each runtime a registry of its own"), err)
		}
	}
	return m, nil
}

// Stream observes one stream.
type Stream struct {
	watcher.NoObserver
	m      *Metrics
	stream string
	bytes  prometheus.Counter
	frames [watcher.Listed + 1]prometheus.Counter
	last   atomic.Int64 // unix nanoseconds of the last frame; 0: none yet
}

// ForStream returns the observer of one stream.
func (m *Metrics) ForStream(name string) *Stream {
	s := &Stream{m: m, stream: name, bytes: m.bytes.WithLabelValues(name)}
	for t := range s.frames {
		s.frames[t] = m.frames.WithLabelValues(name, frameType(watcher.EventType(t)))
	}
	return s
}

// Frame implements watcher.Observer.
func (s *Stream) Frame(t watcher.EventType, at time.Time) {
	if int(t) < len(s.frames) {
		s.frames[t].Inc()
	}
	s.last.Store(at.UnixNano())
}

// Bytes implements watcher.Observer.
func (s *Stream) Bytes(n int) { s.bytes.Add(float64(n)) }

// Reconnect implements watcher.Observer.
func (s *Stream) Reconnect(why watcher.Reason) {
	s.m.reconnects.WithLabelValues(s.stream, string(why)).Inc()
}

// age is how long ago the last frame came; false: none has come.
func (s *Stream) age() (time.Duration, bool) {
	last := s.last.Load()
	return time.Since(time.Unix(0, last)), last > 0
}

// Relist implements watcher.Observer.
func (s *Stream) Relist(why watcher.Reason) {
	s.m.relists.WithLabelValues(s.stream, string(why)).Inc()
}

// Skipped implements watcher.Observer.
func (s *Stream) Skipped(why watcher.Reason) {
	s.m.skipped.WithLabelValues(s.stream, string(why)).Inc()
}

// Forgot implements watcher.Observer.
func (s *Stream) Forgot() { s.m.forgot.WithLabelValues(s.stream).Inc() }

// Audited implements watcher.Observer.
func (s *Stream) Audited(differences int) {
	s.m.audits.WithLabelValues(s.stream).Inc()
	s.m.auditFound.WithLabelValues(s.stream).Add(float64(differences))
}

// frameType names a frame's type as the wire does.
func frameType(t watcher.EventType) string {
	switch t {
	case watcher.Added:
		return "ADDED"
	case watcher.Modified:
		return "MODIFIED"
	case watcher.Deleted:
		return "DELETED"
	case watcher.Bookmark:
		return "BOOKMARK"
	case watcher.Error:
		return "ERROR"
	case watcher.Listed:
		return "LISTED"
	default:
		return "UNKNOWN"
	}
}
