package fake

import (
	"net/http"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/openapi3"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// kubectl apply looks here whether the server checks fields, and by which patches an object can be changed.
func TestOpenAPI(t *testing.T) {
	s := New(WithResources(widget))
	client, err := discovery.NewDiscoveryClientForConfig(s.Config())
	if err != nil {
		t.Fatal(err)
	}
	root := openapi3.NewRoot(client.OpenAPIV3())
	for _, k := range append(kind.Builtin(), widget) {
		r := k.Resource()
		doc, err := root.GVSpec(r.GVK().GroupVersion())
		if err != nil {
			t.Fatalf("%s: %v", r, err)
		}
		path := "/apis/" + r.APIVersion()
		if r.Group == "" {
			path = "/api/v1"
		}
		if r.Namespaced {
			path += "/namespaces/{namespace}"
		}
		at := doc.Paths.Paths[path+"/"+r.Plural+"/{name}"]
		if at == nil || at.Patch == nil {
			t.Fatalf("%s has no patch", r)
		}
		var said schema.GroupVersionKind
		if err := at.Patch.Extensions.GetObject("x-kubernetes-group-version-kind", &said); err != nil || said != r.GVK() {
			t.Errorf("%s is said to be %s, %v", r, said, err)
		}
		if p := at.Patch.Parameters; len(p) != 1 || p[0].Name != "fieldValidation" || p[0].In != "query" {
			t.Errorf("%s takes the parameters %+v", r, p)
		}
		content := at.Patch.RequestBody.Content
		for media, want := range map[string]bool{"application/merge-patch+json": true, "application/apply-patch+yaml": true, strategic: false} {
			if _, ok := content[media]; ok != want {
				t.Errorf("%s says %t of patches by %s", r, ok, media)
			}
		}
	}
	if v2, err := client.OpenAPISchema(); err != nil || v2.GetSwagger() != "2.0" || v2.GetPaths() != nil {
		t.Errorf("version 2 is %+v, %v", v2, err)
	}
	for _, path := range []string{"/openapi/v3/apis/example.com/v2", "/openapi/v3/api"} {
		if resp, body := read(t, s, path); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
	}
}

// What the document promises: unknown fields are refused where that is asked for, and dropped elsewhere.
func TestFieldValidation(t *testing.T) {
	c := newScript(t)
	const typo = `,"dat":{"x":"1"}`
	words := `strict decoding error: unknown field "dat"`
	c.post(cmaps+"?fieldValidation=Strict", configMap("a", typo)).refused(400, "cannot be handled as a ConfigMap: "+words)
	c.post(cmaps+"?fieldValidation=Ignore", configMap("a", typo)).ok(201).has("dat", "<nil>")
	c.put(cmaps+"/a?fieldValidation=Strict", configMap("a", typo)).refused(400, words)
	c.merge(cmaps+"/a?fieldValidation=Strict", `{"dat":{"x":"1"}}`).refused(422, words)
	c.merge(cmaps+"/a?fieldValidation=Strict", `{"data":{"x":"1"}}`).ok(200).has("data/x", "1")
	c.post(deploy+"?fieldValidation=Strict", `{"metadata":{"name":"d"},"spec":{"template":{"spec":{"container":[]}}}}`).
		refused(400, `unknown field "spec.template.spec.container"`)
	c.post(gizmos+"?fieldValidation=Strict", gizmoNamed("g", "", `,"any":1`)).ok(201)
}
