//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// definitions is a client for CustomResourceDefinitions.
func definitions(t *testing.T, cfg *rest.Config) client.Client {
	t.Helper()
	scheme := apiruntime.NewScheme()
	must(t, apiextensionsv1.AddToScheme(scheme))
	c, err := client.New(cfg, client.Options{Scheme: scheme})
	must(t, err)
	return c
}

// served makes one more version of a definition served, or an existing one not served any more, and waits until the
// server does so.
func served(t *testing.T, cfg *rest.Config, gvk schema.GroupVersionKind, plural string, yes bool) {
	t.Helper()
	c := definitions(t, cfg)
	crd := &apiextensionsv1.CustomResourceDefinition{}
	must(t, c.Get(t.Context(), client.ObjectKey{Name: plural + "." + gvk.Group}, crd))
	edit(t, c, crd, func(o *apiextensionsv1.CustomResourceDefinition) {
		for i := range o.Spec.Versions {
			if o.Spec.Versions[i].Name == gvk.Version {
				o.Spec.Versions[i].Served = yes
				return
			}
		}
		another := *o.Spec.Versions[0].DeepCopy()
		another.Name, another.Served, another.Storage = gvk.Version, yes, false
		o.Spec.Versions = append(o.Spec.Versions, another)
	})
	waitUntil(t, gvk.String()+" served or not", func() bool {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(gvk.GroupVersion().WithKind(gvk.Kind + "List"))
		return (c.List(t.Context(), list) == nil) == yes
	})
}

// withdraw deletes a definition and waits until it is gone.
func withdraw(t *testing.T, cfg *rest.Config, gvk schema.GroupVersionKind, plural string) {
	t.Helper()
	c := definitions(t, cfg)
	crd := &apiextensionsv1.CustomResourceDefinition{}
	crd.Name = plural + "." + gvk.Group
	must(t, c.Delete(t.Context(), crd))
	waitUntil(t, crd.Name+" gone", func() bool { return apierrors.IsNotFound(c.Get(t.Context(), keyOf(crd), crd)) })
}

func customObject(gvk schema.GroupVersionKind, namespace, name string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(gvk)
	o.SetNamespace(namespace)
	o.SetName(name)
	return o
}

// waitBlocked waits until a stream is blocked and says all of what is wanted, in /readyz and in the log. The program is ready
// unless all of its streams are blocked, and never by the strict answer.
func (p *program) waitBlocked(t *testing.T, path string, want ...string) {
	t.Helper()
	says := func(text, how string) bool {
		for l := range strings.Lines(strings.ReplaceAll(text, `\"`, `"`)) {
			missing := func(w string) bool { return !strings.Contains(l, w) }
			if strings.Contains(l, how) && strings.Contains(l, path+"?") && !slices.ContainsFunc(want, missing) {
				return true
			}
		}
		return false
	}
	waitUntil(t, fmt.Sprintf("/readyz says that %s is blocked, and %q", path, want), func() bool { return says(p.text("/readyz"), "blocked ") })
	waitUntil(t, fmt.Sprintf("the log says that %s is blocked, and %q", path, want), func() bool { return says(p.log.String(), "stream is blocked") })
	waitUntil(t, "ready, unless all streams are blocked", func() bool {
		a := p.ask("/readyz")
		return (a.Code == 200) == strings.Contains(a.Body.String(), "\nok ")
	})
	if p.probe("/readyz?strict=1") != 503 {
		t.Errorf("/readyz says yes to those who want all streams, too:\n%s", p.text("/readyz?strict=1"))
	}
	if n := p.metric(t, "ancho_stream_blocked"); n < 1 {
		t.Error("no metric tells of the blocked stream")
	}
}

// unblocked waits until all streams follow the server.
func (p *program) unblocked(t *testing.T) {
	t.Helper()
	waitUntil(t, "all streams are well", func() bool { return p.probe("/readyz?strict=1") == 200 })
}

// TestDefinitionComesAndGoes: the definition of a custom kind is installed after the start, deleted, installed again.
func TestDefinitionComesAndGoes(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	gvk := schema.GroupVersionKind{Group: "comes.example.com", Version: "v1", Kind: "Coming"}
	const plural = "comings"
	path := "/apis/comes.example.com/v1/namespaces/" + ns + "/comings"
	seen, watched, maps := &calls[*unstructured.Unstructured]{}, &calls[*unstructured.Unstructured]{}, &calls[*corev1.ConfigMap]{}
	comings := capability.When(kind.Unstructured(gvk)).InNamespace(ns).IsCreatedOrUpdated().IsDeleted()
	p := run(t, env.Config, runtime.Options{},
		comings.Reconcile(seen.handle),
		comings.Concurrency(1).Watch(watched.handle),
		capability.When(kind.ConfigMap).InNamespace(ns).Reconcile(maps.handle))

	p.waitBlocked(t, path, "not_served", `API group "comes.example.com"`, "CustomResourceDefinition")
	create(t, c, configMap(ns, "other"))
	maps.waitType(t, "other", added)

	serve(t, env.Config, custom{kind: gvk, plural: plural})
	a, b := customObject(gvk, ns, "a"), customObject(gvk, ns, "b")
	create(t, c, a, b)
	for _, r := range []*calls[*unstructured.Unstructured]{seen, watched} {
		r.waitType(t, "a", added)
		r.waitType(t, "b", added)
	}
	p.unblocked(t)
	edit(t, c, a, func(o *unstructured.Unstructured) { o.SetLabels(map[string]string{"k": "v"}) })
	seen.waitType(t, "a", modified)

	withdraw(t, env.Config, gvk, plural)
	for _, r := range []*calls[*unstructured.Unstructured]{seen, watched} {
		for name, o := range map[string]*unstructured.Unstructured{"a": a, "b": b} {
			if got := r.waitType(t, name, deleted).Object; got.GetUID() != o.GetUID() {
				t.Errorf("the deletion told of %s is of %s, want %s", name, got.GetUID(), o.GetUID())
			}
		}
	}
	p.waitBlocked(t, path, "not_served", "CustomResourceDefinition")

	serve(t, env.Config, custom{kind: gvk, plural: plural})
	again := customObject(gvk, ns, "a")
	create(t, c, again)
	for _, r := range []*calls[*unstructured.Unstructured]{seen, watched} {
		if got := r.waitType(t, "a", added).Object; got.GetUID() != again.GetUID() {
			t.Errorf("Added is of %s, want %s", got.GetUID(), again.GetUID())
		}
		r.wantTypes(t, "a", added, modified, deleted, added)
		r.wantTypes(t, "b", added, deleted)
	}
	p.unblocked(t)
	maps.wantTypes(t, "other", added)
}

// TestDefinitionGoesWhileCutOff: nobody tells of the deletions, and the history goes with the definition.
func TestDefinitionGoesWhileCutOff(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	gvk := schema.GroupVersionKind{Group: "goes.example.com", Version: "v1", Kind: "Going"}
	serve(t, env.Config, custom{kind: gvk, plural: "goings"})
	a := customObject(gvk, ns, "a")
	create(t, c, a)
	seen := &calls[*unstructured.Unstructured]{}
	cfg, proxy := proxied(t, env.Config, 0)
	p := run(t, cfg, runtime.Options{}, capability.When(kind.Unstructured(gvk)).InNamespace(ns).IsCreatedOrUpdated().IsDeleted().Reconcile(seen.handle))
	p.ready(t)
	seen.waitType(t, "a", added)
	p.cutOff(t, proxy)
	withdraw(t, env.Config, gvk, "goings")
	seen.wantTypes(t, "a", added)
	proxy.restore(t)
	gone := seen.waitType(t, "a", deleted)
	if !gone.Partial || gone.Object.GetUID() != a.GetUID() {
		t.Errorf("Deleted carries %v, partial %v", gone.Object, gone.Partial)
	}
	p.waitBlocked(t, "/goings", "not_served")
}

// TestWrongPlural: only the server can know, and the message says what is right.
func TestWrongPlural(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	gvk := schema.GroupVersionKind{Group: "plural.example.com", Version: "v1", Kind: "Mouse"}
	serve(t, env.Config, custom{kind: gvk, plural: "mouses"}) // the guess is mice
	var wrong, right calls[*unstructured.Unstructured]
	p := run(t, env.Config, runtime.Options{},
		capability.When(kind.Unstructured(gvk)).InNamespace(ns).Alias("wrong").Reconcile(wrong.handle),
		capability.When(kind.Unstructured(gvk).Plural("mouses")).InNamespace(ns).Alias("right").Reconcile(right.handle))
	p.waitBlocked(t, "/mice", `"mouses"`, `Plural("mouses")`)
	create(t, c, customObject(gvk, ns, "m"))
	right.waitType(t, "m", added)
	wrong.wantTypes(t, "m")
}

// TestVersionNotServed: a version is withdrawn, and its objects live on in another: no deletion is told, and what
// changed meanwhile is told when it is served again.
func TestVersionNotServed(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	v1 := schema.GroupVersionKind{Group: "versions.example.com", Version: "v1", Kind: "Versioned"}
	v2 := schema.GroupVersionKind{Group: "versions.example.com", Version: "v2", Kind: "Versioned"}
	const plural = "versioneds"
	serve(t, env.Config, custom{kind: v1, plural: plural})
	served(t, env.Config, v2, plural, true)
	seen := &calls[*unstructured.Unstructured]{}
	p := run(t, env.Config, runtime.Options{}, capability.When(kind.Unstructured(v2)).InNamespace(ns).IsCreatedOrUpdated().IsDeleted().Reconcile(seen.handle))
	p.unblocked(t)
	kept, changed, goes := customObject(v1, ns, "kept"), customObject(v1, ns, "changed"), customObject(v1, ns, "goes")
	create(t, c, kept, changed, goes)
	for _, name := range []string{"kept", "changed", "goes"} {
		if o := seen.waitType(t, name, added).Object; o.GetAPIVersion() != v2.GroupVersion().String() {
			t.Errorf("%s came as %s", name, o.GetAPIVersion())
		}
	}
	served(t, env.Config, v2, plural, false)
	p.waitBlocked(t, "/apis/versions.example.com/v2/namespaces/"+ns+"/"+plural, "not_served", "v1")
	edit(t, c, changed, func(o *unstructured.Unstructured) { o.SetLabels(map[string]string{"k": "v"}) })
	must(t, c.Delete(t.Context(), goes))
	if n := len(seen.list()); n != 3 {
		t.Errorf("%d calls while the version is not served, want none after 3", n)
	}
	served(t, env.Config, v2, plural, true)
	seen.waitType(t, "changed", modified)
	if d := seen.waitType(t, "goes", deleted); !d.Partial || d.Object.GetUID() != goes.GetUID() {
		t.Errorf("Deleted carries %v, partial %v", d.Object, d.Partial)
	}
	p.unblocked(t)
	edit(t, c, kept, func(o *unstructured.Unstructured) { o.SetLabels(map[string]string{"k": "v"}) })
	seen.waitType(t, "kept", modified)
	seen.wantTypes(t, "kept", added, modified)
	seen.wantTypes(t, "changed", added, modified)
	seen.wantTypes(t, "goes", added, deleted)
}
