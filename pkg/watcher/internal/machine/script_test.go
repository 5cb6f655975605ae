package machine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr/funcr"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// script is a transport that hands each request to the test, which answers it.
type script struct {
	t     *testing.T
	calls chan *call
	live  atomic.Int32 // response bodies that are open

	manual atomic.Bool // the lists that verify snapshots are the test's to answer; else they agree with every snapshot
}

// call is one request of the stream.
type call struct {
	s     *script
	path  string
	q     url.Values
	h     http.Header
	fresh bool // the request asks for a connection of its own
	reply chan reply
}

type reply struct {
	resp *http.Response
	err  error
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	c := &call{s: s, path: r.URL.Path, q: r.URL.Query(), h: r.Header, fresh: apiclient.IsFresh(r.Context()), reply: make(chan reply, 1)}
	if c.fresh && c.q.Get("limit") == "1" && !s.manual.Load() {
		go func() { c.ok().page("1", "") }()
		return (<-c.reply).resp, nil
	}
	select {
	case s.calls <- c:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	select {
	case a := <-c.reply:
		return a.resp, a.err
	case <-r.Context().Done():
	}
	select {
	case a := <-c.reply: // both at once: the answer is for nobody
		if a.resp != nil {
			_ = a.resp.Body.Close()
		}
	default:
	}
	return nil, r.Context().Err()
}

// next is the next request, which must come within an hour of virtual time.
func (s *script) next() *call {
	s.t.Helper()
	select {
	case c := <-s.calls:
		return c
	case <-time.After(time.Hour):
		s.t.Fatal("no request within an hour")
		return nil
	}
}

// none fails if a request comes within d.
func (s *script) none(d time.Duration) {
	s.t.Helper()
	select {
	case c := <-s.calls:
		s.t.Fatalf("unexpected request %s?%s", c.path, c.q.Encode())
	case <-time.After(d):
	}
}

// snapshot expects a watch that begins with all objects.
func (s *script) snapshot() *call {
	s.t.Helper()
	c := s.next()
	if c.q.Get("watch") != "true" || c.q.Get("sendInitialEvents") != "true" || c.q.Has("resourceVersion") {
		s.t.Fatalf("want a snapshot, got %s?%s", c.path, c.q.Encode())
	}
	return c
}

// watch expects a watch from rv.
func (s *script) watch(rv string) *call {
	s.t.Helper()
	c := s.next()
	if c.q.Get("watch") != "true" || c.q.Has("sendInitialEvents") || c.q.Get("resourceVersion") != rv {
		s.t.Fatalf("want a watch from %s, got %s?%s", rv, c.path, c.q.Encode())
	}
	return c
}

// list expects a list with a limit ("" for none) and a token.
func (s *script) list(limit, token string) *call {
	s.t.Helper()
	c := s.next()
	if c.q.Has("watch") || c.q.Get("limit") != limit || c.q.Get("continue") != token || c.q.Has("resourceVersion") {
		s.t.Fatalf("want a list with limit %q and token %q, got %s?%s", limit, token, c.path, c.q.Encode())
	}
	return c
}

// body is a response body that the test writes.
type body struct {
	*io.PipeReader
	w    *io.PipeWriter
	s    *script
	once sync.Once
}

func (b *body) Close() error {
	b.once.Do(func() { b.s.live.Add(-1) })
	return b.PipeReader.Close()
}

// respond answers with a status, a type and a body that goes on.
func (c *call) respond(code int, contentType string, header ...string) *body {
	r, w := io.Pipe()
	b := &body{PipeReader: r, w: w, s: c.s}
	c.s.live.Add(1)
	h := http.Header{"Content-Type": {contentType}}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	c.reply <- reply{resp: &http.Response{StatusCode: code, Header: h, Body: b, ProtoMajor: 2}}
	return b
}

func (c *call) ok() *body { return c.respond(http.StatusOK, "application/json") }

// refuse answers with a Status.
func (c *call) refuse(code int, reason string, header ...string) {
	b := c.respond(code, "application/json", header...)
	b.write(status(code, reason))
	b.end()
}

// refuseText answers as a proxy does.
func (c *call) refuseText(code int, text string) {
	b := c.respond(code, "text/plain; charset=utf-8")
	b.write(text)
	b.end()
}

// fail breaks the request before there is an answer.
func (c *call) fail(text string) { c.reply <- reply{err: errors.New(text)} }

func (b *body) write(text string)        { _, _ = io.WriteString(b.w, text) }
func (b *body) event(typ, object string) { b.write(`{"type":"` + typ + `","object":` + object + "}\n") }
func (b *body) end()                     { _ = b.w.Close() }
func (b *body) cut()                     { _ = b.w.CloseWithError(errors.New("connection reset by peer")) }

// initialEnd is the bookmark that ends a snapshot.
func (b *body) initialEnd(rv string) {
	b.event("BOOKMARK", `{"metadata":{"resourceVersion":"`+rv+`","annotations":{"k8s.io/initial-events-end":"true"}}}`)
}

func (b *body) bookmark(rv string) { b.event("BOOKMARK", `{"metadata":{"resourceVersion":"`+rv+`"}}`) }

// page writes a list and ends the answer.
func (b *body) page(rv, token string, items ...string) {
	b.write(fmt.Sprintf(`{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":%q,"continue":%q},"items":[%s]}`,
		rv, token, strings.Join(items, ",")))
	b.end()
}

// status is a Status as the API server writes it. A reason may be followed by "/" and a cause.
func status(code int, reason string) string {
	reason, cause, _ := strings.Cut(reason, "/")
	s := map[string]any{
		"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": "because " + reason,
	}
	if cause != "" {
		s["details"] = map[string]any{"causes": []any{map[string]any{"reason": cause}}, "retryAfterSeconds": 1}
	}
	out, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(out)
}

// pod is an object: "name", "name@uid" or "namespace/name@uid".
func pod(id, rv string) string {
	id, uid, ok := strings.Cut(id, "@")
	ns, name, nsOK := strings.Cut(id, "/")
	if !nsOK {
		ns, name = "ns", id
	}
	if !ok {
		uid = "uid-" + name
	}
	return fmt.Sprintf(`{"metadata":{"namespace":%q,"name":%q,"uid":%q,"resourceVersion":%q}}`, ns, name, uid, rv)
}

// recorder is a handler that writes down what it is told.
type recorder struct {
	mu     sync.Mutex
	lines  []string
	states []string
	during func(report.Delta)
	busy   atomic.Int32
}

func (r *recorder) Handle(d report.Delta) {
	if r.busy.Add(1) != 1 {
		panic("two calls of the handler at once")
	}
	defer r.busy.Add(-1)
	line := d.Kind.String() + " " + d.Entry.Name() + "@" + d.Entry.UID() + ":" + d.Entry.RV()
	for _, f := range []struct {
		set  bool
		text string
	}{{d.New, "new"}, {d.Initial, "initial"}, {d.Relist, "relist"}, {d.Ambiguous, "ambiguous"}, {d.Kind == report.Gone && d.Frame == nil, "partial"}} {
		if f.set {
			line += " " + f.text
		}
	}
	r.mu.Lock()
	r.lines = append(r.lines, line)
	r.mu.Unlock()
	if r.during != nil {
		r.during(d)
	}
}

func (r *recorder) Synced(rv string, relist bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf("synced %s %v", rv, relist))
}

func (r *recorder) StateChanged(s report.State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.states = append(r.states, strings.TrimSpace(s.Phase.String()+" "+string(s.Reason)))
}

func take(mu *sync.Mutex, lines *[]string) []string {
	mu.Lock()
	defer mu.Unlock()
	out := *lines
	*lines = nil
	return out
}

// counter is an observer that counts.
type counter struct {
	report.NoObserver
	mu      sync.Mutex
	counts  map[string]int
	byteSum atomic.Int64
}

func (c *counter) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]int{}
	}
	c.counts[what]++
}

func (c *counter) get(what string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[what]
}

func (c *counter) Bytes(n int)                         { c.byteSum.Add(int64(n)) }
func (c *counter) Frame(t wire.EventType, _ time.Time) { c.add("frame " + t.String()) }
func (c *counter) Reconnect(why report.Reason)         { c.add("reconnect " + string(why)) }
func (c *counter) Relist(why report.Reason)            { c.add("relist " + string(why)) }
func (c *counter) Forgot()                             { c.add("forgot") }
func (c *counter) Skipped(why report.Reason)           { c.add("skipped " + string(why)) }

// rig is a stream with everything around it.
type rig struct {
	*script
	*Stream
	rec  *recorder
	obs  *counter
	stop context.CancelFunc
	done chan struct{}
}

// Media types of answers.
const (
	typeJSON     = "application/json"
	typeProtobuf = "application/vnd.kubernetes.protobuf"
)

var pods = kind.Resource{Version: "v1", Kind: "Pod", Plural: "pods", Namespaced: true}

// run runs a test of a stream in virtual time; at its end nothing of the stream may be left.
func run(t *testing.T, test func(*rig), change ...func(*apiclient.Target, *Options, *recorder)) {
	t.Helper()
	runOn(t, nil, test, change...)
}

// runOn is run with settings of the server.
func runOn(t *testing.T, opts []apiclient.ServerOption, test func(*rig), change ...func(*apiclient.Target, *Options, *recorder)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &script{t: t, calls: make(chan *call)}
		rec, obs := &recorder{}, &counter{}
		target := apiclient.Target{Resource: pods, Namespace: "ns"}
		o := Options{Observer: obs, Rand: func() float64 { return 0.5 }}
		for _, c := range change {
			c(&target, &o, rec)
		}
		server := apiclient.NewServerForClient(&url.URL{Scheme: "http", Host: "api"}, &http.Client{Transport: s}, opts...)
		ctx, cancel := context.WithCancel(t.Context())
		r := &rig{script: s, Stream: New(server, target, rec, o), rec: rec, obs: obs, stop: cancel, done: make(chan struct{})}
		go func() {
			defer close(r.done)
			r.Run(ctx)
		}()
		defer func() {
			cancel()
			<-r.done
			synctest.Wait()
			if n := s.live.Load(); n != 0 {
				t.Errorf("%d response bodies are still open", n)
			}
			if p := r.State().Phase; p != report.Stopped {
				t.Errorf("phase at the end: %v", p)
			}
		}()
		test(r)
	})
}

// synced brings the stream to a complete snapshot at rv, with these objects, and returns the open watch.
func (r *rig) synced(rv string, objects ...string) *body {
	r.t.Helper()
	b := r.snapshot().ok()
	for _, o := range objects {
		b.event("ADDED", o)
	}
	b.initialEnd(rv)
	synctest.Wait()
	r.told()
	take(&r.rec.mu, &r.rec.states)
	return b
}

// told is what the handler was told since the last call, as lines.
func (r *rig) told() []string {
	synctest.Wait()
	return take(&r.rec.mu, &r.rec.lines)
}

// expect compares what the handler was told since the last call.
func (r *rig) expect(want ...string) {
	r.t.Helper()
	if got := strings.Join(r.told(), "\n"); got != strings.Join(want, "\n") {
		r.t.Errorf("the handler was told\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

// phases compares the states since the last call.
func (r *rig) phases(want ...string) {
	r.t.Helper()
	synctest.Wait()
	if got := strings.Join(take(&r.rec.mu, &r.rec.states), "\n"); got != strings.Join(want, "\n") {
		r.t.Errorf("the states were\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

// is compares the state.
func (r *rig) is(p report.Phase, why report.Reason) report.State {
	r.t.Helper()
	synctest.Wait()
	s := r.State()
	if s.Phase != p || s.Reason != why {
		r.t.Errorf("the state is %v (%s: %s), want %v (%s)", s.Phase, s.Reason, s.Message, p, why)
	}
	return s
}

// lasts expects the stream to be blocked for this reason until the open watch, which is silent, has lasted.
func (r *rig) lasts(p report.Phase, why report.Reason) {
	r.t.Helper()
	r.is(p, why)
	r.none(shortWatch - time.Millisecond)
	r.is(p, why)
	r.none(2 * time.Millisecond)
	r.is(report.Streaming, "")
}

// after says how much virtual time f took.
func after(f func()) time.Duration {
	from := time.Now()
	f()
	return time.Since(from)
}

func httpClient(s *script) *http.Client { return &http.Client{Transport: s} }

// logLines is a log of a stream.
type logLines struct {
	mu    sync.Mutex
	lines []string
}

// into has a stream log here.
func (l *logLines) into(_ *apiclient.Target, o *Options, _ *recorder) {
	o.Logger = funcr.NewJSON(func(line string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.lines = append(l.lines, line)
	}, funcr.Options{})
}

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// count is how many lines have this message.
func (l *logLines) count(message string) int {
	return strings.Count(l.String(), `"msg":"`+message+`"`)
}

// Do is DoContext without an end of its own.
func (s *Stream) Do(f func()) error { return s.DoContext(context.Background(), f) }

// live says that what is known is whole and follows the server, also in the moment between two watches.
func live(s report.State) bool {
	return s.Synced && (s.Phase == report.Streaming || s.Phase == report.Resuming || s.Phase == report.Polling)
}
