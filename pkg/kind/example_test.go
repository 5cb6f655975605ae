package kind_test

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// WebApp is a custom kind. In a real program its package is generated, AddToScheme included.
type WebApp struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec struct {
		Image string `json:"image"`
	} `json:"spec"`
}

// DeepCopyObject implements runtime.Object.
func (w *WebApp) DeepCopyObject() runtime.Object {
	c := *w
	w.DeepCopyInto(&c.ObjectMeta)
	return &c
}

// AddToScheme registers WebApp.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(schema.GroupVersion{Group: "example.com", Version: "v1"}, &WebApp{})
	return nil
}

// A custom kind needs its Go type and the function that registers it.
func ExampleOf() {
	webApp := kind.Of[*WebApp](AddToScheme)

	app, err := webApp.Decode([]byte(`{"metadata":{"name":"shop"},"spec":{"image":"shop:1"}}`), kind.JSON)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(webApp.Resource())
	fmt.Println(app.APIVersion, app.Kind, app.Name, app.Spec.Image)
	// Output:
	// webapps.example.com
	// example.com/v1 WebApp shop shop:1
}

// A declaration that is wrong says so when it is asked.
func ExampleKind_Err() {
	wrong := kind.Of[*WebApp](appsv1.AddToScheme)
	fmt.Println(wrong.Err())
	// Output:
	// kind.Of[*kind_test.WebApp]: the given AddToScheme does not register this type: pass the one of the type's own package, and check that it calls Register for it
}

// Where the plural is not the one that the name suggests, or objects live in no namespace, the
// declaration says it.
func ExampleKind_Plural() {
	guessed := kind.Of[*WebApp](AddToScheme)
	known := guessed.Plural("webappery").ClusterScoped()

	fmt.Println(guessed.Resource(), guessed.Resource().Guessed, guessed.Resource().Namespaced)
	fmt.Println(known.Resource(), known.Resource().Guessed, known.Resource().Namespaced)
	// Output:
	// webapps.example.com true true
	// webappery.example.com false false
}

// A kind without a Go type decodes into a map.
func ExampleUnstructured() {
	certificate := kind.Unstructured(schema.GroupVersionKind{Group: "cert-manager.io", Version: "v1", Kind: "Certificate"})

	obj, err := certificate.Decode([]byte(`{"metadata":{"name":"shop"},"spec":{"revisionHistoryLimit":3}}`), kind.JSON)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(certificate.Resource())
	fmt.Println(obj.GetKind(), obj.GetName(), obj.Object["spec"])
	// Output:
	// certificates.cert-manager.io
	// Certificate shop map[revisionHistoryLimit:3]
}

// Metadata asks the server for less: names, labels, owners, but no Secret's data.
func ExampleMetadata() {
	secrets := kind.Metadata(kind.Secret)

	fmt.Println(secrets.Resource(), secrets.Resource().Metadata)
	fmt.Println(secrets.New().GroupVersionKind())
	// Output:
	// secrets true
	// /v1, Kind=Secret
}
