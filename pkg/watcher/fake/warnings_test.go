package fake

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// 45: what is odd is done, and said.
func TestWarnings(t *testing.T) {
	s := New(WithResources(gizmo))
	for _, c := range []struct {
		path, body string
		want       []string
	}{
		{cmaps, configMap("a", `,"nothing":1,"data":{"k":"v"}`), []string{`299 - "unknown field \"nothing\""`}},
		{cmaps + "?fieldValidation=Ignore", configMap("b", `,"nothing":1`), nil},
		{cmaps, configMap("c", ""), nil},
		{gizmos, gizmoNamed("a", `,"finalizers":["mine","example.com/x"]`, ""), []string{
			`299 - "metadata.finalizers: \"mine\": prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers"`,
		}},
		{"/api/v1/namespaces/default/endpoints", `{"metadata":{"name":"a"}}`, []string{
			`299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"`,
		}},
	} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, c.path, strings.NewReader(c.body)))
		if got := w.Header().Values("Warning"); w.Code != 201 || !slices.Equal(got, c.want) {
			t.Errorf("%s %s: %d, warned %q", c.path, c.body, w.Code, got)
		}
	}
	if resp, _ := read(t, s, "/api/v1/endpoints"); !strings.Contains(resp.Header.Get("Warning"), "deprecated") {
		t.Errorf("a list is warned of with %q", resp.Header.Get("Warning"))
	}
}
