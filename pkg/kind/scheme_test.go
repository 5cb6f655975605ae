package kind

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

func TestAddToSchemeRegistersTheType(t *testing.T) {
	scheme := runtime.NewScheme()
	gadget := Of[*Gadget](addGadgets)
	for range 2 { // two bindings of one kind register it twice
		for _, add := range []func(*runtime.Scheme) error{
			gadget.AddToScheme, Pod.AddToScheme, Metadata(gadget).AddToScheme,
			Unstructured(gadgets.WithKind("Gizmo")).AddToScheme,
		} {
			if err := add(scheme); err != nil {
				t.Fatal(err)
			}
		}
	}
	// This is how the client finds out what it is given.
	for _, obj := range []Object{gadget.New(), Pod.New(), Metadata(gadget).New(), Unstructured(gadgets.WithKind("Gizmo")).New()} {
		got, err := apiutil.GVKForObject(obj, scheme)
		if err != nil || got != obj.GetObjectKind().GroupVersionKind() {
			t.Errorf("%T: the client takes it for %s, %v; want %s", obj, got, err, obj.GetObjectKind().GroupVersionKind())
		}
	}
	if scheme.Recognizes(gadgets.WithKind("Gizmo")) {
		t.Error("an unstructured kind was registered")
	}
	if !scheme.Recognizes(metav1.SchemeGroupVersion.WithKind("PartialObjectMetadata")) {
		t.Error("the types of meta.k8s.io were not registered")
	}
}

func TestAddToSchemeReportsWhatTheSchemeRefuses(t *testing.T) {
	scheme := runtime.NewScheme()
	scheme.AddKnownTypeWithName(gadgets.WithKind("Gadget"), &corev1.Pod{})
	err := Of[*Gadget](addGadgets).AddToScheme(scheme)
	if err == nil || !strings.Contains(err.Error(), "kind Gadget") {
		t.Errorf("error %v, want one that names the kind", err)
	}
	if err := Pod.AddToScheme(nil); err == nil || !strings.Contains(err.Error(), "nil scheme") {
		t.Errorf("error %v for a nil scheme", err)
	}
}
