//go:build e2e

package e2e

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

const (
	added    = capability.Added
	modified = capability.Modified
	deleted  = capability.Deleted
	hasLeft  = capability.Left
)

// TestFieldSelectedByServer: Pods by their phase, which the server selects.
func TestFieldSelectedByServer(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	seen := &calls[*corev1.Pod]{}
	cfg, spy := spied(env.Config)
	p := run(t, cfg, runtime.Options{},
		capability.When(kind.Pod).InNamespace(ns).WithField("status.phase", "Running").
			IsCreatedOrUpdated().IsDeleted().HasLeft().Reconcile(seen.handle))
	p.ready(t)
	pod := &corev1.Pod{}
	pod.Namespace, pod.Name = ns, "web"
	pod.Spec.Containers = []corev1.Container{{Name: "c", Image: "i"}}
	create(t, c, pod)
	phase := func(ph corev1.PodPhase) {
		t.Helper()
		before := pod.DeepCopy()
		pod.Status.Phase = ph
		must(t, c.Status().Patch(t.Context(), pod, client.MergeFrom(before)))
	}
	phase(corev1.PodRunning)
	if o := seen.waitType(t, "web", added).Object; o.Status.Phase != corev1.PodRunning {
		t.Errorf("the Pod came as %s", o.Status.Phase)
	}
	edit(t, c, pod, func(o *corev1.Pod) { o.Labels = map[string]string{"k": "v"} })
	seen.waitType(t, "web", modified)
	phase(corev1.PodSucceeded)
	seen.waitType(t, "web", hasLeft)
	seen.wantTypes(t, "web", added, modified, hasLeft)
	if asked := spy.gets("/pods"); len(asked) != 1 || !strings.Contains(asked[0].query, "fieldSelector=status.phase%3DRunning") {
		t.Errorf("requests: %v", asked)
	}
}

// TestOnSpecChange: only a change of the generation counts.
func TestOnSpecChange(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	var spec, watchSpec, every calls[*appsv1.Deployment]
	deployments := capability.When(kind.Deployment).InNamespace(ns).Concurrency(1)
	p := run(t, env.Config, runtime.Options{},
		deployments.OnSpecChange().IsCreatedOrUpdated().IsDeleted().Alias("spec").Reconcile(spec.handle),
		deployments.OnSpecChange().Alias("watch-spec").Watch(watchSpec.handle),
		deployments.Alias("every").Watch(every.handle))
	p.ready(t)
	d := &appsv1.Deployment{}
	d.Namespace, d.Name = ns, "web"
	labels := map[string]string{"app": "web"}
	one, two := int32(1), int32(2)
	d.Spec = appsv1.DeploymentSpec{Replicas: &one, Selector: &metav1.LabelSelector{MatchLabels: labels}}
	d.Spec.Template.Labels = labels
	d.Spec.Template.Spec.Containers = []corev1.Container{{Name: "c", Image: "i"}}
	create(t, c, d)
	spec.waitType(t, "web", added)
	edit(t, c, d, func(o *appsv1.Deployment) { o.Labels = labels })
	before := d.DeepCopy()
	d.Status.Replicas = 1
	must(t, c.Status().Patch(t.Context(), d, client.MergeFrom(before)))
	edit(t, c, d, func(o *appsv1.Deployment) { o.Spec.Replicas = &two })
	if o := spec.waitType(t, "web", modified).Object; *o.Spec.Replicas != 2 || o.Generation != 2 {
		t.Errorf("the change came as generation %d", o.Generation)
	}
	// Not an annotation: those of a Deployment count as its spec on the server, and raise the generation.
	edit(t, c, d, func(o *appsv1.Deployment) { o.Labels = map[string]string{"app": "other"} })
	must(t, c.Delete(t.Context(), d))
	spec.waitType(t, "web", deleted)
	waitUntil(t, "every change", func() bool { return len(every.of("web")) == 5 })
	p.idle(t)
	spec.wantTypes(t, "web", added, modified, deleted)
	watchSpec.wantTypes(t, "web", added, modified)
	every.wantTypes(t, "web", added, modified, modified, modified, modified)
}

// TestOnChangeAndWhere: a projection, and a predicate, of the decoded object.
func TestOnChangeAndWhere(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	var changed, where, both calls[*corev1.ConfigMap]
	watched := func(o *corev1.ConfigMap) any { return o.Data["watched"] }
	on := func(o *corev1.ConfigMap) bool { return o.Data["on"] == "yes" }
	maps := capability.When(kind.ConfigMap).InNamespace(ns).Concurrency(1).IsCreatedOrUpdated().IsDeleted().HasLeft()
	p := run(t, env.Config, runtime.Options{},
		maps.OnChange(watched).Alias("changed").Watch(changed.handle),
		maps.Where(on).Alias("where").Watch(where.handle),
		maps.Where(on).OnChange(watched).Alias("both").Watch(both.handle))
	p.ready(t)
	o := configMap(ns, "o", "watched", "1", "on", "no")
	create(t, c, o)
	set := func(k, v string) {
		t.Helper()
		edit(t, c, o, func(o *corev1.ConfigMap) { o.Data[k] = v })
	}
	set("other", "1")
	set("on", "yes") // where, both: Added
	set("other", "2")
	set("watched", "2") // changed, both: Modified
	set("watched", "2") // the server makes no event of it
	set("on", "no")     // where, both: Left
	set("watched", "3")
	set("on", "yes")
	must(t, c.Delete(t.Context(), o))
	for _, r := range []*calls[*corev1.ConfigMap]{&changed, &where, &both} {
		r.waitType(t, "o", deleted)
	}
	changed.wantTypes(t, "o", added, modified, modified, deleted)
	where.wantTypes(t, "o", added, modified, modified, hasLeft, added, deleted)
	both.wantTypes(t, "o", added, modified, hasLeft, added, deleted)
	if got := changed.of("o"); got[1].Object.Data["watched"] != "2" || got[2].Object.Data["watched"] != "3" {
		t.Errorf("OnChange: Modified with %q and %q", got[1].Object.Data["watched"], got[2].Object.Data["watched"])
	}
}

// TestDeletionTimestamp: an object enters the set when its deletion begins, and is gone with its finalizer.
func TestDeletionTimestamp(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	var deleting, all calls[*corev1.ConfigMap]
	maps := capability.When(kind.ConfigMap).InNamespace(ns).Concurrency(1).IsCreatedOrUpdated().IsDeleted()
	p := run(t, env.Config, runtime.Options{},
		maps.WithDeletionTimestamp().Alias("deleting").Watch(deleting.handle),
		maps.Alias("all").Watch(all.handle))
	p.ready(t)
	o := configMap(ns, "o")
	o.Finalizers = []string{"example.com/keep"}
	create(t, c, o, configMap(ns, "other"))
	must(t, c.Delete(t.Context(), o))
	if got := deleting.waitType(t, "o", added); got.Object.DeletionTimestamp == nil || got.Initial {
		t.Errorf("the object came as %+v", got.Object.ObjectMeta)
	}
	must(t, c.Get(t.Context(), keyOf(o), o))
	edit(t, c, o, func(o *corev1.ConfigMap) { o.Labels = map[string]string{"k": "v"} })
	deleting.waitType(t, "o", modified)
	edit(t, c, o, func(o *corev1.ConfigMap) { o.Finalizers = nil })
	deleting.waitType(t, "o", deleted)
	all.waitType(t, "o", deleted)
	deleting.wantTypes(t, "o", added, modified, deleted)
	deleting.wantTypes(t, "other")
	all.wantTypes(t, "o", added, modified, modified, deleted)
}
