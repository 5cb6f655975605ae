package kind

import (
	"errors"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestOfTakesTheKindFromTheScheme(t *testing.T) {
	k := Of[*Gadget](addGadgets)
	want := Resource{Group: "test.example.com", Version: "v1", Kind: "Gadget", Plural: "gadgets", Namespaced: true, Guessed: true}
	if err := k.Err(); err != nil {
		t.Fatal(err)
	}
	if got := k.Resource(); got != want {
		t.Errorf("resource %+v, want %+v", got, want)
	}
	if obj := k.New(); obj.APIVersion != "test.example.com/v1" || obj.Kind != "Gadget" {
		t.Errorf("a new object says %s %s", obj.APIVersion, obj.Kind)
	}
	if one, two := k.New(), k.New(); one == two {
		t.Error("two calls of New gave one object")
	}
}

// A package that declares the kinds of its own types does so before its init functions register
// them.
func TestOfCallsTheFunctionLateAndOnce(t *testing.T) {
	var registered []runtime.Object
	calls := 0
	k := Of[*Gadget](func(s *runtime.Scheme) error {
		calls++
		s.AddKnownTypes(gadgets, registered...)
		return nil
	})
	changed := k.Plural("gadgetry").ClusterScoped()
	registered = append(registered, &Gadget{})
	if calls != 0 {
		t.Fatal("Of called the function")
	}
	for range 3 {
		if err := errors.Join(k.Err(), changed.Err()); err != nil {
			t.Fatal(err)
		}
	}
	if calls != 1 {
		t.Errorf("the function was called %d times, want once for all copies", calls)
	}
}

func TestOfKnowsTheBuiltInKinds(t *testing.T) {
	want := Deployment.Resource()
	if got := Of[*appsv1.Deployment](appsv1.AddToScheme).Resource(); got != want {
		t.Errorf("resource %+v, want %+v", got, want)
	}
	old := Of[*autoscalingv1.HorizontalPodAutoscaler](autoscalingv1.AddToScheme).Resource()
	if old.Version != "v1" || old.Plural != "horizontalpodautoscalers" || old.Guessed || !old.Protobuf {
		t.Errorf("an older version of a built-in kind: %+v", old)
	}
	if got := Of[*corev1.Endpoints](corev1.AddToScheme).Resource().Plural; got != "endpoints" { //nolint:staticcheck // an irregular plural, still served
		t.Errorf("plural %q, want endpoints", got)
	}
}

// slim is a Go type of one's own for a built-in kind: it has no protobuf code.
type slim struct{ Gadget }

func (s *slim) DeepCopyObject() runtime.Object { c := *s; return &c }

func TestOfAsksForProtobufOnlyWhereTheTypeDecodesIt(t *testing.T) {
	k := Of[*slim](func(s *runtime.Scheme) error {
		s.AddKnownTypeWithName(corev1.SchemeGroupVersion.WithKind("Node"), &slim{})
		return nil
	})
	r := k.Resource()
	if err := k.Err(); err != nil || r.Protobuf || r.Namespaced || r.Plural != "nodes" {
		t.Errorf("resource %+v, error %v; want the cluster-scoped nodes in JSON", r, err)
	}
	if _, err := k.Decode(nil, ProtobufBare); err == nil {
		t.Error("a kind that is served in JSON only decoded protobuf")
	}
}

func TestPluralAndScope(t *testing.T) {
	k := Of[*Gadget](addGadgets)
	named := k.Plural("gadgetry")
	if r := named.Resource(); r.Plural != "gadgetry" || r.Guessed || !r.Namespaced || named.Err() != nil {
		t.Errorf("with a plural: %+v, %v", r, named.Err())
	}
	wide := named.ClusterScoped()
	if r := wide.Resource(); r.Namespaced || r.Plural != "gadgetry" {
		t.Errorf("with a plural and a scope: %+v", r)
	}
	if r := k.Resource(); r.Plural != "gadgets" || !r.Namespaced || !r.Guessed {
		t.Errorf("the kind it was made from changed: %+v", r)
	}
	if r := k.ClusterScoped().Resource(); r.Namespaced || !r.Guessed {
		t.Errorf("with a scope alone: %+v; its plural is still a guess", r)
	}
	if err := Pod.Plural("pods").Err(); err != nil {
		t.Errorf("saying what is known anyway: %v", err)
	}
	if err := Node.ClusterScoped().Err(); err != nil {
		t.Errorf("saying what is known anyway: %v", err)
	}
}

func TestUnstructured(t *testing.T) {
	k := Unstructured(schema.GroupVersionKind{Group: "test.example.com", Version: "v2", Kind: "Proxy"})
	want := Resource{Group: "test.example.com", Version: "v2", Kind: "Proxy", Plural: "proxies", Namespaced: true, Guessed: true}
	if got := k.Resource(); got != want || k.Err() != nil {
		t.Errorf("resource %+v, error %v, want %+v", got, k.Err(), want)
	}
	if obj := k.New(); obj.GetKind() != "Proxy" || obj.GetAPIVersion() != "test.example.com/v2" {
		t.Errorf("a new object is %v", obj.Object)
	}
	node := Unstructured(corev1.SchemeGroupVersion.WithKind("Node")).Resource()
	if node.Plural != "nodes" || node.Namespaced || node.Guessed || node.Protobuf {
		t.Errorf("an unstructured built-in kind: %+v; want what is known of it, in JSON", node)
	}
}

func TestMetadata(t *testing.T) {
	for _, of := range []Any{Deployment, Of[*Gadget](addGadgets).ClusterScoped(), Unstructured(gadgets.WithKind("Gizmo")), Metadata(Pod)} {
		k := Metadata(of)
		want := of.Resource()
		want.Metadata, want.Protobuf = true, true
		if got := k.Resource(); got != want || k.Err() != nil {
			t.Errorf("resource %+v, error %v, want %+v", got, k.Err(), want)
		}
		if got := k.New().GroupVersionKind(); got != want.GVK() {
			t.Errorf("a new object says %s, want %s", got, want.GVK())
		}
	}
}

// other implements Any as another package may.
type other struct{ r Resource }

func (o *other) Resource() Resource { return o.r }

func TestWrongDeclarationsSayWhatIsWrong(t *testing.T) {
	none := func(*runtime.Scheme) error { return nil }
	gvk := func(g, v, k string) schema.GroupVersionKind {
		return schema.GroupVersionKind{Group: g, Version: v, Kind: k}
	}
	for name, test := range map[string]struct {
		kind interface{ Err() error }
		want string
	}{
		"zero value":              {Kind[*Gadget]{}, "zero value"},
		"zero value, changed":     {Kind[*Gadget]{}.Plural("x").ClusterScoped(), "zero value"},
		"zero value of interface": {Kind[Object]{}, "zero value"},
		"nil function":            {Of[*Gadget](nil), "is nil"},
		"interface":               {Of[Object](none), "must be a pointer"},
		"struct by value":         {Of[byValue](none), "must be a pointer"},
		"unstructured":            {Of[*unstructured.Unstructured](none), "kind.Unstructured"},
		"metadata":                {Of[*metav1.PartialObjectMetadata](metav1.AddMetaToScheme), "kind.Metadata"},
		"function fails":          {Of[*Gadget](func(*runtime.Scheme) error { return errors.New("no luck") }), "no luck"},
		"function panics":         {Of[*Gadget](func(*runtime.Scheme) error { panic("out of luck") }), "out of luck"},
		"not registered":          {Of[*Gadget](corev1.AddToScheme), "does not register"},
		"internal version only": {Of[*Gadget](func(s *runtime.Scheme) error {
			s.AddKnownTypes(schema.GroupVersion{Group: "a.b", Version: runtime.APIVersionInternal}, &Gadget{})
			return nil
		}), "does not register"},
		"two kinds": {Of[*Gadget](func(s *runtime.Scheme) error {
			s.AddKnownTypeWithName(gadgets.WithKind("Gizmo"), &Gadget{})
			return addGadgets(s)
		}), "test.example.com/v1 Gadget, test.example.com/v1 Gizmo"},
		"no kind":            {Unstructured(gvk("a.b", "v1", "")), "must not be empty"},
		"no version":         {Unstructured(gvk("a.b", "", "Kind")), "must not be empty"},
		"nothing":            {Unstructured(schema.GroupVersionKind{}), "must not be empty"},
		"group of a URL":     {Unstructured(gvk("a.b/v1", "v1", "Kind")), `group "a.b/v1"`},
		"version with space": {Unstructured(gvk("a.b", "v 1", "Kind")), `version "v 1"`},
		"kind with slash":    {Unstructured(gvk("a.b", "v1", "Kind/status")), `kind "Kind/status"`},
		"empty plural":       {Of[*Gadget](addGadgets).Plural(""), `Plural("")`},
		"plural in capitals": {Of[*Gadget](addGadgets).Plural("Gadgets"), `Plural("Gadgets")`},
		"subresource":        {Of[*Gadget](addGadgets).Plural("gadgets/status"), `Plural("gadgets/status")`},
		"first of two":       {Of[*Gadget](addGadgets).Plural("A").Plural("b"), `Plural("A")`},
		"another plural":     {Pod.Plural("pod"), `is "pods"`},
		"another scope":      {Pod.ClusterScoped(), "is namespaced"},
		"metadata of nil":    {Metadata(nil), "nil"},
		"metadata of wrong":  {Metadata(Kind[*Gadget]{}), "zero value"},
		"metadata of empty":  {Metadata(&other{}), "names no resource"},
		"metadata of panic":  {Metadata((*other)(nil)), "panicked"},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.kind.Err()
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

type byValue struct{ *Gadget }

// A wrong kind may be used like any other: it answers with its error and never panics.
func TestWrongKindsCanBeUsed(t *testing.T) {
	for name, k := range map[string]interface {
		Any
		AddToScheme(*runtime.Scheme) error
		Err() error
	}{
		"zero":      Kind[*Gadget]{},
		"interface": Of[Object](addGadgets),
		"nil":       Of[*Gadget](nil),
		"metadata":  Metadata(nil),
	} {
		t.Run(name, func(t *testing.T) {
			if r := k.Resource(); r != (Resource{}) {
				t.Errorf("resource %+v, want none", r)
			}
			if err := k.AddToScheme(runtime.NewScheme()); !errors.Is(err, k.Err()) {
				t.Errorf("AddToScheme: %v, want %v", err, k.Err())
			}
		})
	}
	if obj := (Kind[*Gadget]{}).New(); obj == nil || obj.Kind != "" {
		t.Errorf("the zero Kind makes %v, want an empty object", obj)
	}
	if obj := (Kind[Object]{}).New(); obj != nil {
		t.Errorf("a Kind of an interface makes %v, want nil", obj)
	}
	if _, err := (Kind[*Gadget]{}).Decode([]byte(`{}`), JSON); !errors.Is(err, errZero) {
		t.Errorf("decoding with the zero Kind: %v", err)
	}
}
