package kind

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Every built-in kind decodes what it encodes, in every encoding, and what it decodes survives
// the reuse of the bytes.
func TestBuiltinKindsDecode(t *testing.T) {
	for _, k := range builtins(t) {
		t.Run(k.Resource().String(), func(t *testing.T) {
			want := filled(k)
			all := encodings(t, want)
			if len(all) != 4 {
				t.Fatalf("%T has no protobuf code, but the kind says so", want)
			}
			for enc, raw := range all {
				got, err := k.decodeObject(raw, enc)
				if err != nil {
					t.Errorf("%s: %v", enc, err)
					continue
				}
				for i := range raw {
					raw[i] = 0xff
				}
				if !apiequality.Semantic.DeepEqual(got, want) {
					t.Errorf("%s: decoded object is not the encoded one:\n%+v\n%+v", enc, got, want)
				}
			}
		})
	}
}

func TestBuiltinResources(t *testing.T) {
	seen := map[schema.GroupVersionResource]bool{}
	for _, k := range builtins(t) {
		r := k.Resource()
		if err := k.Err(); err != nil {
			t.Errorf("%s: %v", r, err)
		}
		if r.Kind == "" || r.Version == "" || !r.Protobuf || r.Metadata || r.Guessed || len(validation.IsDNS1035Label(r.Plural)) > 0 {
			t.Errorf("resource %+v", r)
		}
		if seen[r.GVR()] {
			t.Errorf("%s is there twice", r)
		}
		seen[r.GVR()] = true
		if got := k.newObject().GetObjectKind().GroupVersionKind(); got != r.GVK() {
			t.Errorf("%s: a new object says %s", r, got)
		}
		scheme := runtime.NewScheme()
		if err := k.AddToScheme(scheme); err != nil {
			t.Fatal(err)
		}
		if kinds, _, err := scheme.ObjectKinds(k.newObject()); err != nil || len(kinds) != 1 || kinds[0] != r.GVK() {
			t.Errorf("%s: the Go type is registered as %v, %v", r, kinds, err)
		}
	}
	if len(seen) < 60 {
		t.Errorf("there are %d built-in kinds; the API server has more", len(seen))
	}
}

// A few that are easily got wrong: irregular plurals, scopes, versions, and names.
func TestKnownResources(t *testing.T) {
	for _, test := range []struct {
		kind Any
		want Resource
	}{
		{Pod, Resource{"", "v1", "Pod", "pods", true, true, false, false}},
		{Endpoints, Resource{"", "v1", "Endpoints", "endpoints", true, true, false, false}},
		{Namespace, Resource{"", "v1", "Namespace", "namespaces", false, true, false, false}},
		{Node, Resource{"", "v1", "Node", "nodes", false, true, false, false}},
		{CoreEvent, Resource{"", "v1", "Event", "events", true, true, false, false}},
		{Event, Resource{"events.k8s.io", "v1", "Event", "events", true, true, false, false}},
		{Deployment, Resource{"apps", "v1", "Deployment", "deployments", true, true, false, false}},
		{HorizontalPodAutoscaler, Resource{"autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", true, true, false, false}},
		{NetworkPolicy, Resource{"networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", true, true, false, false}},
		{IngressClass, Resource{"networking.k8s.io", "v1", "IngressClass", "ingressclasses", false, true, false, false}},
		{CSIStorageCapacity, Resource{"storage.k8s.io", "v1", "CSIStorageCapacity", "csistoragecapacities", true, true, false, false}},
		{CustomResourceDefinition, Resource{"apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", false, true, false, false}},
		{APIService, Resource{"apiregistration.k8s.io", "v1", "APIService", "apiservices", false, true, false, false}},
		{LeaseCandidate, Resource{"coordination.k8s.io", "v1beta1", "LeaseCandidate", "leasecandidates", true, true, false, false}},
	} {
		if got := test.kind.Resource(); got != test.want {
			t.Errorf("resource %+v, want %+v", got, test.want)
		}
	}
}

// The variables of the table are initialised when a program starts, so they must not build schemes.
func TestBuiltinDoesNoWorkWhenDeclared(t *testing.T) {
	k := builtin[corev1.Pod]("", "v1", "Pod", "pods", namespaced, func(*runtime.Scheme) error {
		t.Error("the scheme's function was called")
		return nil
	})
	if _, err := k.Decode([]byte(`{}`), JSON); err != nil || k.Err() != nil || k.New().Kind != "Pod" || k.Resource().Plural != "pods" {
		t.Errorf("kind %+v, errors %v, %v", k.Resource(), err, k.Err())
	}
}

func TestBuiltinGivesEverySliceAway(t *testing.T) {
	Builtin()[0] = nil
	if Builtin()[0] == nil {
		t.Error("a caller changed the list for all")
	}
}

// Every variable of the generated file is in the list, and says in its comment what it is.
func TestBuiltinListsAndDescribesEveryVariable(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "zz_generated.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	byComment := map[string]bool{}
	for _, decl := range file.Decls {
		vars, ok := decl.(*ast.GenDecl)
		if !ok || vars.Tok != token.VAR {
			continue
		}
		for _, spec := range vars.Specs {
			v := spec.(*ast.ValueSpec)
			if !strings.HasPrefix(v.Doc.Text(), v.Names[0].Name+" is the kind ") {
				t.Errorf("%s: comment %q", v.Names[0].Name, v.Doc.Text())
			}
			first, _, _ := strings.Cut(v.Doc.Text(), "\n")
			_, what, _ := strings.Cut(first, " is the kind ")
			byComment[what] = true
		}
	}
	for _, k := range builtins(t) {
		r := k.Resource()
		scope := "cluster-scoped"
		if r.Namespaced {
			scope = "namespaced"
		}
		if what := r.Kind + " of " + r.APIVersion() + ": resource " + r.Plural + ", " + scope + "."; !byComment[what] {
			t.Errorf("no comment says: %s", what)
		}
	}
	if len(byComment) != len(Builtin()) {
		t.Errorf("%d variables, %d in the list", len(byComment), len(Builtin()))
	}
}
