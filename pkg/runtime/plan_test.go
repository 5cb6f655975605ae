package runtime

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

func ignoreMap(context.Context, capability.Event[*corev1.ConfigMap]) error { return nil }
func ignorePod(context.Context, capability.Event[*corev1.Pod]) error       { return nil }

// oneCapability makes the options of a program with one capability.
func oneCapability(bindings ...capability.Binding) Options {
	return Options{Capabilities: []capability.Func{func(capability.Env) *capability.Capability {
		return capability.New("c", bindings...)
	}}}
}

func planOf(t *testing.T, bindings ...capability.Binding) Plan {
	t.Helper()
	p, err := PlanFor(oneCapability(bindings...))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPlanRequests(t *testing.T) {
	maps, pods := capability.When(kind.ConfigMap), capability.When(kind.Pod)
	for name, c := range map[string]struct {
		binding capability.Binding
		want    []string
	}{
		"whole cluster":  {maps.Watch(ignoreMap), []string{"/api/v1/configmaps?watch=true"}},
		"one namespace":  {maps.InNamespace("a").Watch(ignoreMap), []string{"/api/v1/namespaces/a/configmaps?watch=true"}},
		"two namespaces": {maps.InNamespace("b", "a").Watch(ignoreMap), []string{"/api/v1/namespaces/a/configmaps?watch=true", "/api/v1/namespaces/b/configmaps?watch=true"}},
		"one name":       {maps.InNamespace("a").WithName("n").Watch(ignoreMap), []string{"/api/v1/namespaces/a/configmaps?watch=true&fieldSelector=metadata.name%3Dn"}},
		"name and field": {pods.WithName("n").WithField("spec.nodeName", "w").Watch(ignorePod), []string{"/api/v1/pods?watch=true&fieldSelector=metadata.name%3Dn%2Cspec.nodeName%3Dw"}},
		"labels":         {pods.WithLabel("k", "v").WithLabel("x").Watch(ignorePod), []string{"/api/v1/pods?watch=true&labelSelector=k%3Dv%2Cx"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := planOf(t, c.binding)[0].Streams; !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestPlanSharesEqualTargets(t *testing.T) {
	head := capability.When(kind.ConfigMap).InNamespace("a")
	p := planOf(t, head.IsCreated().Watch(ignoreMap), head.WithAnnotation("x").Reconcile(ignoreMap))
	if p.Streams() != 1 || len(p) != 2 {
		t.Errorf("%d bindings on %d streams, want 2 on 1: %+v", len(p), p.Streams(), p)
	}
}

func TestPlanRidesOnTheWidest(t *testing.T) {
	maps := capability.When(kind.ConfigMap)
	p := planOf(t,
		maps.InNamespace("a").WithName("n").Alias("narrowest").Watch(ignoreMap),
		maps.InNamespace("a").Alias("narrow").Watch(ignoreMap),
		maps.WithLabel("x").Alias("labelled").Watch(ignoreMap),
		maps.Alias("all").Watch(ignoreMap),
	)
	if p.Streams() != 1 {
		t.Errorf("%d streams, want 1: %+v", p.Streams(), p)
	}
	for _, b := range p[:3] {
		if !slices.ContainsFunc(b.ClientSide, func(s string) bool { return strings.HasPrefix(s, "only /api/v1/") }) {
			t.Errorf("%s rides, and does not say what it leaves out: %q", b.Binding, b.ClientSide)
		}
	}
}

func TestPlanDoesNotRideOnWhatItCannotCheck(t *testing.T) {
	pods := capability.When(kind.Pod)
	p := planOf(t, pods.WithField("spec.nodeName", "w").Alias("field").Watch(ignorePod), pods.Alias("all").Watch(ignorePod))
	if p.Streams() != 2 {
		t.Errorf("%d streams, want 2, since metadata does not show a Pod's node: %+v", p.Streams(), p)
	}
}

func TestPlanPrints(t *testing.T) {
	p := planOf(t, capability.When(kind.ConfigMap).InNamespace("a").WithAnnotation("x").Reconcile(ignoreMap))
	var table, js bytes.Buffer
	if err := p.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"c/configmaps", "Reconcile", "/api/v1/namespaces/a/configmaps?watch=true", "1 binding, 1 stream"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, table.String())
		}
	}
	if err := p.WriteJSON(&js); err != nil {
		t.Fatal(err)
	}
	var rows []map[string]any
	if err := json.Unmarshal(js.Bytes(), &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 || rows[0]["capability"] != "c" || rows[0]["binding"] != "configmaps" || rows[0]["action"] != "Reconcile" {
		t.Errorf("unexpected JSON: %s", js.String())
	}
	if strings.Contains(js.String(), `\u0026`) {
		t.Errorf("the URL is not readable: %s", js.String())
	}
}

// A plan marks plurals and scopes that no declaration states, of bindings and of their triggers.
func TestPlanMarksGuesses(t *testing.T) {
	gvk := func(k string) schema.GroupVersionKind {
		return schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: k}
	}
	ignore := func(context.Context, capability.Event[*unstructured.Unstructured]) error { return nil }
	p := planOf(t,
		capability.When(kind.Unstructured(gvk("Mesh"))).Owns(kind.ConfigMap, kind.Unstructured(gvk("Gateway"))).Reconcile(ignore),
		capability.When(kind.Unstructured(gvk("Gadget")).Plural("gadgetry")).Reconcile(ignore),
		capability.When(kind.Metadata(kind.Unstructured(gvk("Mesh")))).Alias("names").
			Watch(func(context.Context, capability.Event[*metav1.PartialObjectMetadata]) error { return nil }),
	)
	want := [][]string{{"meshes.example.com", "gateways.example.com"}, nil, {"meshes.example.com"}}
	for i := range p {
		if !slices.Equal(p[i].Guessed, want[i]) {
			t.Errorf("%s: guessed %q, want %q", p[i].Binding, p[i].Guessed, want[i])
		}
	}
	var table bytes.Buffer
	if err := p.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(table.String(), "\nguessed: "); n != 3 || !strings.Contains(table.String(), "guessed: c/meshes: gateways.example.com, ") {
		t.Errorf("%d lines about guesses, want 3:\n%s", n, table.String())
	}
}
