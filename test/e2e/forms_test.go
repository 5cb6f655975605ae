//go:build e2e

package e2e

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// Sheep is a custom kind with a plural that nobody would guess, and no namespace.
type Sheep struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`
	Spec              struct {
		Wool int `json:"wool"`
	} `json:"spec"`
}

// DeepCopyObject implements runtime.Object.
func (s *Sheep) DeepCopyObject() apiruntime.Object {
	c := *s
	s.ObjectMeta.DeepCopyInto(&c.ObjectMeta)
	return &c
}

var sheepVersion = schema.GroupVersion{Group: "forms.example.com", Version: "v1beta1"}

func addSheep(s *apiruntime.Scheme) error {
	s.AddKnownTypeWithName(sheepVersion.WithKind("Sheep"), &Sheep{})
	metav1.AddToGroupVersion(s, sheepVersion)
	return nil
}

// TestFormsOfCustomKind: one custom kind as a Go type, as a map and as metadata; each sees every change.
func TestFormsOfCustomKind(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	gvk := sheepVersion.WithKind("Sheep")
	serve(t, env.Config, custom{kind: gvk, plural: "flock", cluster: true})
	typedKind := kind.Of[*Sheep](addSheep).Plural("flock").ClusterScoped()
	mapKind := kind.Unstructured(gvk).Plural("flock").ClusterScoped()
	var typed calls[*Sheep]
	var maps calls[*unstructured.Unstructured]
	var meta calls[*metav1.PartialObjectMetadata]
	cfg, spy := spied(env.Config)
	p := run(t, cfg, runtime.Options{},
		capability.When(typedKind).IsCreatedOrUpdated().IsDeleted().Concurrency(1).Alias("typed").Watch(typed.handle),
		capability.When(mapKind).IsCreatedOrUpdated().IsDeleted().Concurrency(1).Alias("map").Watch(maps.handle),
		capability.When(kind.Metadata(typedKind)).IsCreatedOrUpdated().IsDeleted().Concurrency(1).Alias("metadata").Watch(meta.handle))
	p.ready(t)
	o := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"wool": int64(3)}}}
	o.SetGroupVersionKind(gvk)
	o.SetName("dolly")
	create(t, c, o)
	edit(t, c, o, func(o *unstructured.Unstructured) { o.Object["spec"] = map[string]any{"wool": int64(4)} })
	must(t, c.Delete(t.Context(), o))

	wool := []int{3, 4, 4}
	typed.waitType(t, "dolly", deleted)
	typed.wantTypes(t, "dolly", added, modified, deleted)
	for i, one := range typed.of("dolly") {
		if one.Object.Spec.Wool != wool[i] || one.Object.GroupVersionKind() != gvk {
			t.Errorf("typed: call %d with %d of %s", i, one.Object.Spec.Wool, one.Object.GroupVersionKind())
		}
	}
	maps.waitType(t, "dolly", deleted)
	maps.wantTypes(t, "dolly", added, modified, deleted)
	for i, one := range maps.of("dolly") {
		if n, _, _ := unstructured.NestedInt64(one.Object.Object, "spec", "wool"); int(n) != wool[i] || one.Object.GroupVersionKind() != gvk {
			t.Errorf("map: call %d with %d of %s", i, n, one.Object.GroupVersionKind())
		}
	}
	meta.waitType(t, "dolly", deleted)
	meta.wantTypes(t, "dolly", added, modified, deleted)
	for _, one := range meta.of("dolly") {
		if one.Object.GroupVersionKind() != gvk || one.Object.UID != o.GetUID() {
			t.Errorf("metadata: %+v", one.Object)
		}
	}
	for _, r := range spy.gets("/flock") {
		if r.path != "/apis/forms.example.com/v1beta1/flock" {
			t.Errorf("requested %s", r.path)
		}
	}
}

// TestFormsOfBuiltinKind: a Secret as metadata alone never brings its data over the wire; a Deployment's own
// type comes as protobuf, as a map in JSON.
func TestFormsOfBuiltinKind(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	secrets := kind.Secret
	gvk := secrets.Resource().GVK()
	var typed calls[*corev1.Secret]
	var maps calls[*unstructured.Unstructured]
	var meta calls[*metav1.PartialObjectMetadata]
	cfg, spy := spied(env.Config)
	p := run(t, cfg, runtime.Options{},
		capability.When(secrets).InNamespace(ns).Alias("typed").Watch(typed.handle),
		capability.When(kind.Unstructured(gvk)).InNamespace(ns).Alias("map").Watch(maps.handle),
		capability.When(kind.Metadata(secrets)).InNamespace(ns).Alias("metadata").Watch(meta.handle))
	p.ready(t)
	s := &corev1.Secret{Data: map[string][]byte{"k": []byte("v")}}
	s.Namespace, s.Name, s.Labels = ns, "s", map[string]string{"a": "b"}
	s.Annotations = map[string]string{"c": "d"}
	create(t, c, s)
	if o := typed.waitType(t, "s", added).Object; string(o.Data["k"]) != "v" || o.GroupVersionKind() != gvk {
		t.Errorf("typed: of %s", o.GroupVersionKind())
	}
	if o := maps.waitType(t, "s", added).Object; o.Object["data"] == nil || o.GroupVersionKind() != gvk {
		t.Errorf("map: of %s", o.GroupVersionKind())
	}
	if o := meta.waitType(t, "s", added).Object; o.Labels["a"] != "b" || o.Annotations["c"] != "d" || o.GroupVersionKind() != gvk {
		t.Errorf("metadata: %+v", o)
	}
	forms := map[string]int{}
	for _, r := range spy.gets("/secrets") {
		as := ""
		if strings.Contains(r.accept, "as=PartialObjectMetadata") {
			as = " metadata"
		}
		forms[strings.SplitN(strings.SplitN(r.accept, ",", 2)[0], ";", 2)[0]+as]++
	}
	for _, want := range []string{"application/vnd.kubernetes.protobuf", "application/json", "application/vnd.kubernetes.protobuf metadata"} {
		if forms[want] != 1 {
			t.Errorf("requested forms: %v, want one of %s", forms, want)
		}
	}
}
