package fake

import (
	"context"
	"testing"
	"testing/synctest"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apitypes "k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	applycorev1 "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// clients talk to a server over its in-process transport, in the encodings that they prefer.
func clients(t *testing.T, contentType string) (*kubernetes.Clientset, *dynamic.DynamicClient) {
	t.Helper()
	config := New(WithResources(gizmo)).Config()
	typed := rest.CopyConfig(config)
	typed.ContentType = contentType
	k, err := kubernetes.NewForConfig(typed)
	if err != nil {
		t.Fatal(err)
	}
	d, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return k, d
}

func TestTypedClientWrites(t *testing.T) {
	for _, contentType := range []string{"application/json", "application/vnd.kubernetes.protobuf"} {
		t.Run(contentType, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { typedLife(t, contentType) })
		})
	}
}

// typedLife leads a Deployment from its creation to its end.
func typedLife(t *testing.T, contentType string) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	k, _ := clients(t, contentType)
	c := k.AppsV1().Deployments("default")
	w, err := c.Watch(ctx, metav1.ListOptions{})
	must(t, err)
	defer w.Stop()

	d, err := c.Create(ctx, &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "d-", Finalizers: []string{"example.com/f"},
	}}, metav1.CreateOptions{})
	must(t, err)
	stale := d.DeepCopy()
	replicas := int32(3)
	d.Spec.Replicas = &replicas
	d, err = c.Update(ctx, d, metav1.UpdateOptions{})
	must(t, err)
	if d.Generation != 2 {
		t.Errorf("the generation is %d, want 2", d.Generation)
	}
	if _, err = c.Update(ctx, stale, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("an update of an old state is answered %v, want a conflict", err)
	}
	if _, err = c.Create(ctx, &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: d.Name}}, metav1.CreateOptions{}); !apierrors.IsAlreadyExists(err) {
		t.Errorf("a second creation is answered %v", err)
	}
	d.Status.Replicas = 3
	d, err = c.UpdateStatus(ctx, d, metav1.UpdateOptions{})
	must(t, err)
	must(t, c.Delete(ctx, d.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &d.UID}}))
	_, err = c.Patch(ctx, d.Name, apitypes.StrategicMergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
	must(t, err)
	if _, err = c.Get(ctx, d.Name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the deleted object is answered %v", err)
	}
	for _, want := range []watch.EventType{watch.Added, watch.Modified, watch.Modified, watch.Modified, watch.Deleted} {
		if e := <-w.ResultChan(); e.Type != want {
			t.Fatalf("%s %v, want %s", e.Type, e.Object, want)
		}
	}
}

func TestTypedClientApplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _ := clients(t, "application/vnd.kubernetes.protobuf")
		c := k.CoreV1().ConfigMaps("default")
		one, two := metav1.ApplyOptions{FieldManager: "one"}, metav1.ApplyOptions{FieldManager: "two"}
		_, err := c.Apply(t.Context(), applycorev1.ConfigMap("a", "default").WithData(map[string]string{"k": "1"}), one)
		must(t, err)
		config := applycorev1.ConfigMap("a", "default").WithData(map[string]string{"k": "2"})
		if _, err = c.Apply(t.Context(), config, two); !apierrors.HasStatusCause(err, metav1.CauseTypeFieldManagerConflict) {
			t.Errorf("what another manages is answered %v, want a conflict", err)
		}
		two.Force = true
		a, err := c.Apply(t.Context(), config, two)
		must(t, err)
		if a.Data["k"] != "2" {
			t.Errorf("forced to %v", a.Data)
		}
		must(t, c.DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{FieldSelector: "metadata.name=a"}))
		_, err = k.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "n"}}, metav1.CreateOptions{})
		must(t, err)
		must(t, k.CoreV1().Namespaces().Delete(t.Context(), "n", metav1.DeleteOptions{}))
		_, err = k.CoreV1().ConfigMaps("n").Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "a"}}, metav1.CreateOptions{})
		if !apierrors.IsNotFound(err) {
			t.Errorf("a creation in a namespace that is gone is answered %v", err)
		}
	})
}

func TestDynamicClientWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, d := clients(t, "")
		c := d.Resource(gizmo.Resource().GVR()).Namespace("default")
		u := wrap(map[string]any{"spec": map[string]any{"n": int64(1)}})
		u.SetGroupVersionKind(gizmo.Resource().GVK())
		u.SetName("g")
		u, err := c.Create(t.Context(), u, metav1.CreateOptions{})
		must(t, err)
		must(t, unstructured.SetNestedField(u.Object, "yes", "status", "ready"))
		u, err = c.UpdateStatus(t.Context(), u, metav1.UpdateOptions{})
		must(t, err)
		u.SetResourceVersion("")
		if _, err = c.Update(t.Context(), u, metav1.UpdateOptions{}); !apierrors.IsInvalid(err) {
			t.Errorf("an update without resourceVersion is answered %v", err)
		}
		u, err = c.Patch(t.Context(), "g", apitypes.MergePatchType, []byte(`{"spec":{"n":2}}`), metav1.PatchOptions{})
		must(t, err)
		if g := u.GetGeneration(); g != 2 {
			t.Errorf("the generation is %d, want 2", g)
		}
		must(t, c.Delete(t.Context(), "g", metav1.DeleteOptions{}))
		if err = c.Delete(t.Context(), "g", metav1.DeleteOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("a second deletion is answered %v", err)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
