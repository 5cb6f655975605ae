//go:build e2e

package e2e

import (
	"net/http"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// TestWarningsAreLoggedOnce: the server warns with every answer, and the log tells of it once.
func TestWarningsAreLoggedOnce(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	one, two := newNamespace(t, c), newNamespace(t, c)
	gvk := schema.GroupVersionKind{Group: "old.example.com", Version: "v1", Kind: "Old"}
	serve(t, env.Config, custom{kind: gvk, plural: "olds"})
	d := definitions(t, env.Config)
	crd := &apiextensionsv1.CustomResourceDefinition{}
	must(t, d.Get(t.Context(), client.ObjectKey{Name: "olds.old.example.com"}, crd))
	text := "old, and to be avoided"
	edit(t, d, crd, func(o *apiextensionsv1.CustomResourceDefinition) {
		o.Spec.Versions[0].Deprecated, o.Spec.Versions[0].DeprecationWarning = true, &text
	})
	waitUntil(t, "the server warns", func() bool { return strings.Contains(warningOf(t, env.Config, "/apis/old.example.com/v1/olds"), text) })

	var seen calls[*unstructured.Unstructured]
	cfg, proxy := proxied(t, env.Config, 0)
	cfg, spy := spied(cfg)
	p := run(t, cfg, runtime.Options{}, capability.When(kind.Unstructured(gvk)).InNamespace(one, two).Reconcile(seen.handle))
	p.ready(t)
	proxy.drop()
	waitUntil(t, "both streams are open again", func() bool { return len(spy.gets("/olds")) >= 4 })
	p.unblocked(t)
	create(t, c, customObject(gvk, one, "a"), customObject(gvk, two, "b"))
	seen.waitType(t, "a", added)
	seen.waitType(t, "b", added)
	if n := strings.Count(p.log.String(), text); n != 1 {
		t.Errorf("the log tells of the warning %d times, want once", n)
	}
}

// warningOf is the warning in the answer to a request.
func warningOf(t *testing.T, cfg *rest.Config, path string) string {
	t.Helper()
	httpClient, err := rest.HTTPClientFor(cfg)
	must(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimRight(cfg.Host, "/")+path, http.NoBody)
	must(t, err)
	resp, err := httpClient.Do(req)
	must(t, err)
	must(t, resp.Body.Close())
	return resp.Header.Get("Warning")
}
