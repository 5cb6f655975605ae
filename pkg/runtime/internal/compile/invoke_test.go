package compile_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

func TestInvoke(t *testing.T) {
	var got []capability.Event[*corev1.Pod]
	c := one(t, capability.When(kind.Pod).Reconcile(func(_ context.Context, e capability.Event[*corev1.Pod]) error {
		got = append(got, e)
		return errPlain
	}))
	causes := []queue.Cause{{Type: queue.Modified, Kind: "Pod", Name: "a/n"}}
	d := declare.Delivery{
		Type: queue.Modified, Frame: frame(t, podOn("w")), Initial: true, Attempt: 2, Merged: 3, Causes: causes,
	}
	for range 2 {
		if err := c.Invoke(t.Context(), d); !errors.Is(err, errPlain) {
			t.Fatalf("got %v", err)
		}
	}
	e := got[0]
	if e.Type != capability.Modified || !e.Initial || e.Partial || e.Attempt != 2 || e.Merged != 3 || e.HasOld() || e.Causes[0] != (capability.Cause{Type: capability.Modified, Kind: "Pod", Name: "a/n"}) {
		t.Errorf("got %+v", e)
	}
	if e.Object.Spec.NodeName != "w" || e.Object.Kind != "Pod" || e.Object.APIVersion != "v1" {
		t.Errorf("got %+v", e.Object)
	}
	e.Causes[0].Name = "changed"
	if e.Object == got[1].Object || causes[0].Name != "a/n" {
		t.Error("two calls share memory")
	}
}

func TestInvokePartial(t *testing.T) {
	identity := watcher.Meta{Namespace: "a", Name: "n", UID: "u", ResourceVersion: "7"}
	called := 0
	check := func(o kind.Object, partial bool) {
		called++
		apiVersion, k := o.GetObjectKind().GroupVersionKind().ToAPIVersionAndKind()
		got := []string{o.GetNamespace(), o.GetName(), string(o.GetUID()), o.GetResourceVersion(), apiVersion, k}
		if want := "[a n u 7 v1 Pod]"; fmt.Sprint(got) != want || !partial {
			t.Errorf("got %v (partial %v), want %s", got, partial, want)
		}
	}
	for _, b := range []capability.Binding{
		capability.When(kind.Pod).IsDeleted().Watch(func(_ context.Context, e capability.Event[*corev1.Pod]) error {
			check(e.Object, e.Partial)
			return nil
		}),
		capability.When(kind.Metadata(kind.Pod)).IsDeleted().Watch(func(_ context.Context, e capability.Event[*metav1.PartialObjectMetadata]) error {
			check(e.Object, e.Partial)
			return nil
		}),
	} {
		if err := one(t, b).Invoke(t.Context(), declare.Delivery{Type: queue.Deleted, Identity: identity}); err != nil {
			t.Error(err)
		}
	}
	if called != 2 {
		t.Errorf("called %d times", called)
	}
}

func TestInvokeUndecodable(t *testing.T) {
	c := one(t, capability.When(kind.Pod).Watch(func(context.Context, capability.Event[*corev1.Pod]) error {
		t.Error("called without an object")
		return nil
	}))
	f := frame(t, podOn("w"))
	f.Raw = []byte(`{"spec":{"nodeName":["s3cr3t"]}}`)
	checkDecodeError(t, c.Invoke(t.Context(), declare.Delivery{Type: queue.Added, Frame: f}))
}

// enterings notes when the callback is about to be entered.
type enterings struct{ seen *[]string }

func (e enterings) Enter() { *e.seen = append(*e.seen, "entering") }

// The engine learns that a callback is entered when the object is decoded, and not before: the next event of the object
// waits for that.
func TestInvokeSaysWhenTheCallbackIsEntered(t *testing.T) {
	var seen []string
	c := one(t, capability.When(kind.Pod).Watch(func(context.Context, capability.Event[*corev1.Pod]) error {
		seen = append(seen, "in")
		return nil
	}))
	f := frame(t, podOn("w"))
	if err := c.Invoke(t.Context(), declare.Delivery{Type: queue.Added, Frame: f, Entering: enterings{&seen}}); err != nil {
		t.Fatal(err)
	}
	f.Raw = []byte(`{"spec":{"nodeName":[]}}`)
	if err := c.Invoke(t.Context(), declare.Delivery{Type: queue.Added, Frame: f, Entering: enterings{&seen}}); err == nil {
		t.Error("an object decodes that cannot")
	}
	if fmt.Sprint(seen) != "[entering in]" {
		t.Errorf("saw %v", seen)
	}
}

func TestAddToScheme(t *testing.T) {
	s := runtime.NewScheme()
	if err := one(t, capability.When(kind.Pod).Watch(onPod)).AddToScheme(s); err != nil {
		t.Fatal(err)
	}
	if !s.Recognizes(kind.Pod.Resource().GVK()) {
		t.Error("the scheme does not know pods")
	}
}
