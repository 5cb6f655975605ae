//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/internal/poison"
	"github.com/ancho-dev/ancho/internal/testenv"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// patience bounds every wait: only a test that fails reaches it. A resource that is not served takes two minutes and a half
// to count as deleted.
const patience = 4 * time.Minute

var shared struct {
	once sync.Once
	env  *testenv.Env
	err  error
}

func TestMain(m *testing.M) {
	poison.Enable()
	code := m.Run()
	if shared.env != nil {
		if err := shared.env.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// cluster returns the control plane that tests share which do not break it.
func cluster(t *testing.T) *testenv.Env {
	t.Helper()
	shared.once.Do(func() { shared.env, shared.err = testenv.Start(context.Background(), testenv.Options{}) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.env
}

// ownCluster starts a control plane for one test that breaks it.
func ownCluster(t *testing.T, o testenv.Options) *testenv.Env {
	t.Helper()
	env, err := testenv.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := env.Stop(); err != nil {
			t.Error(err)
		}
	})
	return env
}

func newClient(t *testing.T, cfg *rest.Config) client.Client {
	t.Helper()
	c, err := client.New(cfg, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var namespaces atomic.Int64

// newNamespace creates a namespace that no other test uses.
func newNamespace(t *testing.T, c client.Client) string {
	t.Helper()
	name := fmt.Sprintf("e2e-%d", namespaces.Add(1))
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	must(t, c.Create(t.Context(), ns))
	return name
}

func configMap(namespace, name string, data ...string) *corev1.ConfigMap {
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Data: map[string]string{}}
	for i := 0; i+1 < len(data); i += 2 {
		cm.Data[data[i]] = data[i+1]
	}
	return cm
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// waitUntil waits for a condition that nothing announces.
func waitUntil(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	end := time.NewTimer(patience)
	defer end.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-end.C:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// program is a runtime that runs for a test.
type program struct {
	*runtime.Runtime
	registry *prometheus.Registry
	cancel   context.CancelFunc
	ended    chan error
	log      *logLines
}

// run starts capabilities against a server and stops them when the test ends.
func run(t *testing.T, cfg *rest.Config, o runtime.Options, bindings ...capability.Binding) *program {
	t.Helper()
	p := &program{registry: prometheus.NewRegistry(), ended: make(chan error, 1), log: &logLines{}}
	o.Registry = p.registry
	o.Logger = p.log.logger()
	if len(o.Capabilities) == 0 {
		o.Capabilities = []capability.Func{func(capability.Env) *capability.Capability {
			return capability.New("test", bindings...)
		}}
	}
	var err error
	p.Runtime, err = runtime.New(cfg, o)
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	go func() { p.ended <- p.Run(ctx) }()
	t.Cleanup(func() {
		p.stop(t)
		if t.Failed() {
			t.Logf("log of the program:\n%s", p.log)
		}
	})
	return p
}

// stop ends the program and waits for it. It may be called more than once.
func (p *program) stop(t *testing.T) {
	t.Helper()
	p.cancel()
	select {
	case err := <-p.ended:
		if err != nil {
			t.Errorf("Run returned %v", err)
		}
		p.ended <- nil
	case <-time.After(patience):
		t.Fatal("Run does not return")
	}
}

// ready waits until the program says that it is.
func (p *program) ready(t *testing.T) {
	t.Helper()
	waitUntil(t, "ready", func() bool { return p.probe("/readyz") == 200 })
}

// probe asks one of the program's paths for its status.
func (p *program) probe(path string) int { return p.ask(path).Code }

// text asks one of the program's paths for its text.
func (p *program) text(path string) string { return p.ask(path).Body.String() }

// ask asks the handler that has the path.
func (p *program) ask(path string) *httptest.ResponseRecorder {
	w, h := httptest.NewRecorder(), p.Handler()
	if !forKubelet(path) {
		h = p.AdminHandler()
	}
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost"+path, http.NoBody)) //nolint:noctx // in memory
	return w
}

// forKubelet says whether a path is served by --http, not by --admin.
func forKubelet(path string) bool {
	return strings.HasPrefix(path, "/healthz") || strings.HasPrefix(path, "/readyz")
}

// metric adds up the samples of a metric whose labels hold all of want ("name", "value", ...).
func (p *program) metric(t *testing.T, name string, want ...string) float64 {
	t.Helper()
	families, err := p.registry.Gather()
	must(t, err)
	sum := 0.0
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			match := true
			for i := 0; i+1 < len(want); i += 2 {
				match = match && labels[want[i]] == want[i+1]
			}
			if match {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return sum
}

// call is one callback as it was made.
type call[T kind.Object] struct {
	capability.Event[T]
	Begin, End int64 // positions in the order of all beginnings and ends; End 0: runs
}

// calls records what a callback is given. Its method handle is the callback.
type calls[T kind.Object] struct {
	do func(ctx context.Context, e capability.Event[T]) error // what the callback does; nil: nothing

	mu    sync.Mutex
	clock int64
	all   []*call[T]
}

func (c *calls[T]) handle(ctx context.Context, e capability.Event[T]) error {
	c.mu.Lock()
	c.clock++
	one := &call[T]{Event: e, Begin: c.clock}
	c.all = append(c.all, one)
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.clock++
		one.End = c.clock
	}()
	if c.do == nil {
		return nil
	}
	return c.do(ctx, e)
}

// list returns copies of the calls so far, in the order of their beginnings.
func (c *calls[T]) list() []call[T] {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]call[T], 0, len(c.all))
	for _, one := range c.all {
		out = append(out, *one)
	}
	return out
}

// of returns the calls for one object.
func (c *calls[T]) of(name string) (out []call[T]) {
	for _, one := range c.list() {
		if one.Object.GetName() == name {
			out = append(out, one)
		}
	}
	return out
}

// types returns the event types of the calls for one object, in order.
func (c *calls[T]) types(name string) (out []capability.EventType) {
	for _, one := range c.of(name) {
		out = append(out, one.Type)
	}
	return out
}

// wait waits until n calls were made.
func (c *calls[T]) wait(t *testing.T, n int) []call[T] {
	t.Helper()
	waitUntil(t, fmt.Sprintf("%d calls", n), func() bool { return len(c.list()) >= n })
	return c.list()
}

// logLines keeps what a program logs.
type logLines struct {
	mu    sync.Mutex
	lines []string
}

func (l *logLines) logger() logr.Logger {
	return funcr.New(func(prefix, args string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.lines = append(l.lines, time.Now().Format("15:04:05.000 ")+prefix+" "+args)
	}, funcr.Options{})
}

// String returns all lines.
func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}
