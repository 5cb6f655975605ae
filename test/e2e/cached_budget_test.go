//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// TestCachedOverTheBudget: with Cached what does not fit the memory budget is never read again, so that list and watch are rights
// enough; whatever waits is told with how it was, and a deletion with the last state.
func TestCachedOverTheBudget(t *testing.T) {
	t.Parallel()
	const objects = 120
	c := newClient(t, cluster(t).Config)
	ns := newNamespace(t, c)
	cfg, user := somebody(t, "keeper")
	rights{user: "keeper", namespace: ns, verbs: []string{"list", "watch"}}.give(t, c, user)
	cfg, spy := spied(cfg)
	name := func(i int) string { return fmt.Sprintf("large-%03d", i) }
	pad := strings.Repeat("x", largeSize)
	write := func(n string) func(int) error {
		return func(i int) error {
			cm := configMap(ns, name(i), "n", n, "pad", pad)
			if n == "0" {
				return c.Create(t.Context(), cm)
			}
			return c.Update(t.Context(), cm)
		}
	}
	atOnce(t, objects, write("0"))
	gate := make(chan struct{})
	blocks := func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
		if e.Type != added {
			<-gate
		}
		return nil
	}
	all := map[string]*calls[*corev1.ConfigMap]{"watched": {do: blocks}, "ordered": {do: blocks}, "latest": {do: blocks}}
	tight := capability.When(kind.ConfigMap).InNamespace(ns).IsCreatedOrUpdated().IsDeleted().MemoryBudget(256 << 10).Concurrency(4).Cached()
	p := run(t, cfg, runtime.Options{Capabilities: []capability.Func{
		only("watched", tight.Alias("watched").Watch(all["watched"].handle)),
		only("ordered", tight.Alias("ordered").InOrder().Reconcile(all["ordered"].handle)),
		only("latest", tight.Alias("latest").Reconcile(all["latest"].handle)),
	}})
	t.Cleanup(func() {
		select {
		case <-gate:
		default:
			close(gate)
		}
	})
	p.ready(t)
	for _, r := range all {
		r.wait(t, objects)
	}
	p.idle(t)

	atOnce(t, objects, write("1"))
	atOnce(t, objects, write("2"))
	atOnce(t, objects/4, func(i int) error { return c.Delete(t.Context(), configMap(ns, name(4*i))) })
	end := configMap(ns, "end")
	create(t, c, end)
	for binding := range all { // everything has been read, as the states that are kept say
		p.waitCount(t, "ancho_binding_cached_objects", binding, objects-objects/4+1)
		if n := p.count(t, "ancho_binding_bytes", binding); n < objects*largeSize/2 {
			t.Errorf("%s: %d bytes are held as the budget counts them, and how %d objects were waits", binding, n, objects)
		}
	}
	close(gate)
	for binding, r := range all {
		r.waitType(t, "end", added)
		p.idle(t)
		for i := range objects {
			told := r.of(name(i))
			stands := 0
			for j, e := range told {
				stands += 1 + e.Merged
				if e.Partial || e.HasOld() != (e.Type != added) || len(e.Object.Data["pad"]) != largeSize {
					t.Fatalf("%s: %s of %s: partial %v, with Old %v, %d bytes of data", binding, e.Type, e.Object.Name, e.Partial, e.HasOld(), len(e.Object.Data["pad"]))
				}
				if j == 1 && e.Old.Data["n"] != "0" {
					t.Errorf("%s: %s of %s was %s before, want 0", binding, e.Type, e.Object.Name, e.Old.Data["n"])
				}
			}
			want, events := modified, 3
			if i%4 == 0 {
				want, events = deleted, 4
			}
			if last := told[len(told)-1]; last.Type != want || last.Object.Data["n"] != "2" {
				t.Errorf("%s: %s of %s=%s came last, want %s of 2", binding, last.Type, name(i), last.Object.Data["n"], want)
			}
			if stands != events && binding != "latest" {
				t.Errorf("%s: the calls for %s stand for %d events, want %d", binding, name(i), stands, events)
			}
		}
		if n := p.count(t, "ancho_binding_reread_total", binding); n != 0 {
			t.Errorf("%s: %d objects were read again", binding, n)
		}
		if n := p.count(t, "ancho_binding_bytes", binding); n != 0 {
			t.Errorf("%s: %d bytes held at rest", binding, n)
		}
		if p.count(t, "ancho_binding_merged_total", binding) == 0 {
			t.Errorf("%s: nothing was merged, so that there was room for everything", binding)
		}
	}
	for _, r := range spy.gets("") {
		if strings.Contains(r.path, "/configmaps/") || strings.Contains(r.query, "metadata.name") {
			t.Errorf("a single object was asked for: %+v", r)
		}
	}
	must(t, c.DeleteAllOf(t.Context(), &corev1.ConfigMap{}, client.InNamespace(ns)))
	for binding := range all {
		p.waitCount(t, "ancho_binding_cached_objects", binding, 0)
	}
	p.idle(t)
	p.keepsNothing(t, "watched", "ordered", "latest")
}
