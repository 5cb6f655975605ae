//go:build e2e

package e2e

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// managedPair are two bindings on one stream, one of which asks for managedFields.
type managedPair[T kind.Object] struct {
	plain, asking calls[T]
}

func (p *managedPair[T]) bindings(s capability.Selection[T], name string) []capability.Binding {
	return []capability.Binding{
		s.Alias(name).Watch(p.plain.handle),
		s.Alias(name + "-managed").ManagedFields().Watch(p.asking.handle),
	}
}

// check waits for n events of the object, in both bindings, and looks at all of them.
func (p *managedPair[T]) check(t *testing.T, name string, n int) {
	t.Helper()
	for _, c := range []*calls[T]{&p.plain, &p.asking} {
		waitUntil(t, "the events of "+name, func() bool { return len(c.of(name)) >= n })
		for _, e := range c.of(name) {
			if has := len(e.Object.GetManagedFields()) > 0; has != (c == &p.asking) {
				t.Errorf("%s %s as a %T: with managedFields: %v", e.Type, name, e.Object, has)
			}
			if e.Object.GetUID() == "" || e.Object.GetLabels()["kept"] != "yes" {
				t.Errorf("%s %s as a %T: a part is not there: %v", e.Type, name, e.Object, e.Object)
			}
		}
	}
}

// TestManagedFieldsOnRequest: of two bindings on one stream, one asks for managedFields and gets them, the other
// does not, in protobuf and in JSON, typed, as metadata and as maps, for what was there and for what changes. An
// update with an object that came without them leaves them on the server.
func TestManagedFieldsOnRequest(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	gizmos := schema.GroupVersionKind{Group: "managed.example.com", Version: "v1", Kind: "Gizmo"}
	serve(t, env.Config, custom{kind: gizmos, plural: "gizmos"})
	gizmo := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"size": int64(1)}}}
	gizmo.SetGroupVersionKind(gizmos)
	gizmo.SetNamespace(ns)
	gizmo.SetName("g")
	gizmo.SetLabels(map[string]string{"kept": "yes"})
	cm := labelled(ns, "m", map[string]string{"kept": "yes"})
	create(t, c, cm, gizmo)

	var (
		typed managedPair[*corev1.ConfigMap]
		meta  managedPair[*metav1.PartialObjectMetadata]
		maps  managedPair[*unstructured.Unstructured]
	)
	bindings := typed.bindings(capability.When(kind.ConfigMap).InNamespace(ns), "typed")
	bindings = append(bindings, meta.bindings(capability.When(kind.Metadata(kind.ConfigMap)).InNamespace(ns), "meta")...)
	bindings = append(bindings, maps.bindings(capability.When(kind.Unstructured(gizmos)).InNamespace(ns), "maps")...)
	p := run(t, env.Config, runtime.Options{}, bindings...)
	p.ready(t)
	typed.check(t, "m", 1)
	meta.check(t, "m", 1)
	maps.check(t, "g", 1)
	if n := p.metric(t, "ancho_streams"); n != 3 {
		t.Errorf("ancho_streams: %v, want 3: each pair shares one", n)
	}

	// The update is made of what the callback without managedFields was given.
	got := typed.plain.of("m")[0].Object.DeepCopy()
	got.Data = map[string]string{"k": "v"}
	must(t, c.Update(t.Context(), got))
	other := maps.plain.of("g")[0].Object.DeepCopy()
	must(t, unstructured.SetNestedField(other.Object, int64(2), "spec", "size"))
	must(t, c.Update(t.Context(), other))
	typed.check(t, "m", 2)
	meta.check(t, "m", 2)
	maps.check(t, "g", 2)
	must(t, c.Get(t.Context(), keyOf(cm), cm))
	must(t, c.Get(t.Context(), keyOf(gizmo), gizmo))
	if len(cm.ManagedFields) == 0 || len(gizmo.GetManagedFields()) == 0 {
		t.Errorf("the server lost managedFields: %v, %v", cm.ManagedFields, gizmo.GetManagedFields())
	}
}
