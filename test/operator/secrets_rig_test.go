package operator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-logr/logr"
	"github.com/go-logr/zapr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/internal/clumsy"
	"github.com/ancho-dev/ancho/internal/marker"
	"github.com/ancho-dev/ancho/pkg/recording"
	"github.com/ancho-dev/ancho/pkg/runtime"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

var (
	ofSecrets = marker.Pieces(clumsy.Secret)
	ofAll     = slices.Concat(ofSecrets, marker.Pieces(clumsy.Custom))
)

// keeps fails the test if a text has one of these pieces.
func keeps(t *testing.T, where, text string, pieces []string) {
	t.Helper()
	if found := marker.In(text, pieces); found != "" {
		t.Fatalf("%s has a value, %s", where, found)
	}
}

// page is what is written from many goroutines.
type page struct {
	mu   sync.Mutex
	text bytes.Buffer
	read int
}

// news is what was not read before, and the end of what was.
func (p *page) news() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	from := max(0, p.read-100)
	p.read = p.text.Len()
	return string(p.text.Bytes()[from:])
}

func (p *page) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *page) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// talkative are loggers that write everything, whatever its level.
var talkative = map[string]func(io.Writer) logr.Logger{
	"JSON": func(w io.Writer) logr.Logger { return everything(w, zapcore.NewJSONEncoder) },
	"text": func(w io.Writer) logr.Logger { return everything(w, zapcore.NewConsoleEncoder) },
}

func everything(w io.Writer, encoder func(zapcore.EncoderConfig) zapcore.Encoder) logr.Logger {
	enc := encoder(zap.NewProductionEncoderConfig())
	return zapr.NewLogger(zap.New(zapcore.NewCore(enc, zapcore.AddSync(w), zapcore.Level(-127)), zap.AddCaller()))
}

// watched is a program under observation: whatever it says is kept.
type watched struct {
	*runtime.Runtime
	t      *testing.T
	server *fake.Server
	client client.Client
	log    page
	tape   bytes.Buffer
	mu     sync.Mutex
	errs   []error
	stop   func()
}

// observe starts a program of these options, over a connection of which damage makes what it likes.
func observe(t *testing.T, o runtime.Options, format string, damage func(http.RoundTripper) http.RoundTripper) *watched {
	t.Helper()
	w := &watched{t: t, server: fake.New()}
	o.Logger = talkative[format](&w.log)
	o.Record = &w.tape
	o.OnCall = func(c runtime.Call) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if c.Err != nil {
			w.errs = append(w.errs, c.Err)
		}
	}
	cfg := w.server.Config()
	if damage != nil {
		cfg.Transport = damage(cfg.Transport)
	}
	r, err := runtime.New(cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	w.Runtime = r
	w.client, err = client.New(w.server.Direct(), client.Options{Scheme: r.Env().Client.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(w.stop)
	return w
}

// asked is what the program's pages say.
func (w *watched) asked() string {
	var out strings.Builder
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/debug", "/debug/plan"} {
		h := w.Handler()
		if !strings.HasSuffix(path, "z") {
			h = w.AdminHandler()
		}
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://localhost"+path, http.NoBody))
		if answer.Code != http.StatusOK && path != "/readyz" { // it waits for more than this test
			w.t.Errorf("%s answers %d", path, answer.Code)
		}
		out.WriteString(answer.Body.String())
	}
	return out.String()
}

// events are all Kubernetes Events.
func (w *watched) events() (all eventsv1.EventList) {
	if err := w.client.List(w.t.Context(), &all); err != nil {
		w.t.Fatal(err)
	}
	return all
}

// keepsAll looks into everything that the program has said up to now.
func (w *watched) keepsAll() {
	w.t.Helper()
	keeps(w.t, "the log", w.log.news(), ofAll)
	keeps(w.t, "a page", w.asked(), ofAll)
	told, err := json.Marshal(w.events())
	if err != nil {
		w.t.Fatal(err)
	}
	keeps(w.t, "a Kubernetes Event", string(told), ofAll)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, err := range w.errs {
		keeps(w.t, "an error", fmt.Sprintf("%v %+v", err, err), ofAll)
	}
}

// keepsTape looks into the recording, once the program has ended. It holds objects in full, but for Secrets.
func (w *watched) keepsTape() {
	w.t.Helper()
	keeps(w.t, "the recording", w.tape.String(), ofSecrets)
	all, err := recording.Read(&w.tape)
	if err != nil || len(all) == 0 {
		w.t.Fatalf("%d recorded, %v", len(all), err)
	}
	var whole strings.Builder
	for _, x := range all {
		for _, s := range x.Steps {
			whole.Write(s.Data)
		}
	}
	keeps(w.t, "the recording", whole.String(), ofSecrets)
	if !strings.Contains(whole.String(), clumsy.Custom) {
		w.t.Error("the recording holds nothing")
	}
}

// damaging changes a byte here and there in answers about Secrets.
type damaging struct {
	next http.RoundTripper
	mu   sync.Mutex
	rand *rand.Rand
	hits int
}

// bytes is how many are others than were sent.
func (d *damaging) bytes() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.hits
}

// WrappedRoundTripper is how client-go finds the transport inside.
func (d *damaging) WrappedRoundTripper() http.RoundTripper { return d.next }

// RoundTrip implements http.RoundTripper.
func (d *damaging) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := d.next.RoundTrip(r)
	if err == nil && strings.Contains(r.URL.Path, "/secrets") {
		resp.Body = &damagedBody{ReadCloser: resp.Body, d: d}
	}
	return resp, err
}

type damagedBody struct {
	io.ReadCloser
	d *damaging
}

func (b *damagedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.d.mu.Lock()
	defer b.d.mu.Unlock()
	for i := range p[:n] {
		if b.d.rand.IntN(300) == 0 {
			p[i] ^= byte(1 + b.d.rand.IntN(255))
			b.d.hits++
		}
	}
	return n, err
}
