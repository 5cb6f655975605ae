package machine

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

// Something on the way holds the headers back until the first event, which does not come: such a watch has lasted.
func TestRule33HeadersComeWithTheEnd(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7").end()
		for range 3 * emptyTries {
			c := r.next()
			if !c.q.Has("watch") {
				c.ok().page("7", "")
				c = r.watch("7")
			}
			r.none(7 * time.Minute)
			c.ok().end()
			r.told()
			if s := r.State(); s.Phase == report.Blocked {
				t.Fatalf("blocked: %s", s.Message)
			}
		}
	})
}

// A proxy that ends each watch in order after a minute does not have a program that may only watch read a snapshot each time.
func TestRule25QuietBehindAProxyThatEndsWatches(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"))
		heads := 0
		for range 60 {
			r.none(time.Minute)
			b.end()
			c := r.next()
			if c.q.Get("limit") != "1" {
				b = c.ok()
				continue
			}
			heads++
			c.refuse(http.StatusForbidden, "Forbidden")
			b = r.snapshot().ok()
			b.event("ADDED", pod("a", "5"))
			b.initialEnd("7")
			r.expect("synced 7 true")
		}
		if heads < 3 || heads > 4 {
			t.Errorf("verified %d times within an hour", heads)
		}
	})
}

// A server that loses its history again and again, after one event each time, is not asked for two snapshots a second.
func TestRule18ExpiredAgainAndAgain(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "7"))
		took := after(func() {
			for rv := 10; rv < 210; rv += 2 {
				b.event("MODIFIED", pod("a", fmt.Sprint(rv)))
				b.event("ERROR", status(410, "Expired"))
				b = r.snapshot().ok()
				b.event("ADDED", pod("a", fmt.Sprint(rv+1)))
				b.initialEnd(fmt.Sprint(rv + 1))
			}
		})
		if took < 30*time.Minute {
			t.Errorf("100 snapshots within %v", took)
		}
		r.none(time.Minute) // and at once after a watch that lasted and brought something
		b.event("MODIFIED", pod("a", "300"))
		b.event("ERROR", status(410, "Expired"))
		if took = after(func() { r.snapshot() }); took > jitterMax {
			t.Errorf("a first loss of history waits %v", took)
		}
	})
}

// A watch that got no answer until its deadline is no recovery.
func TestRule60NoAnswerIsNoRecovery(t *testing.T) {
	logs := &logLines{}
	run(t, func(r *rig) {
		r.synced("7").cut()
		for range 3 {
			c := r.watch("7")
			r.none(90 * time.Second)
			c.refuseText(http.StatusGatewayTimeout, "504")
		}
		r.is(report.Blocked, report.ReasonServerError)
		said := logs.count("stream has recovered")
		r.watch("7") // without an answer
		r.next()
		if p := r.State().Phase; p != report.Blocked || logs.count("stream has recovered") != said {
			t.Errorf("the phase is %v, the log\n%s", p, logs)
		}
	}, logs.into)
}
