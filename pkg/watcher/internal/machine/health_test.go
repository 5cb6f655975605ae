package machine

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

// emptyAnswers are answers of 200 to a watch that bring nothing that can be used, and end at once.
var emptyAnswers = map[string]func(*call){
	"nothing":     func(c *call) { c.ok().end() },
	"a cut":       func(c *call) { c.ok().cut() },
	"white space": func(c *call) { b := c.ok(); b.write(" \n\n"); b.end() },
	"a list":      func(c *call) { c.ok().page("9", "", pod("a", "5")) },
	"a large list": func(c *call) {
		b := c.ok()
		b.write(`{"apiVersion":"v1","items":[` + strings.Repeat(`{},`, 1000))
		b.end()
	},
	"a login page":       func(c *call) { b := c.respond(200, "text/html"); b.write("<html>"); b.end() },
	"HTML called JSON":   func(c *call) { b := c.ok(); b.write("<!doctype html>"); b.end() },
	"HTML of no type":    func(c *call) { b := c.respond(200, ""); b.write("<html>"); b.end() },
	"HTML as protobuf":   func(c *call) { b := c.respond(200, typeProtobuf+";stream=watch"); b.write("<html>"); b.end() },
	"HTML as CBOR":       func(c *call) { b := c.respond(200, "application/cbor-seq"); b.write("<html>"); b.end() },
	"a table":            func(c *call) { c.respond(200, "application/json;as=Table;g=meta.k8s.io;v=v1").end() },
	"unknown documents":  func(c *call) { b := c.ok(); b.write(`{"x":1}` + "\n" + `{"x":2}`); b.end() },
	"text":               func(c *call) { b := c.respond(200, "text/plain"); b.write("OK"); b.end() },
	"events of no name":  func(c *call) { b := c.ok(); b.event("PING", "{}"); b.end() },
	"a page in protobuf": func(c *call) { b := c.respond(200, typeProtobuf); b.write("k8s\x00\x0a\x00"); b.end() },
}

// A watch that opens and brings nothing usable is blocked, says why, and does not recover with each status line.
func TestRule59NothingUsable(t *testing.T) {
	for name, answer := range emptyAnswers {
		t.Run(name, func(t *testing.T) {
			logs := &logLines{}
			run(t, func(r *rig) {
				r.synced("7", pod("a", "5")).end()
				for n := 0; n < 40; {
					if c := r.next(); c.q.Has("watch") && c.q.Has("sendInitialEvents") {
						b := c.ok()
						b.event("ADDED", pod("a", "5"))
						b.initialEnd("7")
						b.end()
					} else if c.q.Has("watch") {
						answer(c)
						n++
					} else {
						c.ok().page("7", "", pod("a", "5"))
					}
				}
				s := r.is(report.Blocked, report.ReasonBadAnswer)
				if s.Message == "" || strings.Contains(s.Message, "EOF") || strings.Contains(s.Message, "larger than") {
					t.Errorf("message %q", s.Message)
				}
				if n := logs.count("stream is blocked"); n == 0 || n > 7 { // among them a reminder every ten minutes
					t.Errorf("blocked %d times:\n%s", n, logs)
				}
				if n := logs.count("stream has recovered"); n > 1 {
					t.Errorf("recovered %d times:\n%s", n, logs)
				}
				if told := strings.Join(r.told(), "\n"); strings.Contains(told, "gone") || strings.Contains(told, "upsert") {
					t.Errorf("the handler was told\n%s", told)
				}
				for { // and it is well when events come again
					c := r.next()
					if !c.q.Has("watch") {
						c.ok().page("7", "", pod("a", "5"))
						continue
					}
					b := c.ok()
					if c.q.Has("sendInitialEvents") {
						b.event("ADDED", pod("a", "5"))
						b.initialEnd("7")
					}
					b.event("MODIFIED", pod("a", "8"))
					r.expectAmong("upsert a@uid-a:8")
					r.none(shortWatch + time.Second)
					r.is(report.Streaming, "")
					return
				}
			}, logs.into)
		})
	}
}

// expectAmong wants a line among those that the handler was told.
func (r *rig) expectAmong(want string) {
	r.t.Helper()
	if got := strings.Join(r.told(), "\n"); !strings.Contains(got, want) {
		r.t.Errorf("the handler was told\n%s\nwithout %s", got, want)
	}
}

// A quiet watch is healthy: without events and bookmarks for minutes, with short timeouts, or with headers that wait.
func TestRule59QuietWatchesAreHealthy(t *testing.T) {
	for name, lived := range map[string]time.Duration{"short": shortWatch, "ten seconds": 10 * time.Second, "long": 7 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			run(t, func(r *rig) {
				b := r.synced("7")
				for range 30 {
					r.none(lived)
					b.end()
					c := r.next()
					if !c.q.Has("watch") {
						c.ok().page("7", "")
						c = r.next()
					}
					b = c.ok()
					r.is(report.Streaming, "")
				}
				r.phases(r.flat("resuming clean_end", "streaming", 30)...)
			})
		})
	}
}

func (r *rig) flat(a, b string, n int) (out []string) {
	for range n {
		out = append(out, a, b)
	}
	return out
}

// An answer of 200 is no recovery; a bookmark is.
func TestRule60ABookmarkIsARecovery(t *testing.T) {
	for name, sign := range map[string]func(*body){
		"a bookmark": func(b *body) { b.bookmark("8") },
		"an event":   func(b *body) { b.event("ADDED", pod("b", "8")) },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(r *rig) {
				r.synced("7").end()
				r.watch("7").refuse(403, "Forbidden")
				r.is(report.Blocked, report.ReasonForbidden)
				b := r.watch("7").ok()
				if s := r.is(report.Blocked, report.ReasonForbidden); !strings.Contains(s.Message, "verb") {
					t.Errorf("message %q", s.Message)
				}
				sign(b)
				r.is(report.Streaming, "")
			})
		})
	}
}

func TestRule60ACompletePageIsARecovery(t *testing.T) {
	run(t, func(r *rig) {
		r.snapshot().refuse(422, "Invalid")
		r.list("500", "").refuse(500, "InternalError")
		r.is(report.Blocked, report.ReasonServerError)
		b := r.list("500", "").ok()
		r.is(report.Blocked, report.ReasonServerError)
		b.page("7", "more")
		c := r.list("500", "more")
		r.is(report.Listing, report.ReasonNoWatchList)
		c.ok().page("7", "")
		r.watch("7").ok()
		r.is(report.Streaming, "")
	})
}

// A server that sends a little and then fails, each time: the state and the log do not alternate.
func TestRule60NoAlternation(t *testing.T) {
	for name, attempt := range map[string]func(*rig){
		"a bookmark and an error": func(r *rig) {
			b := r.next().ok()
			b.initialEnd("7")
			b.event("ERROR", status(500, "InternalError"))
		},
		"a part of a snapshot": func(r *rig) {
			b := r.next().ok()
			b.event("ADDED", pod("a", "5"))
			b.event("ERROR", status(403, "Forbidden"))
		},
		"a part and rubbish": func(r *rig) {
			b := r.next().ok()
			b.event("ADDED", pod("a", "5"))
			b.write("<")
			b.end()
		},
	} {
		t.Run(name, func(t *testing.T) {
			logs := &logLines{}
			run(t, func(r *rig) {
				for range 40 {
					attempt(r)
				}
				r.none(time.Millisecond)
				if p := r.State().Phase; p != report.Blocked {
					t.Errorf("the phase is %v", p)
				}
				if n := logs.count("stream is blocked"); n > 4 {
					t.Errorf("blocked %d times:\n%s", n, logs)
				}
				if n := logs.count("stream has recovered"); n > 1 {
					t.Errorf("recovered %d times:\n%s", n, logs)
				}
			}, logs.into)
		})
	}
}

// Headers may wait for the first event after an outage too, and a gateway that times out meanwhile is no recovery twice.
func TestRule60AGatewayThatTimesOut(t *testing.T) {
	logs := &logLines{}
	run(t, func(r *rig) {
		r.synced("7").cut()
		for range 20 {
			c := r.watch("7")
			r.none(90 * time.Second)
			c.refuseText(http.StatusGatewayTimeout, "504")
		}
		r.is(report.Blocked, report.ReasonServerError)
		if n := logs.count("stream has recovered"); n > 1 {
			t.Errorf("recovered %d times:\n%s", n, logs)
		}
		r.watch("7").ok()
		r.lasts(report.Blocked, report.ReasonServerError)
	}, logs.into)
}

func TestBlockedIsLogged(t *testing.T) {
	logs := &logLines{}
	run(t, func(r *rig) {
		r.synced("7").end()
		refuse := func(code int, message string) {
			b := r.watch("7").respond(code, "application/json", "Retry-After", "1")
			b.write(fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"X","code":%d,"message":%q}`, code, message))
			b.end()
			r.none(time.Millisecond)
		}
		blocked := func(want int) {
			t.Helper()
			if n := logs.count("stream is blocked"); n != want {
				t.Errorf("%d lines, want %d:\n%s", n, want, logs)
			}
		}
		refuse(429, "storage is (re)initializing, request 1")
		blocked(1)
		if line := logs.String(); !strings.Contains(line, `"error":null`) || strings.Contains(line, `"level":`) {
			t.Errorf("it is no error: %s", line)
		}
		refuse(429, "storage is (re)initializing, request 2 from 10.0.0.1:443 [fe80::1]:6443 id 3f2504e0-4f89-11d3-9a0c-0305e82c3301")
		blocked(2) // longer
		refuse(429, "storage is (re)initializing, request 99 from 10.9.0.17:6443 [2001:db8::7]:443 id aaaa04e0-4f89-11d3-9a0c-0305e82c3302")
		blocked(2)
		refuse(429, `conversion webhook for example.com/v1, Kind=Thing failed: Post "https://hook.ns.svc:443/convert?timeout=30s": connection refused`)
		blocked(3)
		if s := r.is(report.Blocked, report.ReasonServerError); !strings.Contains(s.Message, "conversion webhook of") || !strings.Contains(logs.String(), "connection refused") {
			t.Errorf("message %q, log\n%s", s.Message, logs)
		}
		for i := range 20 { // to and fro: each is known
			refuse(429, "storage is (re)initializing, request "+fmt.Sprint(i))
			refuse(503, "etcd is away")
		}
		blocked(4)
		r.watch("7").ok().bookmark("8")
		r.is(report.Streaming, "")
		if n := logs.count("stream has recovered"); n != 1 {
			t.Errorf("recovered %d times", n)
		}
	}, logs.into)
}

// Messages that are really new each time do not fill the log.
func TestBlockedIsLoggedWithinBounds(t *testing.T) {
	logs := &logLines{}
	run(t, func(r *rig) {
		r.synced("7").end()
		took := after(func() {
			for i := range 100 {
				r.watch("7").refuseText(503, strings.Repeat("x", i+1))
			}
		})
		if n, most := logs.count("stream is blocked"), newsMax*(1+int(took/remindEvery)); n < newsMax || n > most || most > 50 {
			t.Errorf("%d lines in %v", n, took)
		}
	}, logs.into)
}

func TestBlockedIsLoggedAgain(t *testing.T) {
	logs := &logLines{}
	run(t, func(r *rig) {
		r.snapshot().refuse(400, "BadRequest")
		for range 2 {
			r.list("500", "").refuse(400, "BadRequest")
		}
		r.is(report.Blocked, report.ReasonInvalid)
		r.none(9 * time.Minute)
		if n := logs.count("stream is blocked"); n != 1 {
			t.Errorf("%d lines:\n%s", n, logs)
		}
		r.none(51*time.Minute + time.Second) // for ever, and the log says so
		if n := logs.count("stream is blocked"); n != 7 {
			t.Errorf("%d lines:\n%s", n, logs)
		}
		if !strings.Contains(logs.String(), `"for":"1h0m`) {
			t.Errorf("it does not say for how long:\n%s", logs)
		}
	}, logs.into, func(target *apiclient.Target, _ *Options, _ *recorder) { target.Fields = "spec.nope=1" })
}

// Also where attempts go on.
func TestBlockedIsLoggedAgainWhileTried(t *testing.T) {
	logs := &logLines{}
	run(t, func(r *rig) {
		r.synced("7").end()
		took := after(func() {
			for range 125 {
				r.watch("7").refuse(403, "Forbidden")
			}
		})
		reminders := int(took / remindEvery)
		if n := logs.count("stream is blocked"); reminders < 3 || n < reminders || n > 1+reminders {
			t.Errorf("%d lines in %v", n, took)
		}
	}, logs.into)
}

// What servers say is bounded and escaped before it is kept or logged.
func TestMessagesAreBounded(t *testing.T) {
	logs := &logLines{}
	run(t, func(r *rig) {
		r.synced("7").end()
		b := r.watch("7").respond(403, "application/json")
		b.write(`{"kind":"Status","code":403,"reason":"Forbidden","message":"` + "\u009b\u202e\u2028\x7f" + strings.Repeat("x", 100_000) + `"}`)
		b.end()
		s := r.is(report.Blocked, report.ReasonForbidden)
		for what, text := range map[string]string{"message": s.Message, "log": logs.String()} {
			if len(text) > 5000 || strings.ContainsAny(text, "\u009b\u202e\u2028\x7f") || !strings.Contains(text, `\u202e`) {
				t.Errorf("%s: %d bytes: %.300q", what, len(text), text)
			}
		}
	}, logs.into)
}
