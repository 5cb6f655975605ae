package parts_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	v1 "github.com/ancho-dev/ancho/examples/03-webapp/api/v1"
	"github.com/ancho-dev/ancho/examples/03-webapp/parts"
)

func shop() *v1.WebApp {
	return &v1.WebApp{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "shop", UID: "u1", Generation: 3},
		Spec: v1.WebAppSpec{
			Image: "example.com/shop:1", Replicas: new(int32(2)), Port: 8080, Secret: "keys", Host: "shop.example.com",
			Settings: map[string]string{"COLOUR": "green", "A": "b"},
		},
	}
}

func text(t *testing.T, o any) string {
	t.Helper()
	b, err := yaml.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Each part is owned by the WebApp: so the garbage collector takes it away, and a change of it wakes the controller.
func TestPartsAreOwned(t *testing.T) {
	app := shop()
	for what, part := range map[string]any{
		"ConfigMap": parts.Settings(app), "Service": parts.Service(app), "Deployment": parts.Deployment(app, "r"),
	} {
		got := text(t, part)
		for _, want := range []string{
			"kind: " + what, "  name: shop\n", "  namespace: demo\n",
			"  - apiVersion: webapp.example.com/v1\n    blockOwnerDeletion: true\n    controller: true\n    kind: WebApp\n    name: shop\n    uid: u1\n",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%s lacks %q:\n%s", what, want, got)
			}
		}
	}
}

func TestSecretIsOptional(t *testing.T) {
	app := shop()
	if got := text(t, parts.Deployment(app, "r")); !strings.Contains(got, "secretRef:\n            name: keys") {
		t.Errorf("the Secret is not in the environment:\n%s", got)
	}
	if got := parts.Secrets(app); len(got) != 1 || got[0] != (types.NamespacedName{Namespace: "demo", Name: "keys"}) {
		t.Errorf("it uses %v", got)
	}
	app.Spec.Secret = ""
	if got := text(t, parts.Deployment(app, "r")); strings.Contains(got, "secretRef") {
		t.Errorf("a Secret that nobody named:\n%s", got)
	}
	if got := parts.Secrets(app); got != nil {
		t.Errorf("it uses %v", got)
	}
}

// The revision is the same for the same environment, and another for any other.
func TestRevision(t *testing.T) {
	seen := map[string]string{}
	of := func(what string, change func(*v1.WebApp, *metav1.PartialObjectMetadata)) string {
		app := shop()
		secret := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{UID: "s1", ResourceVersion: "7"}}
		change(app, secret)
		if app.Spec.Secret == "" {
			secret = nil
		}
		got, err := parts.Revision(app, secret)
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[got]; ok && what != "" {
			t.Errorf("%s and %s have one revision", what, other)
		}
		seen[got] = what
		return got
	}
	first := of("first", func(*v1.WebApp, *metav1.PartialObjectMetadata) {})
	of("another setting", func(a *v1.WebApp, _ *metav1.PartialObjectMetadata) { a.Spec.Settings["COLOUR"] = "red" })
	of("no settings", func(a *v1.WebApp, _ *metav1.PartialObjectMetadata) { a.Spec.Settings = nil })
	of("no Secret", func(a *v1.WebApp, _ *metav1.PartialObjectMetadata) { a.Spec.Secret = "" })
	of("a changed Secret", func(_ *v1.WebApp, s *metav1.PartialObjectMetadata) { s.ResourceVersion = "8" })
	of("another Secret", func(_ *v1.WebApp, s *metav1.PartialObjectMetadata) { s.UID = "s2" })
	if again := of("", func(a *v1.WebApp, _ *metav1.PartialObjectMetadata) { a.Spec.Replicas = new(int32(9)) }); again != first {
		t.Error("the number of copies has them replaced")
	}
}

func TestRecord(t *testing.T) {
	app := shop()
	if got := text(t, parts.Record(app, app.Spec.Host)); !strings.Contains(got, "data:\n  shop.example.com: shop.demo.svc\n") {
		t.Errorf("the record is not there:\n%s", got)
	}
	if got := text(t, parts.Record(app, "")); strings.Contains(got, "\ndata") {
		t.Errorf("a record without a host:\n%s", got)
	}
	other := shop()
	other.UID = "u2"
	if parts.RecordOwner(app) == parts.RecordOwner(other) {
		t.Error("two WebApps have one owner of records")
	}
}
