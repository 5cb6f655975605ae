package machine

import (
	"testing"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

// An error that comes back at the same place is met as such, however long it takes to come.
func TestErrorAtTheSamePlaceSlowly(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7")
		b.event("ERROR", status(500, "InternalError"))
		b = r.watch("7").ok()
		r.none(time.Minute)
		b.event("ERROR", status(500, "InternalError"))
		r.snapshot().ok().initialEnd("9")
	})
}

// A server that was asked whether it went back is not asked again before as much silence.
func TestSilenceIsCountedAnew(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7")
		for range 2 {
			for range 14 {
				r.none(time.Minute)
				b.cut()
				b = r.watch("7").ok()
			}
			r.none(time.Minute)
			b.cut()
			r.list("1", "").ok().page("7", "")
			b = r.watch("7").ok()
		}
	})
}

// A fallback holds for one snapshot, unless the server is known to need it.
func TestFallbackHoldsOnce(t *testing.T) {
	run(t, func(r *rig) {
		for range snapshotTries {
			r.snapshot().ok().cut()
		}
		r.list("500", "").ok().page("7", "")
		b := r.watch("7").ok()
		b.event("ERROR", status(410, "Expired"))
		r.snapshot().ok()
	})
}

// A fallback that fails again and again leads back to the snapshot.
func TestFallbackThatFails(t *testing.T) {
	run(t, func(r *rig) {
		for range snapshotTries {
			r.snapshot().ok().cut()
		}
		for range snapshotTries + 1 {
			r.list("500", "").refuse(503, "ServiceUnavailable")
		}
		r.snapshot().ok().initialEnd("7")
		r.is(report.Streaming, "")
	})
}

// A poll that worked ends a backoff.
func TestPollForgetsFailures(t *testing.T) {
	run(t, func(r *rig) {
		refused := 0
		for c := r.next(); ; c = r.next() {
			switch {
			case c.q.Get("watch") == "true": // it is tried now and then
				c.refuse(405, "MethodNotAllowed")
				continue
			case refused < 20:
				c.refuse(503, "ServiceUnavailable")
				refused++
				continue
			}
			c.ok().page("7", "")
			break
		}
		r.watch("7").refuse(405, "MethodNotAllowed")
		r.list("500", "").refuse(503, "ServiceUnavailable")
		if took := after(func() { r.list("500", "").ok().page("7", "") }); took > time.Second {
			t.Errorf("again after %v", took)
		}
	})
}
