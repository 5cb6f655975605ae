//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/capability"
)

// wireSpy sees every request that a client makes.
type wireSpy struct {
	mu  sync.Mutex
	all []spiedRequest
}

type spiedRequest struct {
	method, path, query, accept string
}

// spied returns a configuration whose requests are seen by the spy.
func spied(cfg *rest.Config) (*rest.Config, *wireSpy) {
	s := &wireSpy{}
	cfg = rest.CopyConfig(cfg)
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			s.mu.Lock()
			s.all = append(s.all, spiedRequest{r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Get("Accept")})
			s.mu.Unlock()
			return next.RoundTrip(r)
		})
	})
	return cfg, s
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// gets returns the GET requests for paths that end so, but for the lists of one object that verify empty snapshots.
func (s *wireSpy) gets(suffix string) (out []spiedRequest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.all {
		if r.method == http.MethodGet && strings.HasSuffix(r.path, suffix) && !r.verifies() {
			out = append(out, r)
		}
	}
	return out
}

// verifies says whether the request lists one object, to verify a snapshot that is empty or to see whether etcd was restored.
func (r spiedRequest) verifies() bool {
	q, err := url.ParseQuery(r.query)
	return err == nil && q.Get("limit") == "1"
}

// edit changes an object on the server by a patch of what the function changes, and brings obj up to date.
func edit[T client.Object](t *testing.T, c client.Client, obj T, change func(T)) {
	t.Helper()
	before, ok := obj.DeepCopyObject().(client.Object)
	if !ok {
		t.Fatalf("%T copies to something else", obj)
	}
	change(obj)
	must(t, c.Patch(t.Context(), obj, client.MergeFrom(before)))
}

// create creates objects and brings them up to date.
func create(t *testing.T, c client.Client, objects ...client.Object) {
	t.Helper()
	for _, o := range objects {
		must(t, c.Create(t.Context(), o))
	}
}

// labelled is a ConfigMap with labels.
func labelled(namespace, name string, labels map[string]string) *corev1.ConfigMap {
	cm := configMap(namespace, name)
	cm.Labels = labels
	return cm
}

// version is an object's resourceVersion as a number, which it is on the API server.
func version(t *testing.T, o client.Object) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(o.GetResourceVersion(), 10, 64)
	must(t, err)
	return n
}

// idle waits until no binding has a call that runs or is due, or an object of which is not known how it went.
func (p *program) idle(t *testing.T) {
	t.Helper()
	waitUntil(t, "idle", func() bool {
		for _, b := range p.Snapshot().Bindings {
			if b.Waiting > 0 || len(b.Running) > 0 || b.Undecided > 0 {
				return false
			}
		}
		return true
	})
}

// count reads one of a binding's counters or gauges.
func (p *program) count(t *testing.T, name, binding string) int {
	t.Helper()
	return int(p.metric(t, name, "binding", binding))
}

// waitCount waits until one of a binding's counters or gauges has a value.
func (p *program) waitCount(t *testing.T, name, binding string, n int) {
	t.Helper()
	waitUntil(t, fmt.Sprintf("%s of %s at %d", name, binding, n), func() bool { return p.count(t, name, binding) == n })
}

// waitType waits until the last call for an object is over and is of a type.
func (c *calls[T]) waitType(t *testing.T, name string, want capability.EventType) call[T] {
	t.Helper()
	var last call[T]
	waitUntil(t, fmt.Sprintf("%s of %s", want, name), func() bool {
		all := c.of(name)
		if len(all) == 0 {
			return false
		}
		last = all[len(all)-1]
		return last.Type == want && last.End != 0
	})
	return last
}

// wantTypes fails the test if the calls for an object were others.
func (c *calls[T]) wantTypes(t *testing.T, name string, want ...capability.EventType) {
	t.Helper()
	if got := c.types(name); !slices.Equal(got, want) {
		t.Errorf("events of %s: %v, want %v", name, got, want)
	}
}

// only fails the test if there were calls for other objects, or none for one of these.
func (c *calls[T]) only(t *testing.T, binding string, want ...string) {
	t.Helper()
	seen := map[string]bool{}
	for _, one := range c.list() {
		seen[key(one.Object)] = true
	}
	var got []string
	for k := range seen {
		got = append(got, k)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("binding %s saw %v, want %v", binding, got, want)
	}
}

func keyOf(o client.Object) client.ObjectKey { return client.ObjectKeyFromObject(o) }

func key(o interface {
	GetNamespace() string
	GetName() string
}) string {
	return o.GetNamespace() + "/" + o.GetName()
}
