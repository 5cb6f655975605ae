//go:build e2e

package e2e

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// The thin line through everything: declare, compile, watch, queue, decode, call, stop.
func TestFromDeclarationToCallback(t *testing.T) {
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	must(t, c.Create(t.Context(), configMap(ns, "before", "k", "1")))

	var reconciled, watched calls[*corev1.ConfigMap]
	maps := capability.When(kind.ConfigMap).InNamespace(ns).IsCreatedOrUpdated().IsDeleted()
	p := run(t, env.Config, runtime.Options{},
		maps.Reconcile(reconciled.handle),
		maps.Watch(watched.handle))
	p.ready(t)

	first := reconciled.wait(t, 1)[0]
	if !first.Initial || first.Type != capability.Added || first.Object.Data["k"] != "1" || first.Object.Kind != "ConfigMap" {
		t.Errorf("the object that was there came as %+v", first.Event)
	}
	cm := configMap(ns, "after", "k", "1")
	must(t, c.Create(t.Context(), cm))
	cm.Data["k"] = "2"
	must(t, c.Update(t.Context(), cm))
	must(t, c.Delete(t.Context(), cm))
	waitUntil(t, "the deletion", func() bool {
		return slices.Contains(watched.types("after"), capability.Deleted) && slices.Contains(reconciled.types("after"), capability.Deleted)
	})
	// Watch callbacks run concurrently, so that their order of arrival says nothing.
	got := watched.types("after")
	slices.Sort(got)
	if want := []capability.EventType{capability.Added, capability.Deleted, capability.Modified}; !slices.Equal(got, want) {
		t.Errorf("Watch saw %v, want %v", got, want)
	}
	last := reconciled.of("after")
	if end := last[len(last)-1]; end.Partial || end.Object.UID != cm.UID {
		t.Errorf("the deleted object came as %+v", end.Object.ObjectMeta)
	}
	if n := p.metric(t, "ancho_streams"); n != 1 {
		t.Errorf("%v streams, want 1", n)
	}
	p.stop(t)
	must(t, c.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "late"}}))
	if len(reconciled.of("late")) > 0 {
		t.Error("a call started after the stop")
	}
}
