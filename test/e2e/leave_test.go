//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// TestHundredsLeaveAtOnce: of hundreds of objects that leave a label selection or are deleted while nobody watches, a
// few requests tell which did what, also where single objects may not be read.
func TestHundredsLeaveAtOnce(t *testing.T) {
	t.Parallel()
	const objects = 400
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	cfg, user := somebody(t, "lister")
	rights{user: "lister", namespace: ns, verbs: []string{"list", "watch"}}.give(t, c, user)
	cfg, proxy := proxied(t, cfg, 0)
	cfg, spy := spied(cfg)
	all := make(chan struct{}) // closed when all departures are known
	cfg = checksAfter(cfg, all)
	var seen, watched calls[*corev1.ConfigMap]
	sel := capability.When(kind.ConfigMap).InNamespace(ns).WithLabel("in").IsCreatedOrUpdated().IsDeleted().HasLeft()
	p := run(t, cfg, runtime.Options{}, sel.Reconcile(seen.handle), sel.Alias("watched").Watch(watched.handle))
	p.ready(t)
	name := func(i int) string { return fmt.Sprintf("o-%03d", i) }
	for i := range objects {
		create(t, c, labelled(ns, name(i), map[string]string{"in": ""}))
	}
	for i := range objects {
		seen.waitType(t, name(i), capability.Added)
	}
	p.cutOff(t, proxy)
	for i := range objects {
		o := configMap(ns, name(i))
		if i%2 == 0 {
			must(t, c.Delete(t.Context(), o))
			continue
		}
		must(t, c.Get(t.Context(), keyOf(o), o))
		edit(t, c, o, func(o *corev1.ConfigMap) { o.Labels = nil })
	}
	proxy.restore(t)
	// How fast they arrive is the machine's. Single checks that began before all were there are at most one a worker.
	for _, binding := range []string{"configmaps", "watched"} {
		p.waitCount(t, "ancho_binding_undecided", binding, objects)
	}
	close(all)
	for i := range objects {
		want := capability.Left
		if i%2 == 0 {
			want = capability.Deleted
		}
		seen.waitType(t, name(i), want)
		watched.waitType(t, name(i), want)
	}
	for i := range objects {
		last := hasLeft
		if i%2 == 0 {
			last = deleted
		}
		seen.wantTypes(t, name(i), added, last)
		watched.wantTypes(t, name(i), added, last)
	}
	p.waitCount(t, "ancho_binding_undecided", "configmaps", 0)
	single := 0
	for _, r := range spy.gets("") {
		if strings.Contains(r.path, "/configmaps/") {
			single++
		}
	}
	if single > workers {
		t.Errorf("%d objects were read one by one, want at most %d", single, workers)
	}
}

// workers is how many existence checks the runtime makes at once.
const workers = 8

// checksAfter holds the requests of existence checks, which ask for metadata, until a channel is closed.
func checksAfter(cfg *rest.Config, open <-chan struct{}) *rest.Config {
	cfg = rest.CopyConfig(cfg)
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if strings.Contains(r.Header.Get("Accept"), "PartialObjectMetadata") && r.URL.Query().Get("watch") == "" {
				select {
				case <-open:
				case <-r.Context().Done():
					return nil, r.Context().Err()
				}
			}
			return next.RoundTrip(r)
		})
	})
	return cfg
}
