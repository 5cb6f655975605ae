package machine

import (
	"strings"
	"testing"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

// unserved answers a request and the discovery that follows as an API server without the group does, and says whether all
// of these requests asked for a connection of their own.
func (s *script) unserved() (fresh bool) {
	s.t.Helper()
	c := s.next()
	fresh = c.fresh
	c.refuseText(404, "404 page not found")
	for _, doc := range [...]struct{ path, text string }{{"/apis/example.com", ""}, {"/api/v1", coreDoc}, {"/apis/example.com", ""}} {
		c := s.next()
		if c.path != doc.path {
			s.t.Fatalf("want %s, got %s", doc.path, c.path)
		}
		fresh = fresh && c.fresh
		if doc.text == "" {
			c.refuseText(404, "404 page not found")
			continue
		}
		b := c.ok()
		b.write(doc.text)
		b.end()
	}
	return fresh
}

// unservedFor repeats that for d or longer, and requires that each round but the first uses connections of its own.
func (s *script) unservedFor(d time.Duration) {
	s.t.Helper()
	s.unserved()
	for from := time.Now(); time.Since(from) < d; {
		if !s.unserved() {
			s.t.Error("a request used a connection that was open")
		}
	}
}

func TestRule41GoneAfterTwoMinutes(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"), pod("b", "6"))
		b.event("DELETED", pod("a", "8")) // as the server does when the definition is deleted
		b.end()
		r.expect("gone a@uid-a:5")
		from := time.Now()
		for len(r.rec.lines) == 0 {
			if time.Since(from) > absentFor+time.Minute {
				t.Fatal("the objects are not reported deleted")
			}
			r.unserved()
			r.is(report.Blocked, report.ReasonNotServed)
		}
		if took := time.Since(from); took < absentFor {
			t.Errorf("reported deleted after %v", took)
		}
		r.expect("gone b@uid-b:6 relist partial")
		for range 5 { // and it waits, without connections of its own
			if r.unserved() {
				t.Error("fresh connections although no object is known")
			}
		}
		b = r.snapshot().ok()
		b.event("ADDED", pod("a@again", "20"))
		b.initialEnd("21")
		r.expect("upsert a@again:20 new relist", "synced 21 true")
		r.is(report.Streaming, "")
	}, things)
}

// Whatever else is answered in between, or no answer, begins the two minutes again.
func TestRule41OtherAnswersResetTheTwoMinutes(t *testing.T) {
	for name, other := range map[string]func(*rig){
		"unreachable":            func(r *rig) { r.snapshot().fail("refused") },
		"forbidden":              func(r *rig) { r.snapshot().refuse(403, "Forbidden") },
		"unavailable":            func(r *rig) { r.snapshot().refuse(503, "ServiceUnavailable") },
		"throttled":              func(r *rig) { r.snapshot().refuse(429, "TooManyRequests") },
		"a snapshot that is cut": func(r *rig) { r.snapshot().ok().cut() },
		"an ERROR 404": func(r *rig) {
			r.snapshot().ok().event("ERROR", status(404, "NotFound"))
			r.document("/apis/example.com", "")
			r.document("/api/v1", coreDoc)
			r.document("/apis/example.com", "")
		},
		"discovery is unavailable": func(r *rig) {
			r.snapshot().refuseText(404, "404 page not found")
			r.next().refuse(503, "ServiceUnavailable")
		},
		"discovery is a web page": func(r *rig) {
			r.snapshot().refuseText(404, "404 page not found")
			b := r.next().respond(404, "text/html")
			b.write("<html>404 Not Found</html>")
			b.end()
		},
		"discovery of another kind": func(r *rig) {
			r.snapshot().refuseText(404, "404 page not found")
			r.document("/apis/example.com", `{"kind":"Status","status":"Success"}`)
		},
		"discovery of nothing": func(r *rig) {
			r.snapshot().refuseText(404, "404 page not found")
			r.document("/apis/example.com", `{}`)
		},
		"another version is served": func(r *rig) {
			r.snapshot().refuseText(404, "404 page not found")
			r.document("/apis/example.com", groupDoc)
			r.document("/apis/example.com/v1", noneDoc)
			r.document("/apis/example.com/v2", v2Doc)
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(r *rig) {
				r.synced("7", pod("a", "5")).end()
				r.unservedFor(absentFor - 40*time.Second)
				other(r)
				r.unservedFor(absentFor - 40*time.Second)
				r.expect()
				b := r.snapshot().ok()
				b.event("ADDED", pod("a", "5"))
				b.initialEnd("9")
				r.expect("synced 9 true")
			}, things)
		})
	}
}

// The message says what the stream waits for.
func TestRule41SaysWhatItWaitsFor(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7", pod("a", "5")).end()
		r.unserved()
		if s := r.is(report.Blocked, report.ReasonNotServed); !strings.Contains(s.Message, "two minutes") {
			t.Errorf("message %q", s.Message)
		}
	}, things)
}
