package machine

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

// chaos is a small API server that does to a stream what a cluster does, at random. It knows what it has
// served, so that the test can tell what a handler must and must not be told.
type chaos struct {
	mu      sync.Mutex
	rnd     *rand.Rand
	on      bool // misbehave
	old     bool // knows no snapshot by watch
	rv      int
	objects map[string]chaosObject // by name
	history []chaosEvent
	oldest  int // resourceVersion that history reaches back to
	changed chan struct{}
	tokens  map[string][]string
	lists   map[string]int
	live    int
}

type chaosObject struct {
	uid string
	rv  int
}

type chaosEvent struct {
	rv           int
	typ, content string
}

func newChaos(seed uint64) *chaos {
	return &chaos{
		rnd: rand.New(rand.NewPCG(seed, 1)), rv: 100, oldest: 100, on: true, old: seed%4 == 0,
		objects: map[string]chaosObject{}, changed: make(chan struct{}), tokens: map[string][]string{}, lists: map[string]int{},
	}
}

func (c *chaos) item(name string) string {
	o := c.objects[name]
	return pod(name+"@"+o.uid, strconv.Itoa(o.rv))
}

// mutate creates, changes or deletes an object.
func (c *chaos) mutate() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rv += 1 + c.rnd.IntN(3)
	name := fmt.Sprint("p", c.rnd.IntN(12))
	o, there := c.objects[name]
	typ := "MODIFIED"
	switch {
	case !there:
		typ = "ADDED"
		o = chaosObject{uid: fmt.Sprint("u", c.rv)}
	case c.rnd.IntN(3) == 0:
		typ = "DELETED"
	}
	o.rv = c.rv
	c.objects[name] = o
	content := c.item(name)
	if typ == "DELETED" {
		delete(c.objects, name)
	}
	c.history = append(c.history, chaosEvent{c.rv, typ, content})
	if c.rnd.IntN(15) == 0 { // compacted
		c.history, c.oldest = nil, c.rv
	}
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *chaos) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.on {
		switch c.rnd.IntN(12) {
		case 0:
			return nil, io.ErrUnexpectedEOF
		case 1:
			return c.text(503, "ServiceUnavailable"), nil
		case 2:
			return c.text(429, "TooManyRequests"), nil
		case 3:
			return c.text(401, "Unauthorized"), nil
		case 4:
			return c.text(500, ""), nil
		}
	}
	q := r.URL.Query()
	switch {
	case q.Get("watch") != "true":
		return c.list(q), nil
	case q.Has("sendInitialEvents") && c.old:
		return c.text(400, "BadRequest"), nil
	default:
		return c.watch(r.Context(), q), nil
	}
}

func (c *chaos) text(code int, reason string) *http.Response {
	return c.answer(code, io.NopCloser(strings.NewReader(status(code, reason))))
}

func (c *chaos) answer(code int, b io.ReadCloser) *http.Response {
	return &http.Response{StatusCode: code, Header: http.Header{"Content-Type": {"application/json"}}, Body: b}
}

// list serves pages of a snapshot; tokens expire now and then.
func (c *chaos) list(q url.Values) *http.Response {
	token, rv := q.Get("continue"), c.rv
	items := c.tokens[token]
	if token == "" && q.Get("limit") != "1" && c.on && c.rnd.IntN(5) == 0 { // an empty list while objects exist
		return c.answer(200, io.NopCloser(strings.NewReader(fmt.Sprintf(`{"kind":"PodList","metadata":{"resourceVersion":"%d"},"items":[]}`, rv))))
	}
	if token == "" {
		for _, name := range slices.Sorted(maps.Keys(c.objects)) {
			items = append(items, c.item(name))
		}
	} else {
		if c.on && c.rnd.IntN(4) == 0 {
			return c.text(410, "Expired")
		}
		rv = c.lists[token]
	}
	next := ""
	if limit, _ := strconv.Atoi(q.Get("limit")); limit > 0 && len(items) > limit {
		next = fmt.Sprint("t", c.rnd.Int64())
		c.tokens[next], c.lists[next] = items[limit:], rv
		items = items[:limit]
	}
	text := fmt.Sprintf(`{"kind":"PodList","metadata":{"resourceVersion":"%d","continue":%q},"items":[%s]}`, rv, next, strings.Join(items, ","))
	if c.on && c.rnd.IntN(5) == 0 {
		text = text[:c.rnd.IntN(len(text))]
	}
	return c.answer(200, io.NopCloser(strings.NewReader(text)))
}

// watch serves history from a resourceVersion, after a snapshot if that is asked for.
func (c *chaos) watch(ctx context.Context, q url.Values) *http.Response {
	var first []string
	at, _ := strconv.Atoi(q.Get("resourceVersion"))
	if q.Has("sendInitialEvents") {
		for _, name := range slices.Sorted(maps.Keys(c.objects)) {
			first = append(first, `{"type":"ADDED","object":`+c.item(name)+`}`)
		}
		at = c.rv
		if c.on && c.rnd.IntN(3) == 0 { // only the end bookmark
			first = nil
		}
		first = append(first, fmt.Sprintf(`{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"%d","annotations":{"k8s.io/initial-events-end":"true"}}}}`, at))
	} else if at < c.oldest {
		if c.rnd.IntN(2) == 0 {
			return c.text(410, "Expired")
		}
		first = append(first, `{"type":"ERROR","object":`+status(410, "Expired")+`}`)
	}
	left := 1 << 30
	if c.on {
		left = c.rnd.IntN(20)
	}
	r, w := io.Pipe()
	c.live++
	seconds, _ := strconv.Atoi(q.Get("timeoutSeconds"))
	go c.serve(ctx, w, first, at, left, time.Duration(seconds)*time.Second)
	return c.answer(200, r)
}

// serve writes events until they are as many as left, the time is up or the client is gone.
func (c *chaos) serve(ctx context.Context, w *io.PipeWriter, queue []string, at, left int, timeout time.Duration) {
	defer func() {
		c.mu.Lock()
		c.live--
		c.mu.Unlock()
	}()
	stop := context.AfterFunc(ctx, func() { _ = w.CloseWithError(ctx.Err()) })
	defer stop()
	end := time.NewTimer(timeout)
	defer end.Stop()
	for {
		for _, line := range queue {
			left--
			if left < 0 {
				_, _ = io.WriteString(w, line[:len(line)/2])
				_ = w.CloseWithError(io.ErrUnexpectedEOF)
				return
			}
			if _, err := io.WriteString(w, line+"\n"); err != nil {
				return
			}
		}
		c.mu.Lock()
		queue = nil
		if at < c.oldest { // compacted before this watch had seen it: as a server that cuts off who is slow
			c.mu.Unlock()
			_ = w.Close()
			return
		}
		for _, e := range c.history {
			if e.rv > at {
				queue = append(queue, `{"type":"`+e.typ+`","object":`+e.content+`}`)
			}
		}
		at = c.rv
		changed := c.changed
		c.mu.Unlock()
		if len(queue) > 0 {
			continue
		}
		select {
		case <-changed:
		case <-end.C:
			_ = w.Close()
			return
		case <-ctx.Done():
			return
		}
	}
}

// witness is a handler that checks what it is told against the server.
type witness struct {
	t     *testing.T
	c     *chaos
	known map[string]chaosObject
	calls int
}

func (w *witness) Synced(string, bool) {}

func (w *witness) StateChanged(report.State) {}

func (w *witness) Handle(d report.Delta) {
	w.calls++
	name := d.Entry.Name()
	before, known := w.known[name]
	if d.Kind == report.Gone {
		if !known || before.uid != d.Entry.UID() {
			w.t.Errorf("%s is gone and was not known", name)
		}
		w.c.mu.Lock()
		if now, alive := w.c.objects[name]; alive && now.uid == d.Entry.UID() {
			w.t.Errorf("%s is alive and was told to be gone", name)
		}
		w.c.mu.Unlock()
		delete(w.known, name)
		return
	}
	rv, _ := strconv.Atoi(d.Entry.RV())
	switch {
	case known && before.uid != d.Entry.UID():
		w.t.Errorf("%s has another UID, and the deletion of the first was not told", name)
	case known && before.rv >= rv:
		w.t.Errorf("%s went from %d to %d", name, before.rv, rv)
	case known == d.New:
		w.t.Errorf("%s: known %v, new %v", name, known, d.New)
	}
	w.known[name] = chaosObject{uid: d.Entry.UID(), rv: rv}
}

// Whatever a server does, the handler is told nothing that is wrong, and in the end everything.
func TestChaos(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { synctest.Test(t, func(t *testing.T) { chaosRun(t, seed) }) })
	}
}

func chaosRun(t *testing.T, seed uint64) {
	t.Helper()
	c := newChaos(seed)
	w := &witness{t: t, c: c, known: map[string]chaosObject{}}
	server := apiclient.NewServerForClient(&url.URL{Scheme: "http", Host: "api"}, &http.Client{Transport: c})
	stream := New(server, apiclient.Target{Resource: pods}, w, Options{PageLimit: 3, Rand: c.random})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		stream.Run(ctx)
	}()
	for range 300 {
		c.mutate()
		if c.random() < 0.5 {
			time.Sleep(time.Duration(c.random() * float64(3*time.Second)))
		}
	}
	c.mu.Lock()
	c.on = false
	c.mu.Unlock()
	time.Sleep(30 * time.Minute) // virtual: every backoff and deadline has passed
	synctest.Wait()
	if s := stream.State(); !live(s) {
		t.Errorf("state %+v", s)
	}
	c.mu.Lock()
	if !maps.Equal(w.known, c.objects) {
		t.Errorf("told\n%v\nthere are\n%v", w.known, c.objects)
	}
	if c.live != 1 {
		t.Errorf("%d watches are open", c.live)
	}
	c.mu.Unlock()
	if w.calls == 0 {
		t.Error("the handler was never called")
	}
	cancel()
	<-done
}

func (c *chaos) random() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rnd.Float64()
}
