package compile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// managedPod is a pod with managedFields.
func managedPod() *corev1.Pod {
	p := podOn("w")
	p.APIVersion, p.Kind = "v1", "Pod"
	at := metav1.NewTime(time.Unix(1_700_000_000, 0))
	p.ManagedFields = []metav1.ManagedFieldsEntry{{
		Manager: "kubectl", Operation: metav1.ManagedFieldsOperationApply, APIVersion: "v1", Time: &at,
		FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:nodeName":{}}}`),
	}}
	p.Finalizers = []string{"example.com/behind-it"}
	return p
}

// managedFrames are managedPod in the forms in which it comes from the wire.
func managedFrames(t *testing.T) map[string]*watcher.Frame {
	t.Helper()
	p := managedPod()
	inJSON, bare := frame(t, p), frame(t, p)
	var err error
	if bare.Raw, err = p.Marshal(); err != nil {
		t.Fatal(err)
	}
	bare.Encoding = kind.ProtobufBare
	// Spelled as no API server does; decoders know it all the same.
	odd := frame(t, p)
	odd.Raw = bytes.Replace(odd.Raw, []byte(`"managedFields"`), []byte(`"managed\u0046ields"`), 1)
	return map[string]*watcher.Frame{"JSON": inJSON, "protobuf": bare, "odd JSON": odd}
}

// seen compiles a binding on a kind, which notes whether its functions saw managedFields, and what else was there.
func seen[T kind.Object](t *testing.T, k kind.Kind[T], managed bool, whole func(T) bool) (c *compile.Compiled, told *[]bool) {
	t.Helper()
	told = &[]bool{}
	look := func(o T) bool {
		if o.GetName() != "n" || !slices.Equal(o.GetFinalizers(), []string{"example.com/behind-it"}) || !whole(o) {
			t.Errorf("a part of the object is not there: %v", o)
		}
		*told = append(*told, len(o.GetManagedFields()) > 0)
		return true
	}
	s := capability.When(k).Where(look).OnChange(func(o T) any { return look(o) })
	if managed {
		s = s.ManagedFields()
	}
	c = one(t, s.Reconcile(func(_ context.Context, e capability.Event[T]) error {
		look(e.Object)
		return nil
	}))
	if c.Settings.ManagedFields != managed {
		t.Errorf("the setting is %v, want %v", c.Settings.ManagedFields, managed)
	}
	return c, told
}

// All functions of a binding, on every form of a kind, see managedFields where it asks for them, and nowhere else.
func TestManagedFields(t *testing.T) {
	check := func(t *testing.T, c *compile.Compiled, told *[]bool, f *watcher.Frame, want bool) {
		t.Helper()
		before := slices.Clone(f.Raw)
		if _, _, err := c.Inspect(f); err != nil {
			t.Fatal(err)
		}
		if err := c.Invoke(t.Context(), declare.Delivery{Type: queue.Added, Frame: f}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(*told, []bool{want, want, want}) {
			t.Errorf("where, on change and the callback saw managedFields: %v, want %v", *told, want)
		}
		if !bytes.Equal(f.Raw, before) {
			t.Error("the frame was changed, which others read")
		}
	}
	for name := range managedFrames(t) {
		for _, managed := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				c, told := seen(t, kind.Pod, managed, func(p *corev1.Pod) bool { return p.Spec.NodeName == "w" })
				check(t, c, told, managedFrames(t)[name], managed)
				if name == "protobuf" {
					return // the metadata of a pod alone would be another message
				}
				c, told = seen(t, kind.Unstructured(kind.Pod.Resource().GVK()), managed, func(u *unstructured.Unstructured) bool {
					node, _, _ := unstructured.NestedString(u.Object, "spec", "nodeName")
					_, has, _ := unstructured.NestedFieldNoCopy(u.Object, "metadata", "managedFields")
					return node == "w" && has == managed
				})
				check(t, c, told, managedFrames(t)[name], managed)
				c, told = seen(t, kind.Metadata(kind.Pod), managed, func(*metav1.PartialObjectMetadata) bool { return true })
				check(t, c, told, managedFrames(t)[name], managed)
			})
		}
	}
}

// What the reader of a frame took out is not looked for again.
func TestManagedFieldsOfAFrameThatWasCut(t *testing.T) {
	p := managedPod()
	p.ManagedFields = nil
	f := frame(t, p)
	f.Cut = true
	c, told := seen(t, kind.Pod, false, func(p *corev1.Pod) bool { return p.Spec.NodeName == "w" })
	if err := c.Invoke(t.Context(), declare.Delivery{Type: queue.Added, Frame: f}); err != nil || !slices.Equal(*told, []bool{false}) {
		t.Errorf("saw %v, %v", *told, err)
	}
}

// Several workers decode one frame, each for a binding of its own or for the same.
func TestManagedFieldsOfASharedFrame(t *testing.T) {
	f := managedFrames(t)["JSON"]
	handle := func(want int) func(context.Context, capability.Event[*corev1.Pod]) error {
		return func(_ context.Context, e capability.Event[*corev1.Pod]) error {
			if len(e.Object.ManagedFields) != want || e.Object.Spec.NodeName != "w" {
				t.Errorf("got %v", e.Object)
			}
			return nil
		}
	}
	all := compileAll(t, capability.New("test",
		capability.When(kind.Pod).Alias("without").Watch(handle(0)),
		capability.When(kind.Pod).Alias("with").ManagedFields().Watch(handle(1))))
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if err := all[i%2].Invoke(t.Context(), declare.Delivery{Type: queue.Added, Frame: f}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// Errors say what they say without the step: the fields that do not decode are others.
func TestManagedFieldsOfWhatDoesNotDecode(t *testing.T) {
	c := one(t, capability.When(kind.Pod).Watch(onPod))
	f := frame(t, managedPod())
	f.Raw = bytes.Replace(f.Raw, []byte(`"nodeName":"w"`), []byte(`"nodeName":["s3cr3t"]`), 1)
	checkDecodeError(t, c.Invoke(t.Context(), declare.Delivery{Type: queue.Added, Frame: f}))
}

// A large object does not leave its buffer behind, and does not get into the next one.
func TestManagedFieldsOfLargeObjects(t *testing.T) {
	var got []*corev1.ConfigMap
	c := one(t, capability.When(kind.ConfigMap).Watch(func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
		got = append(got, e.Object)
		return nil
	}))
	for _, size := range []int{300 << 10, 10, 1000, 0} {
		cm := &corev1.ConfigMap{ObjectMeta: managedPod().ObjectMeta, Data: map[string]string{"k": strings.Repeat("x", size)}}
		raw, err := json.Marshal(cm)
		if err != nil {
			t.Fatal(err)
		}
		f := frame(t, cm)
		f.Raw = raw
		if err := c.Invoke(t.Context(), declare.Delivery{Type: queue.Added, Frame: f}); err != nil {
			t.Fatal(err)
		}
		if last := got[len(got)-1]; len(last.Data["k"]) != size || last.Name != "n" || last.ManagedFields != nil {
			t.Errorf("got %d bytes, want %d", len(last.Data["k"]), size)
		}
	}
	if len(got[0].Data["k"]) != 300<<10 || strings.Trim(got[0].Data["k"], "x") != "" {
		t.Error("an object changed after its call")
	}
}

func BenchmarkInvokeWithoutManagedFields(b *testing.B) {
	c := one(b, capability.When(kind.Pod).Watch(onPod))
	f := frame(b, managedPod())
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Invoke(b.Context(), declare.Delivery{Type: queue.Added, Frame: f}); err != nil {
			b.Fatal(err)
		}
	}
}
