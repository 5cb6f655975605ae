//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// keepers are bindings with Cached on one selection, which are told of everything: Watch with one slot, every event in
// order, and the latest state, whose callback waits at its first call.
type keepers[T kind.Object] struct {
	watched, ordered, latest calls[T]
	inWatched                capability.Reader[T]
	inLatest                 capability.Reader[T]
	gate                     chan struct{}
}

// capabilities are one for each: of one capability a call that waits would hold up the others' for its object.
func (k *keepers[T]) capabilities(s capability.Selection[T]) []capability.Func {
	k.gate = make(chan struct{})
	k.latest.do = func(context.Context, capability.Event[T]) error {
		<-k.gate
		return nil
	}
	s = s.IsCreatedOrUpdated().IsDeleted().HasLeft()
	return []capability.Func{
		only("watched", s.Cached(&k.inWatched).Concurrency(1).Alias("watched").Watch(k.watched.handle)),
		only("ordered", s.Cached().InOrder().Alias("ordered").Reconcile(k.ordered.handle)),
		only("latest", s.Cached(&k.inLatest).Alias("latest").Reconcile(k.latest.handle)),
	}
}

// stripped is what an object says, without what depends on who asks.
func stripped[T client.Object](t *testing.T, o T) client.Object {
	t.Helper()
	content, ok := o.DeepCopyObject().(client.Object)
	if !ok {
		t.Fatalf("%T copies to something else", o)
	}
	content.SetManagedFields(nil)
	if _, isMap := content.(*unstructured.Unstructured); !isMap {
		content.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
	}
	return content
}

// same fails the test if two objects are not the same to the last field.
func same[T client.Object](t *testing.T, what string, got, want T) {
	t.Helper()
	if g, w := stripped(t, got), stripped(t, want); !equality.Semantic.DeepEqual(g, w) {
		t.Errorf("%s is\n%+v, want\n%+v", what, g, w)
	}
}

// TestCachedTellsHowItWas: of each change a binding with Cached is told the object as it was, to the last field, and of
// what leaves or is deleted the last state whole, as a Go type and as a map, selected by the server and here.
func TestCachedTellsHowItWas(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	gizmos := schema.GroupVersionKind{Group: "cached.example.com", Version: "v1", Kind: "Gadget"}
	serve(t, env.Config, custom{kind: gizmos, plural: "gadgets"})
	ns := newNamespace(t, newClient(t, env.Config))
	t.Run("ConfigMap", func(t *testing.T) {
		showOld(t, capability.When(kind.ConfigMap).InNamespace(ns).WithLabel("in"), configMap(ns, "o"), func(o *corev1.ConfigMap, v string) {
			o.Data = map[string]string{"v": v}
		})
	})
	t.Run("custom", func(t *testing.T) {
		o := &unstructured.Unstructured{Object: map[string]any{}}
		o.SetGroupVersionKind(gizmos)
		o.SetNamespace(ns)
		o.SetName("o")
		showOld(t, capability.When(kind.Unstructured(gizmos)).InNamespace(ns).WithAnnotation("in"), o, func(o *unstructured.Unstructured, v string) {
			o.Object["spec"] = map[string]any{"v": v, "n": int64(len(v))}
		})
	})
}

// showOld changes an object in every way, and looks at what was told of each.
func showOld[T interface {
	kind.Object
	client.Object
}](t *testing.T, sel capability.Selection[T], o T, set func(T, string)) {
	t.Helper()
	c := newClient(t, cluster(t).Config)
	k := &keepers[T]{}
	p := run(t, cluster(t).Config, runtime.Options{Capabilities: k.capabilities(sel)})
	t.Cleanup(func() { // before the program ends
		select {
		case <-k.gate:
		default:
			close(k.gate)
		}
	})
	p.ready(t)
	in := map[string]string{"in": ""}
	var states []T // of which it was told
	note := func(typ capability.EventType) {
		t.Helper()
		copied, ok := o.DeepCopyObject().(T)
		if !ok {
			t.Fatalf("%T copies to something else", o)
		}
		states = append(states, copied)
		for _, r := range []*calls[T]{&k.watched, &k.ordered} {
			waitUntil(t, fmt.Sprintf("call %d", len(states)), func() bool { return len(r.of("o")) >= len(states) })
			r.waitType(t, "o", typ)
		}
	}
	change := func(f func(T)) {
		t.Helper()
		edit(t, c, o, f)
	}
	set(o, "first")
	o.SetLabels(in)
	o.SetAnnotations(in)
	create(t, c, o)
	note(added)
	for _, v := range []string{"second", "the third", "and a fourth"} {
		change(func(o T) { set(o, v) })
		note(modified)
	}
	change(func(o T) { o.SetLabels(nil); o.SetAnnotations(nil) })
	note(hasLeft)
	change(func(o T) { o.SetLabels(in); o.SetAnnotations(in); set(o, "fifth") })
	note(added)
	close(k.gate)
	k.latest.waitType(t, "o", modified)
	must(t, c.Delete(t.Context(), o))
	note(deleted)
	k.latest.waitType(t, "o", deleted)
	p.idle(t)

	for binding, r := range map[string]*calls[T]{"watched": &k.watched, "ordered": &k.ordered} {
		r.wantTypes(t, "o", added, modified, modified, modified, hasLeft, added, deleted)
		for i, e := range r.of("o") {
			what := fmt.Sprintf("%s: Old of %s number %d", binding, e.Type, i)
			if e.HasOld() != (e.Type != added) || e.Partial {
				t.Errorf("%s: there is one: %v; partial %v", what, e.HasOld(), e.Partial)
				continue
			}
			switch e.Type {
			case hasLeft: // the state in which it left is of no interest
				same(t, "the object of "+what, e.Object, states[i-1])
			case deleted: // the server counts the deletion as a change
				states[i].SetResourceVersion(e.Object.GetResourceVersion())
				fallthrough
			default:
				same(t, "the object of "+what, e.Object, states[i])
			}
			if e.HasOld() {
				same(t, what, e.Old, states[i-1])
			}
		}
	}
	k.latest.wantTypes(t, "o", added, modified, deleted)
	for i, want := range map[int]struct{ old, object T }{1: {states[0], states[5]}, 2: {states[5], states[6]}} {
		e := k.latest.of("o")[i]
		same(t, fmt.Sprintf("latest: the object of call %d", i), e.Object, want.object)
		if e.HasOld() {
			same(t, fmt.Sprintf("latest: Old of call %d", i), e.Old, want.old)
		} else {
			t.Errorf("latest: call %d has no Old", i)
		}
	}
	p.keepsNothing(t, "watched", "ordered", "latest")
}

// keepsNothing fails the test if bindings hold anything of objects that are gone.
func (p *program) keepsNothing(t *testing.T, bindings ...string) {
	t.Helper()
	for _, b := range bindings {
		for _, m := range []string{"ancho_binding_cached_objects", "ancho_binding_cached_bytes", "ancho_binding_bytes"} {
			if n := p.count(t, m, b); n != 0 {
				t.Errorf("%s of %s: %d, and all objects are gone", m, b, n)
			}
		}
	}
	if n := p.metric(t, "ancho_stream_objects"); n != 0 {
		t.Errorf("the streams know %v objects, and all are gone", n)
	}
}
