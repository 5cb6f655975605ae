package runtime

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/internal/redirect"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/replicas"
)

// redirecting is a server that redirects every request to another one, at another address, where none may arrive.
type redirecting struct {
	*httptest.Server

	mu    sync.Mutex
	asked []string
}

func newRedirecting(t *testing.T) *redirecting {
	t.Helper()
	other := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was followed, Authorization %q", r.Method, r.URL, r.Header.Get("Authorization"))
	}))
	var lc net.ListenConfig
	if l, err := lc.Listen(t.Context(), "tcp", "127.0.0.2:0"); err == nil { // not every system has more than one
		_ = other.Listener.Close()
		other.Listener = l
	}
	other.Start()
	t.Cleanup(other.Close)
	r := &redirecting{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Authorization") != "Bearer hidden" {
			t.Errorf("%s %s came without the token", req.Method, req.URL)
		}
		r.mu.Lock()
		r.asked = append(r.asked, req.Method+" "+req.URL.Path)
		r.mu.Unlock()
		http.Redirect(w, req, other.URL+req.URL.Path+"?token=hidden", http.StatusTemporaryRedirect)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *redirecting) has(request string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.asked {
		if strings.HasPrefix(a, request) {
			return true
		}
	}
	return false
}

// No client of a program follows a redirect: streams, the Lease, Events, the clients in Env and those made from its
// configuration, discovery, and the release of finalizers.
func TestNoClientFollowsARedirect(t *testing.T) {
	s := newRedirecting(t)
	cfg := &rest.Config{Host: s.URL, BearerToken: "hidden"}
	o := oneCapability(capability.When(kind.ConfigMap).InNamespace("default").Reconcile(ignoreEvent))
	o.LeaderElection = &replicas.LeaderElection{Namespace: "default", Name: "program"}
	standby := startAt(t, cfg, o)
	until(t, "a request for the Lease", func() bool { return s.has("GET /apis/coordination.k8s.io/") })
	until(t, "a line about it", func() bool { return strings.Contains(standby.log.String(), "redirected to") })
	if err := standby.stop(); err != nil {
		t.Error(err)
	}

	r := startAt(t, cfg, oneCapability(capability.When(kind.Pod).Reconcile(func(context.Context, capability.Event[*corev1.Pod]) error { return nil })))
	until(t, "a line about the stream", func() bool {
		return strings.Contains(r.log.String(), "stream is blocked") && strings.Contains(r.log.String(), "redirected to")
	})
	env := r.Env()
	env.Recorder.Eventf(mapNamed("a"), nil, corev1.EventTypeNormal, "Seen", "Test", "an Event")
	until(t, "the Event's request", func() bool { return s.has("POST /apis/events.k8s.io/") })
	isRefused(t, env.Client.Get(t.Context(), types.NamespacedName{Namespace: "default", Name: "a"}, &corev1.ConfigMap{}))
	set, err := kubernetes.NewForConfig(env.Config)
	if err != nil {
		t.Fatal(err)
	}
	_, err = set.Discovery().ServerVersion()
	isRefused(t, err)
	if err := r.stop(); err != nil {
		t.Error(err)
	}

	f, err := New(cfg, oneCapability(capability.When(kind.ConfigMap).Reconcile(ignoreEvent).Finalize("example.com/mine", ignoreEvent)))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := f.ReleaseFinalizers(t.Context(), &out); err == nil || !strings.Contains(out.String(), "redirected to") {
		t.Errorf("%v: %s", err, out.String())
	}
	f.server.CloseIdleConnections()
	for _, text := range []string{standby.log.String(), r.log.String(), out.String()} {
		if strings.Contains(text, "hidden") {
			t.Errorf("a secret is shown:\n%s", text)
		}
	}
}

func isRefused(t *testing.T, err error) {
	t.Helper()
	if _, ok := errors.AsType[*redirect.Error](err); !ok {
		t.Errorf("not refused: %v", err)
	}
}
