//go:build e2e

package e2e

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/internal/testenv"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// equals fails the test if a Reader does not have the very objects that the server lists.
func equals(t *testing.T, r *capability.Reader[*corev1.ConfigMap], c client.Client, labels map[string]string, spaces ...string) (objects int) {
	t.Helper()
	var now []corev1.ConfigMap
	for _, ns := range spaces {
		var in corev1.ConfigMapList
		must(t, c.List(t.Context(), &in, client.InNamespace(ns), client.MatchingLabels(labels)))
		now = append(now, in.Items...)
		n := 0
		for range r.InNamespace(ns) {
			n++
		}
		if n != len(in.Items) {
			t.Errorf("the reader has %d objects in %s, the server %d", n, ns, len(in.Items))
		}
	}
	all := map[string]*corev1.ConfigMap{}
	for cm := range r.All() {
		if all[key(cm)] != nil {
			t.Errorf("%s is there twice", key(cm))
		}
		all[key(cm)] = cm
	}
	if len(all) != len(now) || r.Len() != len(now) || !r.Synced() {
		t.Errorf("the reader has %d objects, says %d, synced %v; the server %d", len(all), r.Len(), r.Synced(), len(now))
	}
	for i := range now {
		want := &now[i]
		one, found := r.Get(want.Namespace, want.Name)
		if !found || all[key(want)] == nil {
			t.Errorf("%s is not in the reader", key(want))
			continue
		}
		same(t, "in the reader "+key(want), one, want)
		same(t, "in the loop "+key(want), all[key(want)], want)
	}
	return len(now)
}

// TestReaderHasWhatTheServerHas: at rest, after much has changed, after a gap whose history is lost, and when all is gone,
// a Reader has what the server lists; and a gap is told with the last states.
func TestReaderHasWhatTheServerHas(t *testing.T) {
	t.Parallel()
	env := ownCluster(t, testenv.Options{})
	c := newClient(t, env.Config)
	a, b := newNamespace(t, c), newNamespace(t, c)
	cfg, proxy := proxied(t, env.Config, 0)
	k, of := &keepers[*corev1.ConfigMap]{}, map[string]string{"in": "yes"}
	sel := capability.When(kind.ConfigMap).InNamespace(a, b)
	var whole capability.Reader[*corev1.ConfigMap]
	var seen calls[*corev1.ConfigMap]
	seen.do = func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
		if now, found := whole.Get(e.Object.Namespace, e.Object.Name); found && now.UID == e.Object.UID && version(t, now) < version(t, e.Object) {
			t.Errorf("the callback for %s was given %s, and the reader has %s", key(e.Object), e.Object.ResourceVersion, now.ResourceVersion)
		}
		return nil
	}
	p := run(t, cfg, runtime.Options{Capabilities: append(k.capabilities(sel.WithLabel("in", "yes")),
		only("whole", sel.IsCreatedOrUpdated().IsDeleted().Cached(&whole).Alias("whole").Reconcile(seen.handle)))})
	close(k.gate)
	p.ready(t)
	inA, inB := &churn{c: c, ns: a, names: 20}, &churn{c: c, ns: b, names: 20}
	stopA, stopB := inA.start(t), inB.start(t)
	inA.more(t, 300)
	inB.more(t, 300)
	stopA()
	stopB()
	names := []string{"stays", "changes", "leaves", "goes", "again"}
	for _, name := range names {
		create(t, c, labelled(b, name, of))
	}
	settled(t, c, a, "whole", &seen)
	settled(t, c, b, "whole", &seen)
	for _, name := range names {
		k.latest.waitType(t, name, added)
		k.watched.waitType(t, name, added)
	}
	rest := func(what string, want int) {
		t.Helper()
		p.idle(t)
		if n := equals(t, &whole, c, nil, a, b); n < want {
			t.Errorf("%s: %d objects, so that this shows little", what, n)
		}
		equals(t, &k.inWatched, c, of, a, b)
		equals(t, &k.inLatest, c, of, a, b)
	}
	rest("after many changes", len(names)+4)

	before := map[string]*corev1.ConfigMap{}
	for cm := range k.inWatched.All() {
		before[cm.Name] = cm
	}
	p.cutOff(t, proxy)
	for _, name := range []string{"goes", "again"} {
		must(t, c.Delete(t.Context(), before[name]))
	}
	create(t, c, labelled(b, "again", of), labelled(b, "new", of))
	edit(t, c, before["changes"].DeepCopy(), func(o *corev1.ConfigMap) { o.Data = map[string]string{"v": "changed"} })
	edit(t, c, before["leaves"].DeepCopy(), func(o *corev1.ConfigMap) { o.Labels = map[string]string{"in": "no"} })
	must(t, c.DeleteAllOf(t.Context(), &corev1.ConfigMap{}, client.InNamespace(a)))
	crash(t, env, c)
	must(t, env.Compact())
	must(t, env.StartAPIServer())
	proxy.restore(t)
	p.ready(t)
	k.watched.waitType(t, "new", added)
	k.latest.waitType(t, "new", added)
	settled(t, c, a, "whole", &seen)
	settled(t, c, b, "whole", &seen)
	for binding, r := range map[string]*calls[*corev1.ConfigMap]{"watched": &k.watched, "ordered": &k.ordered, "latest": &k.latest} {
		for name, want := range map[string][]capability.EventType{
			"stays": {added}, "changes": {added, modified}, "leaves": {added, hasLeft}, "goes": {added, deleted}, "again": {added, deleted, added},
		} {
			r.waitType(t, name, want[len(want)-1])
			r.wantTypes(t, name, want...)
			if all := r.of(name); len(all) > 1 {
				e := all[1]
				if !e.HasOld() || e.Partial {
					t.Fatalf("%s: %s of %s, with Old %v, partial %v", binding, e.Type, name, e.HasOld(), e.Partial)
				}
				same(t, binding+": Old of "+name, e.Old, before[name])
				if e.Type != modified {
					same(t, binding+": the last state of "+name, e.Object, before[name])
				}
			}
		}
	}
	if n := p.metric(t, "ancho_stream_relists_total", "reason", "expired"); n == 0 {
		t.Error("the history was not lost, so that this test shows nothing")
	}
	rest("after the gap", len(names))

	for _, ns := range []string{a, b} {
		must(t, c.DeleteAllOf(t.Context(), &corev1.ConfigMap{}, client.InNamespace(ns)))
	}
	settled(t, c, a, "whole", &seen)
	settled(t, c, b, "whole", &seen)
	waitUntil(t, "the other readers are empty", func() bool { return k.inWatched.Len()+k.inLatest.Len() == 0 })
	rest("in the end", 0)
	p.keepsNothing(t, "watched", "ordered", "latest", "whole")
}
