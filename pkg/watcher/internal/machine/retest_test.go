package machine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

// polls answers lists until something else is asked, and returns that and how long it took.
func (r *rig) polls(rv string, objects ...string) (c *call, took time.Duration) {
	r.t.Helper()
	took = after(func() {
		for c = r.next(); !c.q.Has("watch"); c = r.next() {
			c.ok().page(rv, "", objects...)
		}
	})
	return c, took
}

// One 405 does not make a stream poll for good.
func TestRule42AWatchIsTriedAgain(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7", pod("a", "5")).end()
		r.watch("7").refuse(405, "MethodNotAllowed")
		r.is(report.Polling, report.ReasonPoll)
		c, took := r.polls("9", pod("a", "8"))
		if took < retestAfter || took > retestAfter+time.Minute {
			t.Errorf("tried after %v", took)
		}
		if c.q.Get("resourceVersion") != "9" {
			t.Errorf("asked %s", c.q.Encode())
		}
		b := c.ok()
		r.is(report.Streaming, "")
		b.event("MODIFIED", pod("a", "10"))
		b.end()
		r.watch("10").ok()
		r.expectAmong("upsert a@uid-a:10")
	})
}

// What cannot be watched is polled, and tried at least hourly.
func TestRule42AWatchIsTriedHourly(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7").end()
		r.watch("7").refuse(405, "MethodNotAllowed")
		r.phases("resuming short_watch", "polling poll")
		var waits []time.Duration
		for range 7 {
			c, took := r.polls("9")
			waits = append(waits, took.Truncate(time.Minute))
			c.refuse(405, "MethodNotAllowed")
			r.is(report.Polling, report.ReasonPoll)
		}
		if got := fmt.Sprint(waits); got != "[5m0s 10m0s 20m0s 40m0s 1h0m0s 1h0m0s 1h0m0s]" {
			t.Errorf("tried after %v", got)
		}
		r.phases() // the state does not change for that
	})
}

// Who cannot list while polling may be able to watch.
func TestRule42AWatchIsTriedWhereListsFail(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7").end()
		r.watch("7").refuse(405, "MethodNotAllowed")
		var c *call
		took := after(func() {
			for c = r.next(); !c.q.Has("watch"); c = r.next() {
				c.refuse(403, "Forbidden")
			}
		})
		if took > retestAfter+time.Minute {
			t.Errorf("tried after %v", took)
		}
		b := c.ok()
		b.event("ADDED", pod("a", "8"))
		b.initialEnd("9")
		r.is(report.Streaming, "")
	})
}

// One list without a resourceVersion does not make a stream poll for good.
func TestRule56AVersionAfterAll(t *testing.T) {
	run(t, func(r *rig) {
		r.snapshot().refuse(422, "Invalid")
		r.list("500", "").ok().page("", "", pod("a", "5"))
		r.is(report.Polling, report.ReasonNoVersion)
		r.list("500", "").ok().page("", "", pod("a", "5"))
		r.is(report.Polling, report.ReasonNoVersion)
		r.list("500", "").ok().page("9", "", pod("a", "5"))
		r.watch("9").ok()
		r.is(report.Streaming, "")
	})
}

func TestRule04SnapshotsAreTriedHourly(t *testing.T) {
	run(t, func(r *rig) {
		r.snapshot().refuse(422, "Invalid")
		r.list("500", "").ok().page("7", "")
		b := r.watch("7").ok()
		expire := func() {
			b.event("ERROR", status(410, "Expired"))
			b.end()
		}
		time.Sleep(time.Minute)
		expire()
		r.list("500", "").ok().page("9", "")
		b = r.watch("9").ok()
		for range 9 {
			r.none(7 * time.Minute)
			b.bookmark("9")
			b.end()
			b = r.watch("9").ok()
		}
		if r.server.WatchListRefused(pods) {
			t.Error("still refused")
		}
		expire()
		r.snapshot().ok().initialEnd("10")
		r.is(report.Streaming, "")
	})
}

func TestRule43MediaTypesAreTriedHourly(t *testing.T) {
	protobuf := func(c *call) bool { return strings.Contains(c.h.Get("Accept"), "protobuf") }
	run(t, func(r *rig) {
		for range mediaTries + 1 {
			c := r.snapshot()
			if !protobuf(c) {
				t.Errorf("Accept %q", c.h.Get("Accept"))
			}
			b := c.respond(200, typeProtobuf+";stream=watch")
			b.write("<html>")
			b.end()
		}
		b := r.snapshot().ok()
		b.initialEnd("7")
		for range 9 {
			r.none(7 * time.Minute)
			b.bookmark("7")
			b.end()
			c := r.watch("7")
			if protobuf(c) {
				r.is(report.Resuming, report.ReasonCleanEnd)
				bad := c.respond(200, typeProtobuf+";stream=watch")
				bad.write("<html>") // still so: that is no news
				bad.end()
				if c = r.watch("7"); protobuf(c) {
					t.Error("asked for twice")
				}
				c.ok()
				r.is(report.Streaming, "")
				return
			}
			b = c.ok()
		}
		t.Error("it was not tried again")
	}, func(target *apiclient.Target, _ *Options, _ *recorder) { target.Resource.Protobuf = true })
}

// Where all forms were refused, they take turns: one of the refusals may have been an odd answer.
func TestRule43AllRefused(t *testing.T) {
	run(t, func(r *rig) {
		asked := map[string]int{}
		for range 8 {
			c := r.snapshot()
			asked[c.h.Get("Accept")]++
			c.refuse(406, "NotAcceptable")
		}
		for accept, n := range asked {
			if n < 3 || len(asked) != 2 {
				t.Errorf("%s: %d times of 8, among %d", accept, n, len(asked))
			}
		}
		r.is(report.Blocked, report.ReasonNoMedia)
	}, func(target *apiclient.Target, _ *Options, _ *recorder) { target.Resource.Protobuf = true })
}

// A custom resource may gain the field that it is selected by.
func TestRule44ACustomResourceMayGainTheField(t *testing.T) {
	run(t, func(r *rig) {
		requests := 0
		for from := time.Now(); time.Since(from) < 3*time.Hour; requests++ {
			took := after(func() { r.next().refuse(400, "BadRequest") })
			if took > slowly*11/10 {
				t.Errorf("again after %v", took)
			}
		}
		r.is(report.Blocked, report.ReasonInvalid)
		if requests > 100 {
			t.Errorf("%d requests in three hours", requests)
		}
		if c := r.next(); c.q.Has("watch") {
			b := c.ok()
			b.event("ADDED", pod("a", "5"))
			b.initialEnd("9")
		} else {
			c.ok().page("9", "", pod("a", "5"))
			r.watch("9").ok().bookmark("9")
		}
		r.is(report.Streaming, "")
		if r.server.WatchListRefused(r.target.Resource) {
			t.Error("a refused selector is no refusal of snapshots")
		}
	}, things, func(target *apiclient.Target, _ *Options, _ *recorder) { target.Fields = "spec.nope=1" })
}

// One odd answer is not the server's verdict on a declaration.
func TestRule44OddAnswersAreNoVerdict(t *testing.T) {
	for name, answer := range map[string]func(*call){
		"HTML":  func(c *call) { b := c.respond(400, "text/html"); b.write("<html>"); b.end() },
		"empty": func(c *call) { c.respond(400, "application/json").end() },
		"text":  func(c *call) { c.refuseText(400, "plain HTTP request sent to HTTPS port") },
		"without kind": func(c *call) {
			b := c.respond(400, "application/json")
			b.write(`{"reason":"BadRequest","code":400}`)
			b.end()
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(r *rig) {
				for range 30 {
					answer(r.next())
				}
				s := r.is(report.Blocked, report.ReasonInvalid)
				if s.RetryAt.IsZero() || !strings.Contains(s.Message, "proxy") {
					t.Errorf("state %+v", s)
				}
			}, func(target *apiclient.Target, _ *Options, _ *recorder) { target.Fields = "spec.nope=1" })
		})
	}
}

func TestRule44OneRefusalIsNoVerdict(t *testing.T) {
	run(t, func(r *rig) {
		r.snapshot().refuse(400, "BadRequest")
		r.list("500", "").refuse(400, "BadRequest")
		r.list("500", "").ok().page("9", "")
		r.watch("9").ok()
	}, func(target *apiclient.Target, _ *Options, _ *recorder) { target.Fields = "metadata.name=a" })
}

// A kind that can only be created is named as such, whatever the server says about it.
func TestKindsThatCanOnlyBeCreated(t *testing.T) {
	for name, c := range map[string]struct {
		group, kind, plural string
		answer              func(*rig)
		why                 report.Reason
	}{
		"TokenReview": {"authentication.k8s.io", "TokenReview", "tokenreviews", func(r *rig) {
			for range 8 {
				r.next().refuse(405, "MethodNotAllowed")
			}
		}, report.ReasonNotListable},
		"Eviction": {"policy", "Eviction", "evictions", func(r *rig) {
			r.next().refuseText(404, "404 page not found")
			r.document("/apis/policy", `{"kind":"APIGroup","name":"policy","versions":[{"groupVersion":"policy/v1","version":"v1"}]}`)
			r.document("/apis/policy/v1", `{"kind":"APIResourceList","groupVersion":"policy/v1","resources":[]}`)
			for c := r.next(); ; c = r.next() { // whatever else is asked to be sure
				switch c.path {
				case "/api/v1":
					b := c.ok()
					b.write(coreDoc)
					b.end()
				case "/apis/policy":
					b := c.ok()
					b.write(`{"kind":"APIGroup","name":"policy","versions":[{"groupVersion":"policy/v1","version":"v1"}]}`)
					b.end()
				case "/apis/policy/v1":
					b := c.ok()
					b.write(`{"kind":"APIResourceList","groupVersion":"policy/v1","resources":[]}`)
					b.end()
				default:
					return
				}
			}
		}, report.ReasonNotServed},
		"SelfSubjectAccessReview without rights": {"authorization.k8s.io", "SelfSubjectAccessReview", "selfsubjectaccessreviews", func(r *rig) {
			r.next().refuse(403, "Forbidden")
		}, report.ReasonForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(r *rig) {
				c.answer(r)
				s := r.is(report.Blocked, c.why)
				if !strings.Contains(s.Message, c.kind+" is a request") || !strings.Contains(s.Message, "can only be created") {
					t.Errorf("message %q", s.Message)
				}
			}, func(target *apiclient.Target, _ *Options, _ *recorder) {
				target.Resource.Group, target.Resource.Kind, target.Resource.Plural = c.group, c.kind, c.plural
			})
		})
	}
	run(t, func(r *rig) {
		took := after(func() {
			for range 12 {
				r.next().refuse(405, "MethodNotAllowed")
			}
		})
		s := r.is(report.Blocked, report.ReasonNotListable)
		if took < slowly || !strings.Contains(s.Message, "does not offer the verbs list and watch for things") {
			t.Errorf("after %v: %q", took, s.Message)
		}
	}, things)
}

// A list without an end is asked for more and more slowly, and the log says so.
func TestRule65PagesWithoutAnEnd(t *testing.T) {
	logs := &logLines{}
	run(t, func(r *rig) {
		page := 0
		pages := func(n int) time.Duration {
			return after(func() {
				for range n {
					token := ""
					if page > 0 {
						token = fmt.Sprint("t", page)
					}
					page++
					r.list("500", token).ok().page("7", fmt.Sprint("t", page), pod(fmt.Sprint("p", page), "5"))
				}
			})
		}
		r.snapshot().refuse(422, "Invalid")
		if took := pages(calmPages); took != 0 {
			t.Errorf("the first pages took %v", took)
		}
		if took := pages(1200); took < time.Minute || took > 20*time.Minute {
			t.Errorf("the next pages took %v", took)
		}
		if took := pages(100); took < 90*time.Second || took > 101*time.Second {
			t.Errorf("a hundred later pages took %v", took)
		}
		if n := logs.count("the list has many pages: the stream pauses before each further one"); n != 3 { // at 400, 800 and 1600
			t.Errorf("%d lines:\n%s", n, logs)
		}
		r.list("500", fmt.Sprint("t", page)).ok().page("7", "") // it has an end, after all
		r.watch("7").ok()
		r.is(report.Streaming, "")
	}, logs.into)
}
