//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/ancho-dev/ancho/internal/testenv"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// TestServerWithoutWatchList: a server that cannot stream a snapshot gives it in pages; what the bindings are told is the
// same, and the server is asked once.
func TestServerWithoutWatchList(t *testing.T) {
	t.Parallel()
	env := ownCluster(t, testenv.Options{APIServerArgs: []string{"--feature-gates=WatchList=false"}})
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	const objects = 1201
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := w; i < objects; i += 8 {
				if err := c.Create(t.Context(), configMap(ns, fmt.Sprintf("o-%d", i))); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	cfg, spy := spied(env.Config)
	seen := &witnesses{}
	p := run(t, cfg, runtime.Options{}, seen.bindings(capability.When(kind.ConfigMap).InNamespace(ns))...)
	p.ready(t)
	seen.settle(t, c, ns)
	for binding, r := range seen.all() {
		all := r.list()
		if len(all) != objects {
			t.Errorf("%s: %d calls, want %d", binding, len(all), objects)
		}
		for _, one := range all {
			if o := one.Object; one.Type != added || !one.Initial || one.Partial || o.Kind != "ConfigMap" || o.APIVersion != "v1" {
				t.Fatalf("%s: %s came as %s, initial %v, partial %v, %s %s", binding, o.Name, one.Type, one.Initial, one.Partial, o.APIVersion, o.Kind)
			}
		}
	}
	initial := func() (n int) {
		for _, r := range spy.gets("/configmaps") {
			if strings.Contains(r.query, "sendInitialEvents") {
				n++
			}
		}
		return n
	}
	pages := func() (n int) {
		for _, r := range spy.gets("/configmaps") {
			if strings.Contains(r.query, "limit=500") {
				n++
			}
		}
		return n
	}
	if a, b := initial(), pages(); a != 1 || b != 3 {
		t.Errorf("%d wishes for a stream and %d pages, want 1 and 3: %v", a, b, spy.gets("/configmaps"))
	}

	// Live changes come as ever; and after a loss of history nobody tries the stream again.
	w := &churn{c: c, ns: ns, names: 10, tolerant: true}
	stop := w.start(t)
	w.more(t, 50)
	stop()
	seen.settle(t, c, ns)
	w.wantEvery(t, "ordered", seen.ordered.list())
	w.wantEvery(t, "watched", seen.watched.list())
	crash(t, env, c)
	must(t, env.Compact())
	must(t, env.StartAPIServer())
	must(t, c.Delete(t.Context(), configMap(ns, "o-7")))
	create(t, c, configMap(ns, "o-7"), configMap(ns, "last"))
	seen.settle(t, c, ns)
	if n := p.metric(t, "ancho_stream_relists_total", "reason", "expired"); n == 0 {
		t.Error("the history was not lost, so that this test shows nothing")
	}
	if a, b := initial(), pages(); a != 1 || b < 6 {
		t.Errorf("%d wishes for a stream and %d pages, want 1 and 6", a, b)
	}
}
