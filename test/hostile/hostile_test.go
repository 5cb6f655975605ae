package hostile

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/ancho-dev/ancho/internal/hostile"
)

const (
	asJSON = "application/json"
	asHTML = "text/html; charset=utf-8"

	// How long a server behaves badly, and within which time after that a program has recovered by itself. What a stream
	// has concluded it tests again within an hour.
	hostileFor = 15 * time.Minute
	recovers   = 70 * time.Minute
)

const loginPage = `<!DOCTYPE html><html><head><title>Sign in</title></head><body><form action="/login"></form></body></html>`

const failure = `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":%q,"reason":%q,"code":%d}`

// errorEvent is a watch that brings one ERROR event and ends.
func errorEvent(object string) hostile.Answer {
	return hostile.Raw(ok(asJSON, `{"type":"ERROR","object":`+object+"}\n"))
}

// row is a server that misbehaves in one way.
type row struct {
	name string
	rule hostile.Rule
	says []string // one of these is in /readyz while it does; empty: the program may be well
}

func rows() []row {
	emptyList := `{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}`
	object := `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"z","namespace":"default","uid":"z","resourceVersion":"2"}}`
	long := strings.Repeat("x", 100<<10)
	return []row{
		// What a watch may answer.
		{"an empty 200", watches(hostile.Raw(ok(asJSON, ""))), []string{"bad_answer", "short_watch"}},
		{"a list document for a watch", watches(hostile.Raw(ok(asJSON, emptyList))), []string{"bad_answer"}},
		{"an object for a watch", watches(hostile.Raw(ok(asJSON, object))), []string{"bad_answer"}},
		{"null", watches(hostile.Raw(ok(asJSON, "null\n"))), []string{"bad_answer"}},
		{"a message of 100 kB", everything(hostile.Raw(status(500, asJSON, fmt.Sprintf(failure, long, "InternalError", 500)))), []string{"server_error"}},
		{"a login page", watches(hostile.Raw(ok(asHTML, loginPage))), []string{"bad_answer"}},
		{"a login page that calls itself JSON", watches(hostile.Raw(ok(asJSON, loginPage))), []string{"bad_answer"}},
		{"plain text", watches(hostile.Raw(ok("text/plain", "upstream connect error"))), []string{"bad_answer"}},
		{"a snapshot that is only its end", emptySnapshots, nil},
		{"HTTP/1.0", watches(hostile.Raw("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n")), []string{"bad_answer", "short_watch"}},
		{"pages without an end", endlessPages(), nil},
		{"an unfinished document", watches(hostile.Raw(ok(asJSON, `{"type":"ADDED","obj`))), nil},
		{"random bytes", watches(hostile.Raw(ok("application/vnd.kubernetes.protobuf;stream=watch", "\xff\x00\x17abcdefgh\x00\x01"))), nil},

		// ERROR events in all forms.
		{"410 without kind", watches(errorEvent(`{"code":410}`)), nil},
		{"a message alone", watches(errorEvent(`{"message":"too old resource version: 1 (2)"}`)), nil},
		{"null as an error", watches(errorEvent(`null`)), nil},
		{"an array as an error", watches(errorEvent(`[]`)), nil},
		{"text as an error", watches(errorEvent(`"gone"`)), nil},
		{"another object as an error", watches(errorEvent(object)), nil},
		{"400 too old resource version", watches(errorEvent(fmt.Sprintf(failure, "too old resource version", "BadRequest", 400))), nil},
		{"500 as an error", watches(errorEvent(fmt.Sprintf(failure, "etcdserver: no leader", "InternalError", 500))), nil},
		{"403 as an error", watches(errorEvent(fmt.Sprintf(failure, "no", "Forbidden", 403))), nil},

		// HTTP that is broken.
		{"no HTTP at all", everything(hostile.Raw("SSH-2.0-OpenSSH_9.6\r\n")), []string{"unreachable"}},
		{"a connection that closes", everything(hostile.Raw()), []string{"unreachable"}},
		{"a length that is too long", everything(hostile.Raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{")), nil},
		{"a broken chunk", everything(hostile.Raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n{")), nil},
		{"gzip that is none", everything(hostile.Raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\nplain")), nil},
		{"an unknown encoding", everything(hostile.Raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: br\r\nConnection: close\r\n\r\nxx")), nil},
		{"a header that never ends", everything(trickled), nil},
		{"a large header", everything(hostile.Raw("HTTP/1.1 200 OK\r\nX-Large: " + strings.Repeat("x", 12<<20) + "\r\n\r\n")), []string{"unreachable"}},

		// Text for the log.
		{"control characters", everything(hostile.Raw(status(500, asJSON, fmt.Sprintf(failure, controls, "InternalError", 500)))), []string{"server_error"}},
		{"control characters in text", everything(hostile.Raw(status(502, "text/plain", "\x1b[31mred\r\n\x9b2J"+controls))), []string{"server_error"}},
		{"warnings of 900 kB", everything(hostile.Raw(status(403, asJSON, fmt.Sprintf(failure, "no", "Forbidden", 403), warnings()))), []string{"forbidden"}},

		// Statuses.
		{"500 with HTML", everything(hostile.Raw(status(500, asHTML, loginPage))), []string{"server_error"}},
		{"502 without a body", everything(hostile.Raw(status(502, asHTML, ""))), []string{"server_error"}},
		{"404 in text", everything(hostile.Raw(status(404, "text/plain", "404 page not found\n"))), []string{"not_served"}},
		{"404 with HTML", everything(hostile.Raw(status(404, asHTML, loginPage))), []string{"not_served"}},
		{"403 with HTML", everything(hostile.Raw(status(403, asHTML, loginPage))), []string{"forbidden"}},
		{"401", everything(hostile.Raw(status(401, asJSON, fmt.Sprintf(failure, "no", "Unauthorized", 401)))), []string{"unauthorized"}},
		{"405 for a while", everything(hostile.Raw(status(405, asJSON, fmt.Sprintf(failure, "no", "MethodNotAllowed", 405)))), nil},
		{"406 for a while", everything(hostile.Raw(status(406, asJSON, fmt.Sprintf(failure, "no", "NotAcceptable", 406)))), nil},
		{"429 without a time", everything(hostile.Raw(status(429, "text/plain", "slow down"))), []string{"throttled"}},
		{"429 for a century", everything(hostile.Raw(status(429, "text/plain", "slow down", "Retry-After: 3153600000\r\n"))), []string{"throttled"}},
		{"a redirect", everything(hostile.Raw(status(302, asHTML, "", "Location: http://elsewhere.test/\r\n"))), nil},
		{"a status that is none", everything(hostile.Raw("HTTP/1.1 799 Whatever\r\nContent-Length: 0\r\n\r\n")), nil},
		{"204", everything(hostile.Raw("HTTP/1.1 204 No Content\r\n\r\n")), nil},
		{"206", everything(hostile.Raw(status(206, asJSON, emptyList))), nil},
	}
}

// endOfSnapshot is a streamed snapshot that is only its end bookmark.
const endOfSnapshot = `{"type":"BOOKMARK","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"9","annotations":{"k8s.io/initial-events-end":"true"}}}}` + "\n"

// emptySnapshots has lost the history of the collection, and its streamed snapshots are only their end, as servers had it that
// had just begun to fill their cache. Lists are true.
func emptySnapshots(r *http.Request) hostile.Answer {
	switch q := r.URL.Query(); {
	case r.URL.Path != collection || q.Get("watch") != "true":
		return nil
	case q.Has("sendInitialEvents"):
		return hostile.Raw(ok(asJSON, endOfSnapshot))
	default:
		return errorEvent(fmt.Sprintf(failure, "too old resource version", "Expired", 410))
	}
}

// controls clears a terminal, and shows what follows from right to left.
const controls = `\u001b[2J\u009b2J\u202esdrawkcab\u0007`

// warnings are Warning headers of 900 kB, with escapes for a terminal in each.
func warnings() string {
	return strings.Repeat("Warning: 299 - \""+strings.Repeat("x", 9000)+"\xc2\x9b2J\"\r\n", 100)
}

// endlessPages has no streamed snapshot, and lists of which each page names another one to follow.
func endlessPages() hostile.Rule {
	var n atomic.Int64
	return func(r *http.Request) hostile.Answer {
		switch q := r.URL.Query(); {
		case r.URL.Path != collection:
			return nil
		case q.Get("watch") == "true":
			return hostile.Raw(status(400, asJSON, fmt.Sprintf(failure, "sendInitialEvents is forbidden", "BadRequest", 400)))
		default:
			page := fmt.Sprintf(`{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"9","continue":"page-%d"},"items":[]}`, n.Add(1))
			return hostile.Raw(ok(asJSON, page))
		}
	}
}

// informational sends answers of the class 1xx for as long as the client reads them.
func informational(c net.Conn, _ *http.Request) error {
	many := bytes.Repeat([]byte("HTTP/1.1 103 Early Hints\r\nX-More: to come\r\n\r\n"), 2000)
	for {
		if _, err := c.Write(many); err != nil {
			return err
		}
	}
}

// trickled sends a header a byte a second.
func trickled(c net.Conn, _ *http.Request) error {
	_, err := c.Write([]byte("HTTP/1.1 200 OK\r\n"))
	for err == nil {
		time.Sleep(time.Second)
		_, err = c.Write([]byte("X"))
	}
	return err
}

// TestHostileInformation: a flood of answers that announce the answer ends at a bound, and the program goes on.
func TestHostileInformation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, everything(informational))
		r.after(10 * time.Second)
		r.check(row{says: []string{"unreachable"}})
		r.server.Use(nil)
		r.after(recovers)
		r.recovered("Added a", "Added b", "Added c")
	})
}

// TestHostileResume: a server answers each watch from a resourceVersion badly, and those that begin with a snapshot
// well. A program must not resume there for ever: it begins again, and misses nothing, while the server stays so.
func TestHostileResume(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer hostile.Answer
	}{
		{"410", errorEvent(fmt.Sprintf(failure, "too old resource version", "Expired", 410))},
		{"410 without kind", errorEvent(`{"code":410}`)},
		{"a reason alone", errorEvent(`{"reason":"Expired"}`)},
		{"a message alone", errorEvent(`{"message":"too old resource version: 1 (2)"}`)},
		{"null", errorEvent(`null`)},
		{"an array", errorEvent(`[]`)},
		{"text", errorEvent(`"gone"`)},
		{"an empty object", errorEvent(`{}`)},
		{"a code in text", errorEvent(`{"kind":"Status","code":"410"}`)},
		{"another object", errorEvent(`{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"z"}}`)},
		{"400 too old resource version", errorEvent(fmt.Sprintf(failure, "too old resource version", "BadRequest", 400))},
		{"422", errorEvent(fmt.Sprintf(failure, "invalid", "Invalid", 422))},
		{"404", errorEvent(fmt.Sprintf(failure, "not found", "NotFound", 404))},
		{"a plain 410", hostile.Raw(status(410, "text/plain", "Gone"))},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, nil)
				r.after(time.Minute)
				r.want("at the start", "Added a", "Added b", "Added c")
				r.server.Use(func(req *http.Request) hostile.Answer {
					if q := req.URL.Query(); req.URL.Path == collection && q.Get("watch") == "true" && !q.Has("sendInitialEvents") {
						return c.answer
					}
					return nil
				})
				r.change()
				r.after(hostileFor)
				if r.server.Asked() == 0 {
					t.Error("no watch was resumed, so that this test shows nothing")
				}
				r.want("while the server stays so", "Added d", "Deleted b", "Modified a")
				if n := r.server.Asked(); n > 200 {
					t.Errorf("%d requests in %s", n, hostileFor)
				}
			})
		})
	}
}

// TestHostileWhileRunning: a server turns bad while a program runs. The program reports nothing false, says what is
// wrong, and recovers by itself once the server is well again.
func TestHostileWhileRunning(t *testing.T) {
	for _, c := range rows() {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, nil)
				r.after(time.Minute)
				r.want("at the start", "Added a", "Added b", "Added c")
				r.server.Use(c.rule)
				r.change()
				r.after(hostileFor)
				r.check(c)
				r.server.Use(nil)
				r.after(recovers)
				r.recovered("Added d", "Deleted b", "Modified a")
			})
		})
	}
}

// TestHostileAtTheStart: a server is bad from the beginning.
func TestHostileAtTheStart(t *testing.T) {
	for _, c := range rows() {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, c.rule)
				r.after(hostileFor)
				r.check(c)
				r.server.Use(nil)
				r.after(recovers)
				r.recovered("Added a", "Added b", "Added c")
			})
		})
	}
}

// check looks at a program whose server misbehaves: what it was told before, it may have been told; nothing is
// reported that did not happen, and /readyz names the reason in a text of bounded length.
func (r *rig) check(c row) {
	r.t.Helper()
	if r.server.Asked() == 0 {
		r.t.Error("the rule has answered nothing, so that this test shows nothing")
	}
	r.mu.Lock()
	for _, e := range r.events {
		if e == "Deleted a" || e == "Deleted c" || strings.HasSuffix(e, " z") {
			r.t.Errorf("reported %q, which did not happen", e)
		}
	}
	r.mu.Unlock()
	_, text := r.readyz()
	if len(text) > 16<<10 {
		r.t.Errorf("/readyz has %d bytes", len(text))
	}
	if i := strings.IndexFunc(text, func(c rune) bool { return c != '\n' && !unicode.IsPrint(c) }); i >= 0 {
		r.t.Errorf("/readyz has a character that a terminal may obey: %q", text[i:min(len(text), i+20)])
	}
	if n := r.server.Asked(); n > 2000 {
		r.t.Errorf("%d requests in %s", n, hostileFor)
	}
	if len(c.says) == 0 {
		return
	}
	for _, reason := range c.says {
		if strings.Contains(text, reason) {
			return
		}
	}
	r.t.Errorf("/readyz names none of %q:\n%s", c.says, text)
}

// recovered looks at a program whose server is well again.
func (r *rig) recovered(events ...string) {
	r.t.Helper()
	if code, text := r.readyz(); code != http.StatusOK {
		r.t.Errorf("/readyz after %s: %s", recovers, text)
	}
	r.want("after the recovery", events...)
	if n := len(r.logged()); n > 1<<20 {
		r.t.Errorf("%d bytes were logged", n)
	}
}
