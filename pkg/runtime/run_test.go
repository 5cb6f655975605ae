package runtime

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/internal/poison"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/environment"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/logs"
)

func TestMain(m *testing.M) {
	runProgram()
	poison.Enable()
	goleak.VerifyTestMain(m)
}

// lines collects what is logged.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) logger() logr.Logger {
	return funcr.New(func(_, args string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.text.WriteString(args + "\n")
	}, funcr.Options{})
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// running is a runtime at work against a stub.
type running struct {
	*Runtime
	log  *lines
	stop func() error
}

func start(t *testing.T, s *stub, o Options) *running {
	t.Helper()
	return startAt(t, s.config(t), o)
}

// startAt starts a runtime against the server of a configuration.
func startAt(t *testing.T, cfg *rest.Config, o Options) *running {
	t.Helper()
	r := &running{log: &lines{}}
	o.Logger = r.log.logger()
	var err error
	if r.Runtime, err = New(cfg, o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	r.stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { _ = r.stop() })
	return r
}

// get asks the runtime's handlers.
func (r *running) get(t *testing.T, path string) (int, string) {
	t.Helper()
	w, h := httptest.NewRecorder(), r.Handler()
	if !strings.HasPrefix(path, "/healthz") && !strings.HasPrefix(path, "/readyz") {
		h = r.AdminHandler()
	}
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+path, http.NoBody))
	return w.Code, w.Body.String()
}

// until waits for something that nothing announces.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func TestRunCallsAndStops(t *testing.T) {
	names := make(chan string, 10)
	r := start(t, &stub{objects: []*corev1.ConfigMap{mapNamed("a"), mapNamed("b")}},
		oneCapability(capability.When(kind.ConfigMap).Reconcile(func(ctx context.Context, e capability.Event[*corev1.ConfigMap]) error {
			logr.FromContextOrDiscard(ctx).Info("called")
			names <- e.Object.Name
			return nil
		})))
	got := map[string]bool{<-names: true, <-names: true}
	if !got["a"] || !got["b"] {
		t.Errorf("called for %v", got)
	}
	until(t, "ready", func() bool { code, _ := r.get(t, "/readyz"); return code == http.StatusOK })
	for path, want := range map[string]string{
		"/healthz":    "ok",
		"/metrics":    `ancho_stream_state{phase="streaming",stream="/api/v1/configmaps?watch=true"} 1`,
		"/debug":      `"synced": true`,
		"/debug/plan": `"/api/v1/configmaps?watch=true"`,
	} {
		if code, text := r.get(t, path); code != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%s answers %d, without %q:\n%s", path, code, want, text)
		}
	}
	if err := r.stop(); err != nil {
		t.Errorf("Run returned %v", err)
	}
	if code, _ := r.get(t, "/readyz"); code != http.StatusServiceUnavailable {
		t.Errorf("ready after the stop: %d", code)
	}
	if !strings.Contains(r.log.String(), `"capability"="c"`) || !strings.Contains(r.log.String(), `"object"="ns/a"`) {
		t.Errorf("the context's logger does not name the call:\n%s", r.log)
	}
}

func TestReadyOnlyWhenSynced(t *testing.T) {
	s := &stub{hold: make(chan struct{}), objects: []*corev1.ConfigMap{mapNamed("a")}}
	called := make(chan struct{}, 1)
	r := start(t, s, oneCapability(capability.When(kind.ConfigMap).Watch(func(context.Context, capability.Event[*corev1.ConfigMap]) error {
		called <- struct{}{}
		return nil
	})))
	<-called // the first object is there, the end of the snapshot is not
	if code, text := r.get(t, "/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(text, "wait") {
		t.Errorf("before the first sync: %d %s", code, text)
	}
	if code, _ := r.get(t, "/healthz"); code != http.StatusOK {
		t.Errorf("not live before the first sync: %d", code)
	}
	close(s.hold)
	until(t, "ready", func() bool { code, _ := r.get(t, "/readyz"); return code == http.StatusOK })
}

func TestOneBlockedStreamFailsReadinessOnlyIfAsked(t *testing.T) {
	maps := capability.When(kind.ConfigMap)
	r := start(t, &stub{forbidden: "/closed/"}, oneCapability(
		maps.InNamespace("open").Alias("open").Watch(ignoreMap),
		maps.InNamespace("closed").Alias("closed").Watch(ignoreMap),
	))
	until(t, "ready, with one stream blocked", func() bool {
		code, text := r.get(t, "/readyz")
		return code == http.StatusOK && strings.Contains(text, "blocked (forbidden)")
	})
	if code, _ := r.get(t, "/readyz?strict=1"); code != http.StatusServiceUnavailable {
		t.Errorf("strict readiness passes: %d", code)
	}
	if _, text := r.get(t, "/metrics"); !strings.Contains(text, `ancho_stream_blocked{reason="forbidden",stream="/api/v1/namespaces/closed/configmaps?watch=true"} 1`) {
		t.Error("no metric says that the stream is blocked")
	}
}

func TestStopWaitsForRunningCalls(t *testing.T) {
	in, out := make(chan struct{}), make(chan struct{})
	var calls int // written by one call at a time: the concurrency is 1
	r := start(t, &stub{objects: []*corev1.ConfigMap{mapNamed("a"), mapNamed("b")}},
		oneCapability(capability.When(kind.ConfigMap).Concurrency(1).Reconcile(func(ctx context.Context, _ capability.Event[*corev1.ConfigMap]) error {
			calls++
			in <- struct{}{}
			<-out
			return ctx.Err()
		})))
	<-in
	stopped := make(chan error, 1)
	go func() { stopped <- r.stop() }()
	until(t, "the stop to wait", func() bool { return strings.Contains(r.log.String(), "waiting for running callbacks") })
	close(out)
	if err := <-stopped; err != nil {
		t.Errorf("Run returned %v", err)
	}
	if calls != 1 {
		t.Errorf("%d calls, want 1: none may start after the stop", calls)
	}
	if strings.Contains(r.log.String(), "callback failed") {
		t.Errorf("the context was cancelled within the grace period:\n%s", r.log)
	}
}

func TestGracePeriodEnds(t *testing.T) {
	in, causes := make(chan struct{}), make(chan error, 1)
	o := oneCapability(capability.When(kind.ConfigMap).Reconcile(func(ctx context.Context, _ capability.Event[*corev1.ConfigMap]) error {
		close(in)
		<-ctx.Done()
		causes <- context.Cause(ctx)
		return nil
	}))
	o.GracePeriod = -1
	r := start(t, &stub{objects: []*corev1.ConfigMap{mapNamed("a")}}, o)
	<-in
	if err := r.stop(); err != nil {
		t.Errorf("Run returned %v", err)
	}
	if err := <-causes; !errors.Is(err, errStopping) {
		t.Errorf("the callback's context ended because of %v", err)
	}
}

func TestStopLeavesBehindWhatHangs(t *testing.T) {
	in, out := make(chan struct{}), make(chan struct{})
	o := oneCapability(capability.When(kind.ConfigMap).Reconcile(func(context.Context, capability.Event[*corev1.ConfigMap]) error {
		close(in)
		<-out
		return nil
	}))
	o.GracePeriod = -1
	r := start(t, &stub{objects: []*corev1.ConfigMap{mapNamed("stuck")}}, o)
	<-in
	if err := r.stop(); err != nil {
		t.Errorf("Run returned %v", err)
	}
	if !strings.Contains(r.log.String(), "c/configmaps ns/stuck") {
		t.Errorf("the callback that hangs is not named:\n%s", r.log)
	}
	close(out)
}

func TestRunsOnce(t *testing.T) {
	r := start(t, &stub{}, oneCapability(capability.When(kind.ConfigMap).Watch(ignoreMap)))
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if err := r.Run(t.Context()); !errors.Is(err, errRanBefore) {
		t.Errorf("a second Run returned %v", err)
	}
}

func TestCapabilityFunctionsCannotCallTheClusterWhilePlanning(t *testing.T) {
	var got error
	_, err := PlanFor(Options{Capabilities: []capability.Func{func(env capability.Env) *capability.Capability {
		got = env.Client.Get(t.Context(), client.ObjectKey{Namespace: "a", Name: "b"}, &corev1.ConfigMap{})
		return capability.New("c", capability.When(kind.ConfigMap).Watch(ignoreMap))
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if !errors.Is(got, environment.ErrCalledCluster) {
		t.Errorf("the function's call returned %v", got)
	}
}

func TestLogger(t *testing.T) {
	var out bytes.Buffer
	log, err := logs.New(&out, "1", logs.Auto)
	if err != nil {
		t.Fatal(err)
	}
	log.V(1).Info("fine")
	log.V(2).Info("too fine")
	if got := out.String(); !strings.Contains(got, `"msg":"fine"`) || strings.Contains(got, "too fine") {
		t.Errorf("logged %s", got)
	}
	for _, c := range [][2]string{{"loud", logs.Text}, {"-1", logs.Text}, {"info", "xml"}} {
		if _, err := logs.New(&out, c[0], c[1]); err == nil {
			t.Errorf("level %q and format %q pass", c[0], c[1])
		}
	}
}
