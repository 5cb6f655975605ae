package runtime

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

// A binding runs without an optional kind, and includes it once it is served.
func TestOptionalKindsNeedNotBeServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New()
		set, err := kubernetes.NewForConfig(s.Config())
		if err != nil {
			t.Fatal(err)
		}
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "n"}}
		if cm, err = set.CoreV1().ConfigMaps("default").Create(t.Context(), cm, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		widget := kind.Unstructured(schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Widget"})
		var calls []string
		maps := capability.When(kind.ConfigMap).InNamespace("default").Owns(capability.Optional(widget))
		r := startAt(t, s.Config(), oneCapability(maps.Reconcile(func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
			calls = append(calls, string(e.Type))
			return nil
		})))
		synctest.Wait()
		if !slices.Equal(calls, []string{"Added"}) {
			t.Errorf("called %q while the kind is not served", calls)
		}
		for _, path := range []string{"/readyz", "/readyz?strict=1"} {
			if code, text := r.get(t, path); code != http.StatusOK || !strings.Contains(text, "optional, not served") {
				t.Errorf("%s: %d %s", path, code, text)
			}
		}
		time.Sleep(time.Hour)
		if log := r.log.String(); strings.Count(log, "not served") != 1 || strings.Contains(log, "stream is blocked") {
			t.Errorf("the log says\n%s", log)
		}

		s.Register(widget)
		d, err := dynamic.NewForConfig(s.Config())
		if err != nil {
			t.Fatal(err)
		}
		w := &unstructured.Unstructured{}
		w.SetAPIVersion("example.com/v1")
		w.SetKind("Widget")
		w.SetName("w")
		yes := true
		w.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "n", UID: cm.UID, Controller: &yes}})
		widgets := d.Resource(schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "widgets"}).Namespace("default")
		if _, err := widgets.Create(t.Context(), w, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if !slices.Equal(calls, []string{"Added", "Unchanged"}) {
			t.Errorf("called %q when the kind is served", calls)
		}
		if code, text := r.get(t, "/readyz?strict=1"); code != http.StatusOK || strings.Contains(text, "optional") {
			t.Errorf("%d %s", code, text)
		}
		if trigger := r.Plan()[0].Triggers[0]; !strings.Contains(trigger, "optional") {
			t.Errorf("the plan says %q", trigger)
		}
	})
}
