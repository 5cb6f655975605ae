//go:build e2e

package e2e

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// Potion is a custom kind whose schema, on the server, lets everything through.
type Potion struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`
	Spec              struct {
		Replicas int    `json:"replicas"`
		Colour   string `json:"colour,omitempty"`
	} `json:"spec"`
}

// DeepCopyObject implements runtime.Object.
func (p *Potion) DeepCopyObject() apiruntime.Object {
	c := *p
	p.ObjectMeta.DeepCopyInto(&c.ObjectMeta)
	return &c
}

var potionVersion = schema.GroupVersion{Group: "poison.example.com", Version: "v1"}

func addPotion(s *apiruntime.Scheme) error {
	s.AddKnownTypeWithName(potionVersion.WithKind("Potion"), &Potion{})
	metav1.AddToGroupVersion(s, potionVersion)
	return nil
}

// potion is an object as the server stores it, which need not fit the Go type.
func potion(namespace, name string, replicas any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"replicas": replicas, "colour": "red"}}}
	u.SetGroupVersionKind(potionVersion.WithKind("Potion"))
	u.SetNamespace(namespace)
	u.SetName(name)
	return u
}

// TestPoisonSkipsOneObject: an object that does not fit its Go type is passed over, alone: counted, logged by
// path and without its value, and handled once it was mended.
func TestPoisonSkipsOneObject(t *testing.T) {
	t.Parallel()
	const secret = "hunter2-should-be-a-number"
	env := cluster(t)
	c := newClient(t, env.Config)
	serve(t, env.Config, custom{kind: potionVersion.WithKind("Potion"), plural: "potions"})
	ns := newNamespace(t, c)
	early, bad := potion(ns, "early", int64(1)), potion(ns, "bad", secret)
	create(t, c, early, bad)

	potions := capability.When(kind.Of[*Potion](addPotion)).InNamespace(ns)
	recorders := map[string]*calls[*Potion]{}
	sees := func(name string) capability.Handler[*Potion] {
		recorders[name] = &calls[*Potion]{}
		return recorders[name].handle
	}
	p := run(t, env.Config, runtime.Options{},
		potions.Alias("reconcile").Reconcile(sees("reconcile")),
		potions.Alias("watch").Watch(sees("watch")),
		potions.InOrder().Alias("in-order").Reconcile(sees("in-order")),
		potions.Where(func(o *Potion) bool { return o.Spec.Replicas > 0 }).Alias("where").Reconcile(sees("where")),
		potions.OnChange(func(o *Potion) any { return o.Spec.Replicas }).Alias("on-change").Watch(sees("on-change")))
	p.ready(t)
	late := potion(ns, "late", int64(2))
	create(t, c, late)
	edit(t, c, early, func(o *unstructured.Unstructured) { setReplicas(o, int64(7)) })
	for name, r := range recorders {
		waitUntil(t, name+": the sound objects", func() bool {
			got := r.of("early")
			return len(r.of("late")) > 0 && len(got) > 0 && got[len(got)-1].Object.Spec.Replicas == 7
		})
		p.waitCount(t, "ancho_binding_undecodable_total", name, 1)
		if len(r.of("bad")) > 0 {
			t.Errorf("%s was called for an object that does not decode", name)
		}
	}
	if n := p.metric(t, "ancho_stream_relists_total"); n != 0 {
		t.Errorf("%v relists because of one object", n)
	}
	log := p.log.String()
	if strings.Contains(log, secret) {
		t.Error("the log holds the object's value")
	}
	if !strings.Contains(log, ns+"/bad") || !strings.Contains(log, "spec.replicas") {
		t.Error("the log does not say which object, or where it does not fit")
	}

	edit(t, c, bad, func(o *unstructured.Unstructured) { setReplicas(o, int64(3)) })
	for name, r := range recorders {
		waitUntil(t, name+": the mended object", func() bool {
			got := r.of("bad")
			return len(got) == 1 && got[0].Object.Spec.Replicas == 3 && got[0].Attempt == 1
		})
	}
	if got := recorders["where"].of("bad")[0].Type; got != capability.Added {
		t.Errorf("the mended object came into the set of Where as %s, want Added", got)
	}
}

func setReplicas(o *unstructured.Unstructured, replicas any) {
	o.Object["spec"] = map[string]any{"replicas": replicas, "colour": "red"}
}
