//go:build e2e

package e2e

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// goers are bindings on one selection that ask for different ways of going.
type goers struct {
	all, left, deleted, present calls[*corev1.ConfigMap]
	watchLeft, watchDeleted     calls[*corev1.ConfigMap]
}

func (g *goers) bindings(s capability.Selection[*corev1.ConfigMap]) []capability.Binding {
	s = s.Concurrency(1)
	return []capability.Binding{
		s.IsCreatedOrUpdated().IsDeleted().HasLeft().Alias("all").Reconcile(g.all.handle),
		s.HasLeft().Alias("left").Reconcile(g.left.handle),
		s.IsDeleted().Alias("deleted").Reconcile(g.deleted.handle),
		s.Alias("present").Reconcile(g.present.handle),
		s.HasLeft().Alias("watch-left").Watch(g.watchLeft.handle),
		s.IsDeleted().Alias("watch-deleted").Watch(g.watchDeleted.handle),
	}
}

// show lets one object leave the selection and come back, deletes another, and looks at what each binding was
// told. in puts an object into the selection or takes it out.
func (g *goers) show(t *testing.T, p *program, ns string, in func(*corev1.ConfigMap, bool)) {
	t.Helper()
	c := newClient(t, cluster(t).Config)
	p.ready(t)
	leaver, goner, never := configMap(ns, "leaver", "k", "v"), configMap(ns, "goner", "k", "v"), configMap(ns, "never")
	in(leaver, true)
	in(goner, true)
	create(t, c, leaver, goner, never)
	g.all.waitType(t, "goner", capability.Added)
	edit(t, c, leaver, func(o *corev1.ConfigMap) { in(o, false) })
	must(t, c.Delete(t.Context(), goner))
	left := g.all.waitType(t, "leaver", capability.Left)
	if o := left.Object; !left.Partial || o.UID != leaver.UID || o.Namespace != ns || o.Kind != "ConfigMap" || len(o.Data) > 0 || len(o.Labels) > 0 {
		t.Errorf("Left carries %+v, want the identity alone", o)
	}
	gone := g.all.waitType(t, "goner", capability.Deleted)
	if gone.Partial || gone.Object.UID != goner.UID || gone.Object.Data["k"] != "v" {
		t.Errorf("Deleted carries %+v, partial %v; want the last state", gone.Object, gone.Partial)
	}
	p.idle(t)
	edit(t, c, leaver, func(o *corev1.ConfigMap) { in(o, true) })
	g.all.waitType(t, "leaver", capability.Added)
	g.present.waitType(t, "leaver", capability.Added)
	must(t, c.Delete(t.Context(), leaver)) // with one slot, what is told of it comes after all else
	for _, r := range []*calls[*corev1.ConfigMap]{&g.all, &g.deleted, &g.watchDeleted} {
		r.waitType(t, "leaver", capability.Deleted)
	}
	p.idle(t)

	g.all.wantTypes(t, "leaver", added, hasLeft, added, deleted)
	g.all.wantTypes(t, "goner", added, deleted)
	g.present.wantTypes(t, "leaver", added, added)
	g.present.wantTypes(t, "goner", added)
	for _, r := range []*calls[*corev1.ConfigMap]{&g.left, &g.watchLeft} {
		r.wantTypes(t, "leaver", hasLeft)
		r.wantTypes(t, "goner")
	}
	for _, r := range []*calls[*corev1.ConfigMap]{&g.deleted, &g.watchDeleted} {
		r.wantTypes(t, "leaver", deleted)
		r.wantTypes(t, "goner", deleted)
	}
	for _, r := range []*calls[*corev1.ConfigMap]{&g.all, &g.left, &g.deleted, &g.present, &g.watchLeft, &g.watchDeleted} {
		r.wantTypes(t, "never")
	}
}

// TestLeftSelectedByServer: the server says DELETED of what leaves a label selection; a live read tells.
func TestLeftSelectedByServer(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	ns := newNamespace(t, newClient(t, env.Config))
	g := &goers{}
	cfg, spy := spied(env.Config)
	p := run(t, cfg, runtime.Options{}, g.bindings(capability.When(kind.ConfigMap).InNamespace(ns).WithLabel("in", "yes"))...)
	g.show(t, p, ns, func(o *corev1.ConfigMap, in bool) {
		o.Labels = map[string]string{"in": map[bool]string{true: "yes", false: "no"}[in]}
	})
	if len(spy.gets("/configmaps/leaver")) == 0 {
		t.Error("nothing was read live, so that this test shows nothing")
	}
}

// TestLeftFilteredHere: an annotation is filtered here, so that the change itself tells.
func TestLeftFilteredHere(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	ns := newNamespace(t, newClient(t, env.Config))
	g := &goers{}
	cfg, spy := spied(env.Config)
	p := run(t, cfg, runtime.Options{}, g.bindings(capability.When(kind.ConfigMap).InNamespace(ns).WithAnnotation("in", "yes"))...)
	g.show(t, p, ns, func(o *corev1.ConfigMap, in bool) {
		o.Annotations = map[string]string{"in": map[bool]string{true: "yes", false: "no"}[in]}
	})
	if got := spy.gets("/configmaps/leaver"); len(got) > 0 {
		t.Errorf("read live, though the change told: %v", got)
	}
}

// TestNoLiveReadWithoutInterest: where no binding cares how an object went, nothing is read.
func TestNoLiveReadWithoutInterest(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	seen := &calls[*corev1.ConfigMap]{}
	cfg, spy := spied(env.Config)
	p := run(t, cfg, runtime.Options{}, capability.When(kind.ConfigMap).InNamespace(ns).WithLabel("in").Concurrency(1).Reconcile(seen.handle))
	p.ready(t)
	o, end := labelled(ns, "o", map[string]string{"in": ""}), labelled(ns, "end", map[string]string{"in": ""})
	create(t, c, o)
	seen.waitType(t, "o", capability.Added)
	edit(t, c, o, func(o *corev1.ConfigMap) { o.Labels = nil })
	create(t, c, end)
	seen.waitType(t, "end", capability.Added)
	seen.wantTypes(t, "o", capability.Added)
	if got := spy.gets("/configmaps/o"); len(got) > 0 {
		t.Errorf("read live: %v", got)
	}
}
