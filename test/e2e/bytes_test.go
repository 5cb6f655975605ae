//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// crumbs hands out an answer in pieces of 1 to 7 bytes, wherever they end.
type crumbs struct {
	io.ReadCloser
	n int
}

func (c *crumbs) Read(b []byte) (int, error) {
	c.n = c.n%7 + 1
	return c.ReadCloser.Read(b[:min(len(b), c.n)])
}

// TestBytesInPieces: frames begin and end anywhere, in both encodings, below TLS and above it.
func TestBytesInPieces(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	gvk := schema.GroupVersionKind{Group: "pieces.example.com", Version: "v1", Kind: "Piece"}
	serve(t, env.Config, custom{kind: gvk, plural: "pieces"})
	text := strings.Repeat("ä€𝄞\\\"\n", 40)
	put := func(i int) {
		t.Helper()
		o := customObject(gvk, ns, fmt.Sprint("o-", i))
		o.Object["spec"] = map[string]any{"text": text}
		create(t, c, o, configMap(ns, fmt.Sprint("o-", i), "text", text))
	}
	for i := range 3 {
		put(i)
	}
	cfg, _ := proxied(t, env.Config, 7)
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil {
				resp.Body = &crumbs{ReadCloser: resp.Body}
			}
			return resp, err
		})
	})
	types := answers(cfg)
	var pieces calls[*unstructured.Unstructured]
	var maps calls[*corev1.ConfigMap]
	p := run(t, cfg, runtime.Options{},
		capability.When(kind.Unstructured(gvk)).InNamespace(ns).IsCreatedOrUpdated().IsDeleted().Concurrency(1).Watch(pieces.handle),
		capability.When(kind.ConfigMap).InNamespace(ns).IsCreatedOrUpdated().IsDeleted().Concurrency(1).Watch(maps.handle))
	p.ready(t)
	for i := range 20 {
		put(3 + i)
	}
	must(t, c.Delete(t.Context(), configMap(ns, "o-22")))
	must(t, c.Delete(t.Context(), customObject(gvk, ns, "o-22")))
	pieces.waitType(t, "o-22", deleted)
	maps.waitType(t, "o-22", deleted)
	for _, one := range pieces.list() {
		if got, _, _ := unstructured.NestedString(one.Object.Object, "spec", "text"); got != text {
			t.Errorf("%s came as %q", one.Object.GetName(), got)
		}
	}
	for _, one := range maps.list() {
		if one.Object.Data["text"] != text {
			t.Errorf("%s came as %q", one.Object.Name, one.Object.Data["text"])
		}
	}
	if a, b := len(pieces.list()), len(maps.list()); a != 24 || b != 24 {
		t.Errorf("%d and %d calls, want 24 of each", a, b)
	}
	if got := types(); len(got) != 2 || !got["application/json"] || !got["application/vnd.kubernetes.protobuf;stream=watch"] {
		t.Errorf("answers came as %v, want JSON and protobuf", got)
	}
	if n := p.metric(t, "ancho_stream_reconnects_total") + p.metric(t, "ancho_stream_relists_total") + p.metric(t, "ancho_stream_skipped_total"); n > 0 {
		t.Errorf("%v disturbances, want none", n)
	}
}

// answers notes the media types of the answers to watches.
func answers(cfg *rest.Config) (types func() map[string]bool) {
	var mu sync.Mutex
	seen := map[string]bool{}
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil && r.URL.Query().Get("watch") != "" {
				mu.Lock()
				defer mu.Unlock()
				seen[resp.Header.Get("Content-Type")] = true
			}
			return resp, err
		})
	})
	return func() map[string]bool {
		mu.Lock()
		defer mu.Unlock()
		return maps.Clone(seen)
	}
}

// TestConnectionStandsStill: a connection is open, and nothing comes through. The pings of HTTP/2 notice it, and the watch
// goes on where it stopped. It does not run beside others, as client-go reads the pace of the pings from the environment.
func TestConnectionStandsStill(t *testing.T) {
	t.Setenv("HTTP2_READ_IDLE_TIMEOUT_SECONDS", "1")
	t.Setenv("HTTP2_PING_TIMEOUT_SECONDS", "1")
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	// A user of its own has a transport of its own, which is made now.
	cfg, err := env.User("still", "system:masters")
	must(t, err)
	cfg, proxy := proxied(t, cfg, 0)
	cfg, spy := spied(cfg)
	seen := &witnesses{}
	p := run(t, cfg, runtime.Options{}, seen.bindings(capability.When(kind.ConfigMap).InNamespace(ns))...)
	p.ready(t)
	create(t, c, configMap(ns, "before"))
	seen.settle(t, c, ns)
	proxy.freeze()
	create(t, c, configMap(ns, "still"))
	must(t, c.Delete(t.Context(), configMap(ns, "before")))
	seen.settle(t, c, ns)
	if n := p.metric(t, "ancho_stream_reconnects_total", "reason", "read_error"); n != 1 {
		t.Errorf("%v reconnects, want 1", n)
	}
	if n := p.metric(t, "ancho_stream_relists_total"); n != 0 {
		t.Errorf("%v relists, want none", n)
	}
	if asked := spy.gets("/configmaps"); len(asked) != 2 || !strings.Contains(asked[1].query, "resourceVersion=") || strings.Contains(asked[1].query, "sendInitialEvents") {
		t.Errorf("requests: %v, want one to begin and one to resume", asked)
	}
}
