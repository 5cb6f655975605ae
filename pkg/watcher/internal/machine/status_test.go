package machine

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

func TestRule37RetryAfterSeconds(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7").end()
		r.watch("7").refuse(429, "TooManyRequests", "Retry-After", "7")
		if s := r.is(report.Blocked, report.ReasonThrottled); s.RV != "7" {
			t.Errorf("state %+v", s)
		}
		took := after(func() { r.watch("7").ok() })
		if took < 7*time.Second || took > 8*time.Second {
			t.Errorf("again after %v", took)
		}
		r.lasts(report.Blocked, report.ReasonThrottled)
	})
}

func TestRule37RetryAfterDate(t *testing.T) {
	run(t, func(r *rig) {
		c := r.snapshot()
		c.refuse(429, "TooManyRequests", "Retry-After", time.Now().Add(20*time.Second).UTC().Format(http.TimeFormat))
		took := after(func() { r.snapshot().ok() })
		if took < 20*time.Second || took > 22*time.Second {
			t.Errorf("again after %v", took)
		}
	})
}

func TestRule37ThrottledInside(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7")
		b.event("ERROR", `{"kind":"Status","code":429,"reason":"TooManyRequests","details":{"retryAfterSeconds":3}}`)
		took := after(func() { r.watch("7").ok() })
		if took < 3*time.Second || took > 4*time.Second {
			t.Errorf("again after %v", took)
		}
	})
}

func TestRule38ServerErrors(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7", pod("a", "5")).end()
		for range 30 {
			r.watch("7").refuse(503, "ServiceUnavailable")
		}
		r.is(report.Blocked, report.ReasonServerError)
		took := after(func() { r.watch("7").ok() })
		if took > DefaultLongestBackoff {
			t.Errorf("again after %v", took)
		}
		r.lasts(report.Blocked, report.ReasonServerError)
		r.expect()
		if n := r.obs.get("relist start") + r.obs.get("relist expired"); n != 0 {
			t.Errorf("listed %d times", n)
		}
	})
}

func TestRule39Unauthorized(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7")
		r.none(6 * time.Minute) // the token may have ended: the watch goes on
		b.bookmark("8")
		b.end()
		r.watch("8").refuse(401, "Unauthorized")
		c := r.watch("8")
		r.is(report.Resuming, report.ReasonUnauthorized)
		c.refuse(401, "Unauthorized")
		r.is(report.Blocked, report.ReasonUnauthorized)
		took := after(func() { r.watch("8").ok() })
		if took == 0 {
			t.Error("again at once")
		}
		r.lasts(report.Blocked, report.ReasonUnauthorized)
	})
}

// Rights for a user that the server does not know would be rights for everyone: the advice is about credentials then. So it is where the
// request was never sent, or the server is not trusted.
func TestBlockedByOwnCredentials(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(*call)
		why    report.Reason
		says   string
	}{
		"anonymous": {func(c *call) {
			b := c.respond(403, "application/json")
			b.write(`{"kind":"Status","status":"Failure","reason":"Forbidden","code":403,"message":"pods is forbidden: User \"system:anonymous\" cannot watch resource \"pods\""}`)
			b.end()
		}, report.ReasonForbidden, "give the program a token or client certificate"},
		"no credentials": {func(c *call) { c.fail("getting credentials: exec: no such file") }, report.ReasonUnreachable, "repair the command"},
		"not trusted": {func(c *call) {
			c.reply <- reply{err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}}
		}, report.ReasonUnreachable, "correct the certificate authority"},
		"away": {func(c *call) { c.fail("connection refused") }, report.ReasonUnreachable, "the server gives no answer: "},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(r *rig) {
				r.synced("7").end()
				for range 4 {
					c.answer(r.watch("7"))
				}
				if s := r.is(report.Blocked, c.why); !strings.Contains(s.Message, c.says) || strings.Contains(s.Message, "bind a") {
					t.Errorf("message %q, want %q", s.Message, c.says)
				}
			})
		})
	}
}

func TestRule40Forbidden(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7", pod("a", "5")).end()
		r.watch("7").refuse(403, "Forbidden")
		s := r.is(report.Blocked, report.ReasonForbidden)
		for _, part := range []string{`verb "watch"`, `resource "pods"`, `namespace "ns"`, "because Forbidden"} {
			if !strings.Contains(s.Message, part) {
				t.Errorf("message %q lacks %q", s.Message, part)
			}
		}
		for range 10 {
			r.watch("7").refuse(403, "Forbidden")
		}
		r.expect() // nothing is gone
		if err := r.Do(func() {
			if n := r.Index().Len(); n != 1 {
				t.Errorf("%d objects are known", n)
			}
		}); err != nil {
			t.Error(err)
		}
		b := r.watch("7").ok()
		b.event("MODIFIED", pod("a", "8"))
		r.expect("upsert a@uid-a:8")
		r.phases("resuming short_watch", "blocked forbidden", "streaming")
	})
}

const (
	groupDoc = `{"kind":"APIGroup","name":"example.com","versions":[{"groupVersion":"example.com/v1","version":"v1"},{"groupVersion":"example.com/v2","version":"v2"}]}`
	noneDoc  = `{"kind":"APIResourceList","groupVersion":"example.com/v1","resources":[]}`
	v2Doc    = `{"kind":"APIResourceList","groupVersion":"example.com/v2","resources":[{"name":"things","kind":"Thing","namespaced":true,"verbs":["list","watch"]}]}`
	coreDoc  = `{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"namespaces","kind":"Namespace","namespaced":false,"verbs":["list","watch"]}]}`
)

func things(target *apiclient.Target, _ *Options, _ *recorder) {
	target.Resource.Group, target.Resource.Kind, target.Resource.Plural = "example.com", "Thing", "things"
}

// document answers a request of discovery.
func (s *script) document(path, doc string) {
	s.t.Helper()
	c := s.next()
	if c.path != path {
		s.t.Fatalf("want %s, got %s", path, c.path)
	}
	if doc == "" {
		c.refuseText(404, "404 page not found")
		return
	}
	b := c.ok()
	b.write(doc)
	b.end()
}

func TestRule41VersionNotServed(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7", pod("a", "5")).end()
		r.watch("7").refuseText(404, "404 page not found")
		r.document("/apis/example.com", groupDoc)
		r.document("/apis/example.com/v1", noneDoc)
		r.document("/apis/example.com/v2", v2Doc)
		s := r.is(report.Blocked, report.ReasonNotServed)
		if !strings.Contains(s.Message, "v2") {
			t.Errorf("message %q does not say what is served", s.Message)
		}
		r.expect() // the objects are alive
		b := r.snapshot().ok()
		b.event("ADDED", pod("a", "5"))
		b.initialEnd("9")
		r.expect("synced 9 true")
		r.is(report.Streaming, "")
	}, things)
}

// A proxy whose server is away answers 404 to everything: nothing is gone.
func TestRule41NotTheServer(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7", pod("a", "5")).end()
		r.watch("7").refuseText(404, "default backend - 404")
		r.document("/apis/example.com", "")
		r.document("/api/v1", "")
		r.is(report.Blocked, report.ReasonNotServed)
		r.expect()
	}, things)
}

// One that answers 404 for a moment, while the server comes back: nothing is gone.
func TestRule41NotTheServerForAMoment(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7", pod("a", "5")).end()
		r.watch("7").refuseText(404, "default backend - 404")
		r.document("/apis/example.com", "")
		r.document("/api/v1", coreDoc)
		r.document("/apis/example.com", groupDoc)
		r.document("/apis/example.com/v1", noneDoc)
		r.document("/apis/example.com/v2", v2Doc)
		r.is(report.Blocked, report.ReasonNotServed)
		r.expect()
	}, things)
}

func TestRule41DiscoveryFails(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7", pod("a", "5")).end()
		r.watch("7").refuseText(404, "404 page not found")
		r.next().refuse(503, "ServiceUnavailable")
		r.is(report.Blocked, report.ReasonNotServed)
		r.expect()
		b := r.snapshot().ok()
		b.initialEnd("9")
		r.expect("gone a@uid-a:5 relist partial", "synced 9 true")
	}, things)
}

// Before the definition is there.
func TestRule41NotYetServed(t *testing.T) {
	run(t, func(r *rig) {
		r.snapshot().refuseText(404, "404 page not found")
		c := r.next() // discovery hangs; commands are served all the same
		if err := r.Do(func() {}); err != nil {
			t.Error(err)
		}
		c.refuseText(404, "404 page not found")
		r.document("/api/v1", coreDoc)
		r.document("/apis/example.com", "")
		s := r.is(report.Blocked, report.ReasonNotServed)
		if !strings.Contains(s.Message, "example.com") || s.Synced {
			t.Errorf("state %+v", s)
		}
		b := r.snapshot().ok()
		b.event("ADDED", pod("a", "5"))
		b.initialEnd("9")
		r.expect("upsert a@uid-a:5 new initial", "synced 9 false")
	}, things)
}

func TestRule42Polling(t *testing.T) {
	run(t, func(r *rig) {
		r.snapshot().refuse(405, "MethodNotAllowed")
		r.list("500", "").ok().page("7", "", pod("a", "5"), pod("b", "6"))
		r.watch("7").refuse(405, "MethodNotAllowed")
		r.expect("upsert a@uid-a:5 new initial", "upsert b@uid-b:6 new initial", "synced 7 false")
		if s := r.is(report.Polling, report.ReasonPoll); !live(s) || s.Message == "" || s.RetryAt.IsZero() {
			t.Errorf("state %+v", s)
		}
		took := after(func() { r.list("500", "").ok().page("9", "", pod("a", "8")) })
		if took != DefaultPollEvery {
			t.Errorf("polled after %v", took)
		}
		r.expect("upsert a@uid-a:8 relist", "gone b@uid-b:6 relist partial", "synced 9 true")
		r.list("500", "").refuse(503, "ServiceUnavailable")
		r.is(report.Blocked, report.ReasonServerError)
		r.list("500", "").ok().page("9", "", pod("a", "8"))
		r.expect("synced 9 true")
		r.is(report.Polling, report.ReasonPoll)
		if got := r.obs.get("relist poll"); got != 2 {
			t.Errorf("counted %d", got)
		}
	})
}

func TestRule43NextMediaType(t *testing.T) {
	run(t, func(r *rig) {
		c := r.snapshot()
		first := c.h.Get("Accept")
		if !strings.Contains(first, "protobuf") {
			t.Errorf("Accept %q", first)
		}
		c.refuse(406, "NotAcceptable")
		c = r.snapshot()
		if second := c.h.Get("Accept"); second != "application/json" {
			t.Errorf("then %q", second)
		}
		c.refuse(406, "NotAcceptable")
		r.is(report.Blocked, report.ReasonNoMedia)
		r.snapshot().ok().initialEnd("7")
		r.is(report.Streaming, "")
	}, func(target *apiclient.Target, _ *Options, _ *recorder) { target.Resource.Protobuf = true })
}

func TestRule44WrongDeclaration(t *testing.T) {
	run(t, func(r *rig) {
		r.snapshot().refuse(400, "BadRequest")
		r.list("500", "").refuse(400, "BadRequest")
		r.list("500", "").refuse(400, "BadRequest")
		s := r.is(report.Blocked, report.ReasonInvalid)
		if !s.RetryAt.IsZero() || !strings.Contains(s.Message, "spec.nope") {
			t.Errorf("state %+v", s)
		}
		r.none(24 * time.Hour)
		if err := r.Do(func() {}); err != nil { // it waits, and is not dead
			t.Error(err)
		}
		if r.server.WatchListRefused(pods) {
			t.Error("a wrong selector is no refusal of snapshots")
		}
	}, func(target *apiclient.Target, _ *Options, _ *recorder) { target.Fields = "spec.nope=1" })
}

func TestRule51ConversionWebhookDown(t *testing.T) {
	run(t, func(r *rig) {
		r.snapshot().refuse(500, "InternalError")
		if s := r.is(report.Blocked, report.ReasonServerError); !strings.Contains(s.Message, "because InternalError") {
			t.Errorf("message %q", s.Message)
		}
		r.snapshot().ok().initialEnd("7")
		r.is(report.Streaming, "")
	})
}

// The state says why it is blocked until something works, whatever else is tried meanwhile.
func TestBlockedUntilItWorks(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7").end()
		r.watch("7").refuse(403, "Forbidden")
		r.watch("7").fail("refused")
		r.is(report.Blocked, report.ReasonForbidden)
		r.watch("7").fail("refused")
		r.is(report.Blocked, report.ReasonUnreachable)
		r.watch("7").refuse(410, "Expired")
		r.is(report.Blocked, report.ReasonUnreachable)
		b := r.snapshot().ok()
		r.is(report.Blocked, report.ReasonUnreachable)
		b.event("ADDED", pod("a", "5"))
		r.is(report.Relisting, report.ReasonExpired)
	})
}
