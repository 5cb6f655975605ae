package fake

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ancho-dev/ancho/pkg/kind"
)

func requestFor(t *testing.T, s *Server, path string) *request {
	t.Helper()
	r, ok := s.find(httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
	if !ok {
		t.Fatalf("%s was not found", path)
	}
	return r
}

func TestPaths(t *testing.T) {
	cluster := kind.Unstructured(widget.Resource().GVK()).Plural("gadgets").ClusterScoped()
	s := New(WithResources(widget, cluster))
	for path, want := range map[string]string{
		"/api/v1/pods":                                       "pods|||",
		"/api/v1/pods/":                                      "pods|||",
		"/api/v1/namespaces/a/pods":                          "pods|a||",
		"/api/v1/namespaces/a/pods/b":                        "pods|a|b|",
		"/api/v1/namespaces/a/pods/b/status":                 "pods|a|b|status",
		"/api/v1/namespaces":                                 "namespaces|||",
		"/api/v1/namespaces/a":                               "namespaces||a|",
		"/api/v1/namespaces/a/status":                        "namespaces||a|status",
		"/api/v1/namespaces/a/finalize":                      "namespaces||a|finalize",
		"/api/v1/nodes/n%2Fm":                                "nodes||n/m|",
		"/apis/apps/v1/deployments":                          "deployments.apps|||",
		"/apis/example.com/v1/namespaces/a/widgets/b":        "widgets.example.com|a|b|",
		"/apis/example.com/v1/namespaces/a/widgets/b/status": "widgets.example.com|a|b|status",
		"/apis/example.com/v1/gadgets/b":                     "gadgets.example.com||b|",
	} {
		r := requestFor(t, s, path)
		if got := strings.Join([]string{r.resource.String(), r.namespace, r.name, r.subresource}, "|"); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	for _, path := range []string{ // in groups that are built in
		"/api/v2", "/api/v1/nothings", "/api/v2/pods", "/apis/apps/v2/deployments",
		"/api/v1/pods/a", "/api/v1/namespaces/a/nodes", "/api/v1/namespaces/a/pods/b/exec", "/api/v1/namespaces/a/pods/b/c/d",
		"/api/v1/namespaces/a/configmaps/b/status", "/apis/apps/v1/namespaces/a", "/apis/apps/pods",
	} {
		if st := refused(t, s, path); st.Code != http.StatusNotFound || st.Reason != "NotFound" {
			t.Errorf("%s: %+v", path, st)
		}
	}
	for _, path := range []string{
		"/", "/nothing", "/apis/nothing/v1", "/apis/nothing", "/api/v1//pods", "/apis/example.com/v2/widgets", "/apis/example.com/v1/others",
		"/apis/example.com/v1/widgets/a", "/apis/example.com/v1/namespaces/a/gadgets",
	} {
		if resp, body := read(t, s, path); resp.StatusCode != http.StatusNotFound || string(body) != notServed {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
	}
}

func TestMethods(t *testing.T) {
	s := New()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodOptions, podList, http.NoBody))
	if w.Code != http.StatusMethodNotAllowed || !strings.Contains(w.Body.String(), `"MethodNotAllowed"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w = httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, podList, strings.NewReader(strings.Repeat("x", maxBody+1))))
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestNamespacesFromTheBeginning(t *testing.T) {
	if got := list(t, New(), "/api/v1/namespaces").names(); got != "default kube-node-lease kube-public kube-system" {
		t.Error(got)
	}
}

// Every built-in kind is served, in protobuf too.
func TestBuiltinKinds(t *testing.T) {
	s := New()
	for _, k := range kind.Builtin() {
		r := k.Resource()
		prefix := "/apis/" + r.Group + "/"
		if r.Group == "" {
			prefix = "/api/"
		}
		resp, _ := read(t, s, prefix+r.Version+"/"+r.Plural, "Accept", "application/vnd.kubernetes.protobuf")
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/vnd.kubernetes.protobuf" {
			t.Errorf("%s: %d", r, resp.StatusCode)
		}
	}
}
