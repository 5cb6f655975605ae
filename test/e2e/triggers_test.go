//go:build e2e

package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// controlledBy is what an owner reference of a ConfigMap's says.
func controlledBy(o *corev1.ConfigMap) []metav1.OwnerReference {
	return []metav1.OwnerReference{*metav1.NewControllerRef(o, corev1.SchemeGroupVersion.WithKind("ConfigMap"))}
}

func newSecret(ns, name string, labels map[string]string, owners []metav1.OwnerReference) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name, Labels: labels, OwnerReferences: owners}}
}

// inData gives the names that a text lists, separated by commas.
func inData(text string) (out []types.NamespacedName) {
	for name := range strings.SplitSeq(text, ",") {
		out = append(out, types.NamespacedName{Name: name})
	}
	return out
}

// woken are the calls for an object that triggers made, as "type kind name".
func woken(c *calls[*corev1.ConfigMap], name string) (out []string) {
	for _, one := range c.of(name) {
		for _, cause := range one.Causes {
			if one.Type == capability.Unchanged {
				out = append(out, string(cause.Type)+" "+cause.Name[strings.Index(cause.Name, "/")+1:])
			}
		}
	}
	return out
}

// waitWoken waits until triggers have made these calls for an object, and no other.
func waitWoken(t *testing.T, c *calls[*corev1.ConfigMap], name string, want ...string) {
	t.Helper()
	waitUntil(t, name+" is woken by "+strings.Join(want, ", "), func() bool { return len(woken(c, name)) >= len(want) })
	if got := woken(c, name); !slices.Equal(got, want) {
		t.Errorf("%s was woken by %q, want %q", name, got, want)
	}
}

// TestOwns: a change of what is owned wakes the owner, one of the reference wakes both, and a selection leaves out the
// rest. The streams are those of the binding's namespace, and carry metadata.
func TestOwns(t *testing.T) {
	t.Parallel()
	c := newClient(t, cluster(t).Config)
	ns, other := newNamespace(t, c), newNamespace(t, c)
	cfg, spy := spied(cluster(t).Config)
	in := map[string]string{"in": ""}
	kinds, selections := &calls[*corev1.ConfigMap]{}, &calls[*corev1.ConfigMap]{}
	here := capability.When(kind.ConfigMap).InNamespace(ns)
	p := run(t, cfg, runtime.Options{},
		here.Owns(kind.Secret, kind.Service).Alias("kinds").Reconcile(kinds.handle),
		here.Owns(capability.When(kind.Secret).WithLabel("in")).Alias("selections").Reconcile(selections.handle))
	p.ready(t)
	a, b, elsewhere := configMap(ns, "a"), configMap(ns, "b"), configMap(other, "a")
	create(t, c, a, b, elsewhere)
	kinds.waitType(t, "a", added)
	kinds.waitType(t, "b", added)
	selections.waitType(t, "b", added)

	s := newSecret(ns, "s", nil, controlledBy(a))
	create(t, c, newSecret(other, "s", in, controlledBy(elsewhere)), s)
	waitWoken(t, kinds, "a", "Added s")
	edit(t, c, s, func(s *corev1.Secret) { s.Labels = in })
	waitWoken(t, kinds, "a", "Added s", "Modified s")
	waitWoken(t, selections, "a", "Added s")
	edit(t, c, s, func(s *corev1.Secret) { s.OwnerReferences = controlledBy(b) })
	waitWoken(t, kinds, "a", "Added s", "Modified s", "Modified s")
	waitWoken(t, kinds, "b", "Modified s")
	waitWoken(t, selections, "b", "Modified s")
	edit(t, c, s, func(s *corev1.Secret) { s.Labels = nil })
	waitWoken(t, selections, "b", "Modified s", "Left s")
	must(t, c.Delete(t.Context(), s))
	waitWoken(t, kinds, "b", "Modified s", "Modified s", "Deleted s")
	svc := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "svc", OwnerReferences: controlledBy(a)}}
	svc.Spec.Ports = []corev1.ServicePort{{Port: 80}}
	create(t, c, svc)
	waitWoken(t, kinds, "a", "Added s", "Modified s", "Modified s", "Added svc")
	p.idle(t)
	waitWoken(t, selections, "a", "Added s", "Modified s")
	waitWoken(t, selections, "b", "Modified s", "Left s")

	for _, path := range []string{"/secrets", "/services"} {
		for _, r := range spy.gets(path) {
			if !strings.HasSuffix(r.path, "/namespaces/"+ns+path) || !strings.Contains(r.accept, "as=PartialObjectMetadata") {
				t.Errorf("asked for %s?%s as %s; want the metadata of the binding's namespace", r.path, r.query, r.accept)
			}
		}
	}
	if n := len(spy.gets("/secrets")); n != 1 {
		t.Errorf("%d requests for Secrets, want one for both bindings", n)
	}
}

// TestUses: an object is woken by what it names now, and no more by what it named before; also by what comes later.
func TestUses(t *testing.T) {
	t.Parallel()
	c := newClient(t, cluster(t).Config)
	ns := newNamespace(t, c)
	seen := &calls[*corev1.ConfigMap]{}
	p := run(t, cluster(t).Config, runtime.Options{},
		capability.When(kind.ConfigMap).InNamespace(ns).Uses(kind.Secret, func(o *corev1.ConfigMap) []types.NamespacedName {
			return inData(o.Data["secrets"])
		}).Reconcile(seen.handle))
	p.ready(t)
	user, second := configMap(ns, "user", "secrets", "old,both"), configMap(ns, "second", "secrets", "both")
	create(t, c, user, second)
	seen.waitType(t, "user", added)
	seen.waitType(t, "second", added)
	old, fresh, both := newSecret(ns, "old", nil, nil), newSecret(ns, "fresh", nil, nil), newSecret(ns, "both", nil, nil)
	create(t, c, old)
	waitWoken(t, seen, "user", "Added old")
	create(t, c, fresh, both)
	waitWoken(t, seen, "user", "Added old", "Added both")
	waitWoken(t, seen, "second", "Added both")
	edit(t, c, user, func(o *corev1.ConfigMap) { o.Data["secrets"] = "fresh" })
	seen.waitType(t, "user", modified)
	change := func(s *corev1.Secret) { s.StringData = map[string]string{"k": "v"} }
	edit(t, c, old, change)
	edit(t, c, both, change)
	edit(t, c, fresh, change)
	waitWoken(t, seen, "user", "Added old", "Added both", "Modified fresh")
	must(t, c.Delete(t.Context(), fresh))
	waitWoken(t, seen, "user", "Added old", "Added both", "Modified fresh", "Deleted fresh")
	p.idle(t)
	waitWoken(t, seen, "second", "Added both", "Modified both")
}

// TestTriggeredBy: what an object maps to, and what it mapped to before, is woken.
func TestTriggeredBy(t *testing.T) {
	t.Parallel()
	c := newClient(t, cluster(t).Config)
	ns := newNamespace(t, c)
	kinds, selections := &calls[*corev1.ConfigMap]{}, &calls[*corev1.ConfigMap]{}
	of := func(s *corev1.Secret) []types.NamespacedName { return inData(s.Annotations["for"]) }
	here := capability.When(kind.ConfigMap).InNamespace(ns)
	p := run(t, cluster(t).Config, runtime.Options{Namespace: ns},
		here.TriggeredBy(capability.Mapped(kind.Secret, of)).Alias("kinds").Reconcile(kinds.handle),
		here.TriggeredBy(capability.Mapped(capability.When(kind.Secret).InNamespace(ns).OnChange(func(s *corev1.Secret) any {
			return s.Annotations
		}), of)).Alias("selections").Reconcile(selections.handle))
	p.ready(t)
	create(t, c, configMap(ns, "a"), configMap(ns, "b"), configMap(ns, "z"))
	for _, name := range []string{"a", "b", "z"} {
		kinds.waitType(t, name, added)
		selections.waitType(t, name, added)
	}
	s := newSecret(ns, "s", nil, nil)
	s.Annotations = map[string]string{"for": "a,z"}
	create(t, c, s)
	edit(t, c, s, func(s *corev1.Secret) { s.StringData = map[string]string{"k": "v"} })
	edit(t, c, s, func(s *corev1.Secret) { s.Annotations["for"] = "b,z" })
	edit(t, c, s, func(s *corev1.Secret) { s.StringData = map[string]string{"k": "w"} })
	must(t, c.Delete(t.Context(), s))
	waitUntil(t, "the deletion wakes b", func() bool {
		all := woken(kinds, "b")
		return len(all) > 0 && all[len(all)-1] == "Deleted s"
	})
	p.idle(t)
	// Waking calls are merged, so it is the causes that count.
	waitWoken(t, kinds, "a", "Added s", "Modified s", "Modified s")
	waitWoken(t, kinds, "b", "Modified s", "Modified s", "Deleted s")
	waitWoken(t, kinds, "z", "Added s", "Modified s", "Modified s", "Modified s", "Deleted s")
	waitWoken(t, selections, "a", "Added s", "Modified s")
	waitWoken(t, selections, "b", "Modified s", "Deleted s")
}

// TestWakingCallsAreMerged: what wakes an object while its call runs is one call with one live read, and that has what was
// written before.
func TestWakingCallsAreMerged(t *testing.T) {
	t.Parallel()
	c := newClient(t, cluster(t).Config)
	ns := newNamespace(t, c)
	cfg, spy := spied(cluster(t).Config)
	let := make(chan struct{})
	seen := &calls[*corev1.ConfigMap]{do: func(ctx context.Context, _ capability.Event[*corev1.ConfigMap]) error {
		select {
		case <-let:
		case <-ctx.Done():
		}
		return ctx.Err()
	}}
	p := run(t, cfg, runtime.Options{}, capability.When(kind.ConfigMap).InNamespace(ns).OnSpecChange().Owns(kind.Secret).Reconcile(seen.handle))
	p.ready(t)
	a := configMap(ns, "a")
	create(t, c, a)
	seen.wait(t, 1)
	edit(t, c, a, func(o *corev1.ConfigMap) { o.Data = map[string]string{"k": "latest"} }) // which OnSpecChange does not tell
	for _, name := range []string{"s1", "s2", "s3", "s4", "s5"} {
		create(t, c, newSecret(ns, name, nil, controlledBy(a)))
	}
	waitUntil(t, "five events of what is owned", func() bool { return p.count(t, "ancho_binding_merged_total", "configmaps") == 4 })
	close(let)
	waitWoken(t, seen, "a", "Added s1", "Added s2", "Added s3", "Added s4", "Added s5")
	p.idle(t)
	all := seen.of("a")
	if len(all) != 2 || all[1].Merged != 4 || all[1].Object.Data["k"] != "latest" {
		t.Errorf("%d calls, the last with %d merged and %v", len(all), all[len(all)-1].Merged, all[len(all)-1].Object.Data)
	}
	if n := len(spy.gets("/configmaps/a")); n != 1 {
		t.Errorf("%d live reads", n)
	}
}
