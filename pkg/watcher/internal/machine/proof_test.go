package machine

import (
	"strings"
	"testing"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

// proof is the next request, which has to be the list of one item that verifies a snapshot, over a connection of its own.
func (s *script) proof() *call {
	s.t.Helper()
	c := s.list("1", "")
	if !c.fresh {
		s.t.Error("a snapshot is verified over a connection that was in use")
	}
	return c
}

// verified is a rig whose test answers the lists that verify snapshots.
func verified(t *testing.T, test func(*rig), change ...func(*apiclient.Target, *Options, *recorder)) {
	t.Helper()
	run(t, func(r *rig) {
		r.manual.Store(true)
		test(r)
	}, change...)
}

// relist has a synced stream lose its history.
func (r *rig) relist(b *body) {
	b.event("ERROR", status(410, "Expired"))
}

func TestRule58EmptyAtFirst(t *testing.T) {
	verified(t, func(r *rig) {
		b := r.snapshot().ok()
		b.initialEnd("7")
		r.expect()
		r.proof().ok().page("8", "")
		r.expect("synced 7 false")
		b.event("ADDED", pod("a", "9")) // in the same answer: nothing else was asked for
		r.expect("upsert a@uid-a:9 new")
		r.is(report.Streaming, "")
	}, func(target *apiclient.Target, _ *Options, _ *recorder) { target.Labels = "app=web" })
}

// A healthy snapshot costs no further request.
func TestRule58NothingToVerify(t *testing.T) {
	verified(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"), pod("b", "6"))
		r.relist(b)
		b = r.snapshot().ok()
		b.event("ADDED", pod("b", "6"))
		b.initialEnd("9")
		r.expect("gone a@uid-a:5 relist partial", "synced 9 true")
		r.none(time.Minute)
	})
}

func TestRule58EmptyAtFirstWhileObjectsExist(t *testing.T) {
	verified(t, func(r *rig) {
		r.snapshot().ok().initialEnd("7")
		r.proof().ok().page("7", "more", pod("a", "5"))
		r.list("500", "").ok().page("7", "", pod("a", "5"), pod("b", "6"))
		r.expect("upsert a@uid-a:5 new initial", "upsert b@uid-b:6 new initial", "synced 7 false")
		if got := r.obs.get("relist unconfirmed"); got != 1 {
			t.Errorf("counted %d", got)
		}
		r.watch("7").ok()
		r.is(report.Streaming, "")
		if r.server.WatchListRefused(pods) {
			t.Error("one bad snapshot is remembered as a refusal")
		}
	})
}

func TestRule58DeletesAll(t *testing.T) {
	for name, c := range map[string]struct {
		shows  []string // by the snapshot
		proof  []string
		token  string
		listed []string // by the list that follows a contradiction; nil: there is none
		want   []string
	}{
		"empty, and it is so": {want: []string{"gone a@uid-a:5 relist partial", "gone b@uid-b:6 relist partial", "synced 9 true"}},
		"empty, while they exist": {
			proof: []string{pod("a", "5")}, token: "more", listed: []string{pod("a", "5"), pod("b", "6")}, want: []string{"synced 10 true"},
		},
		"empty, and an empty page with a token": {
			token: "more", listed: []string{pod("a", "5"), pod("b", "6")}, want: []string{"synced 10 true"},
		},
		"others only, and it is so": {
			shows: []string{pod("z", "8")}, proof: []string{pod("z", "8")},
			want: []string{"upsert z@uid-z:8 new relist", "gone a@uid-a:5 relist partial", "gone b@uid-b:6 relist partial", "synced 9 true"},
		},
		"others only, while they exist": {
			shows: []string{pod("z", "8")}, proof: []string{pod("a", "5")}, listed: []string{pod("a", "5"), pod("b", "6"), pod("z", "8")},
			want: []string{"upsert z@uid-z:8 new relist", "synced 10 true"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			verified(t, func(r *rig) {
				r.relist(r.synced("7", pod("a", "5"), pod("b", "6")))
				b := r.snapshot().ok()
				for _, o := range c.shows {
					b.event("ADDED", o)
				}
				b.initialEnd("9")
				r.proof().ok().page("9", c.token, c.proof...)
				if c.listed != nil {
					r.list("500", "").ok().page("10", "", c.listed...)
					r.watch("10").ok()
				}
				r.expect(c.want...)
			})
		})
	}
}

// A list that deletes all is read again if the verification contradicts it, as often as it does.
func TestRule58ListDeletesAll(t *testing.T) {
	verified(t, func(r *rig) {
		listing(r)
		r.list("500", "").ok().page("7", "", pod("a", "5"))
		r.relist(r.watch("7").ok())
		r.told()
		for range 3 {
			r.list("500", "").ok().page("9", "")
			r.proof().ok().page("9", "", pod("a", "5"))
		}
		if s := r.is(report.Blocked, report.ReasonUnconfirmed); !strings.Contains(s.Message, "contradict") {
			t.Errorf("message %q", s.Message)
		}
		r.expect()
		r.list("500", "").ok().page("9", "")
		r.proof().ok().page("9", "")
		r.expect("gone a@uid-a:5 relist partial", "synced 9 true")
	})
}

// A program that may watch, and not list: a second snapshot, over a connection of its own, has to say the same.
func TestRule58ListIsRefused(t *testing.T) {
	for _, code := range []int{403, 405, 400, 422} {
		verified(t, func(r *rig) {
			r.relist(r.synced("7", pod("a", "5"), pod("b", "6")))
			r.snapshot().ok().initialEnd("9")
			r.proof().refuse(code, "Whatever")
			r.expect()
			c := r.snapshot()
			if !c.fresh {
				t.Error("the second snapshot comes over the same connection")
			}
			c.ok().initialEnd("10")
			r.expect("gone a@uid-a:5 relist partial", "gone b@uid-b:6 relist partial", "synced 10 true")
		})
		verified(t, func(r *rig) {
			r.snapshot().ok().initialEnd("7")
			r.proof().refuse(code, "Whatever")
			b := r.snapshot().ok()
			b.event("ADDED", pod("a", "5"))
			b.initialEnd("8")
			r.expect("upsert a@uid-a:5 new initial", "synced 8 false")
			r.relist(b)
			r.snapshot().ok().initialEnd("9") // which is doubted as the first was
			r.proof()
		})
	}
}

// What keeps the verification from being answered keeps the snapshot from being believed.
func TestRule58VerificationFails(t *testing.T) {
	for name, answer := range map[string]func(*call){
		"unreachable": func(c *call) { c.fail("refused") },
		"unavailable": func(c *call) { c.refuse(503, "ServiceUnavailable") },
		"throttled":   func(c *call) { c.refuse(429, "TooManyRequests") },
		"a web page":  func(c *call) { b := c.respond(200, "text/html"); b.write("<html>"); b.end() },
		"cut":         func(c *call) { b := c.ok(); b.write(`{"kind":"PodList","items":[`); b.cut() },
	} {
		t.Run(name, func(t *testing.T) {
			verified(t, func(r *rig) {
				r.relist(r.synced("7", pod("a", "5")))
				for range 5 {
					r.snapshot().ok().initialEnd("9")
					answer(r.proof())
					r.expect()
				}
				r.snapshot().ok().initialEnd("9")
				r.proof().ok().page("9", "")
				r.expect("gone a@uid-a:5 relist partial", "synced 9 true")
			})
		})
	}
}

// A snapshot that is older than the one before comes from a server that lags behind, unless the list is as old: then etcd
// was restored.
func TestRule58OlderSnapshot(t *testing.T) {
	verified(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"))
		b.event("ADDED", pod("b", "9"))
		r.expect("upsert b@uid-b:9 new")
		r.relist(b)
		b = r.snapshot().ok()
		b.event("ADDED", pod("a", "5"))
		b.initialEnd("8")
		r.proof().ok().page("9", "more", pod("a", "5"))
		r.list("500", "").ok().page("9", "", pod("a", "5"), pod("b", "9"))
		b = r.watch("9").ok()
		r.expect("synced 9 true")

		r.relist(b)
		b = r.snapshot().ok()
		b.event("ADDED", pod("a", "5"))
		b.initialEnd("8")
		r.proof().ok().page("8", "", pod("a", "5"))
		r.expect("gone b@uid-b:9 relist partial", "synced 8 true")
	})
}

// What a page that was cut had shown says nothing of the one that is read instead.
func TestRule58PageThatWasCut(t *testing.T) {
	verified(t, func(r *rig) {
		listing(r)
		r.list("500", "").ok().page("7", "", pod("a", "5"), pod("b", "5"))
		r.relist(r.watch("7").ok())
		r.told()
		b := r.list("500", "").ok()
		b.write(`{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"9"},"items":[` + pod("a", "5") + `,`)
		b.cut()
		r.list("500", "").ok().page("9", "")
		r.proof().ok().page("9", "more", pod("a", "5"))
		r.list("500", "").ok().page("9", "", pod("a", "5"), pod("b", "5"))
		r.expect("synced 9 true")
	})
}

// Only a refusal that is about lists has a second snapshot decide.
func TestRule58VerificationExpired(t *testing.T) {
	for _, code := range []int{410, 504, 409} {
		verified(t, func(r *rig) {
			r.relist(r.synced("7", pod("a", "5")))
			for range 4 {
				r.snapshot().ok().initialEnd("9")
				r.proof().refuse(code, "Whatever")
			}
			r.expect()
		})
	}
}
