package fake

import (
	"encoding/json"
	"net/http"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/ancho-dev/ancho/pkg/kind"
)

func TestDiscoveryClient(t *testing.T) {
	s := New(WithResources(widget))
	for _, legacy := range []bool{false, true} {
		client, err := discovery.NewDiscoveryClientForConfig(s.Config())
		if err != nil {
			t.Fatal(err)
		}
		client.UseLegacyDiscovery = legacy
		_, lists, err := client.ServerGroupsAndResources()
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]metav1.APIResource{}
		for _, l := range lists {
			for _, r := range l.APIResources {
				found[l.GroupVersion+"/"+r.Name] = r
			}
		}
		for _, k := range append(kind.Builtin(), widget) {
			r := k.Resource()
			got := found[r.APIVersion()+"/"+r.Plural]
			if got.Kind != r.Kind || got.Namespaced != r.Namespaced || len(got.Verbs) != len(verbs) || got.SingularName == "" {
				t.Errorf("%s: %+v", r, got)
			}
		}
		for name, want := range map[string]bool{"v1/pods/status": true, "v1/namespaces/finalize": true, "v1/configmaps/status": false, "example.com/v1/widgets/status": true} {
			if _, ok := found[name]; ok != want {
				t.Errorf("%s: %t", name, ok)
			}
		}
		if pods, maps := found["v1/pods"], found["v1/configmaps"]; len(pods.Categories) != 1 || pods.Categories[0] != "all" || maps.Categories != nil {
			t.Errorf("the categories are %q of Pods and %q of ConfigMaps", pods.Categories, maps.Categories)
		}
		if v, err := client.ServerVersion(); err != nil || v.GitVersion != "v1.37.1" {
			t.Errorf("%+v, %v", v, err)
		}
	}
}

func TestDiscoveryDocuments(t *testing.T) {
	s := New(WithResources(widget))
	for _, c := range []struct{ path, accept, contentType, kind string }{
		{"/api", "", "application/json", "APIVersions"},
		{"/apis", "application/json", "application/json", "APIGroupList"},
		{"/api/v1", "", "application/json", "APIResourceList"},
		{"/apis/example.com", "", "application/json", "APIGroup"},
		{"/apis/example.com/v1", "", "application/json", "APIResourceList"},
		{"/api", discovery.AcceptV2 + ",application/json", discovery.AcceptV2, "APIGroupDiscoveryList"},
		{"/apis", discovery.AcceptV2NoPeer + "," + discovery.AcceptV2, discovery.AcceptV2, "APIGroupDiscoveryList"},
		{"/apis", "application/json," + discovery.AcceptV2, "application/json", "APIGroupList"},
	} {
		resp, body := read(t, s, c.path, "Accept", c.accept)
		var got metav1.TypeMeta
		if err := json.Unmarshal(body, &got); err != nil || got.Kind != c.kind || resp.Header.Get("Content-Type") != c.contentType {
			t.Errorf("%s: %s %s, %v", c.path, resp.Header.Get("Content-Type"), got.Kind, err)
		}
	}
	for _, path := range []string{"/healthz", "/livez", "/readyz"} {
		if _, body := read(t, s, path); string(body) != "ok" {
			t.Errorf("%s: %s", path, body)
		}
	}
	s.Unregister(widget)
	for _, path := range []string{"/apis/example.com", "/apis/example.com/v1"} {
		if resp, body := read(t, s, path); resp.StatusCode != http.StatusNotFound || string(body) != notServed {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
	}
}

// Versions are told from the one to prefer on.
func TestVersionsByPriority(t *testing.T) {
	var all []kind.Any
	for _, version := range []string{"v1beta1", "v2", "v1"} {
		all = append(all, kind.Unstructured(schema.GroupVersionKind{Group: "example.com", Version: version, Kind: "In" + version}))
	}
	g := groups(New(WithResources(all...)).resources())
	for _, one := range g {
		if one.Name == "example.com" && (one.PreferredVersion.Version != "v2" || one.Versions[2].Version != "v1beta1") {
			t.Errorf("%+v", one)
		}
	}
}

func TestRESTMapper(t *testing.T) {
	s := New(WithResources(widget))
	client, err := rest.HTTPClientFor(s.Config())
	if err != nil {
		t.Fatal(err)
	}
	mapper, err := apiutil.NewDynamicRESTMapper(s.Config(), client)
	if err != nil {
		t.Fatal(err)
	}
	m, err := mapper.RESTMapping(widget.Resource().GVK().GroupKind(), "v1")
	if err != nil || m.Resource != widget.Resource().GVR() || m.Scope.Name() != "namespace" {
		t.Errorf("%+v, %v", m, err)
	}
}
