package fake

import (
	"net/url"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// set gives the object a field.
func set(o map[string]any, v any, path ...string) map[string]any {
	if err := unstructured.SetNestedField(o, v, path...); err != nil {
		panic(err)
	}
	return o
}

func TestFieldSelectors(t *testing.T) {
	s := New(WithResources(widget))
	s.Put(t, kind.Pod, set(set(Named("a"), "n1", "spec", "nodeName"), true, "spec", "hostNetwork"))
	s.Put(t, kind.Pod, set(Named("b"), "Running", "status", "phase"))
	s.Put(t, kind.Secret, set(Named("s"), "Opaque", "type"))
	s.Put(t, kind.Job, set(Named("j"), int64(2), "status", "succeeded"))
	s.Put(t, widget, Named("w"))
	event := kind.Unstructured(schema.GroupVersionKind{Version: "v1", Kind: "Event"})
	s.Put(t, event, set(set(Named("e"), "Pod", "involvedObject", "kind"), "kubelet", "reportingComponent"))
	const core, jobs, widgets = "/api/v1/namespaces/default/", "/apis/batch/v1/jobs", "/apis/example.com/v1/widgets"
	for _, c := range []struct{ path, selector, want string }{
		{core + "pods", "spec.nodeName=n1", "a"},
		{core + "pods", "spec.host=n1", "a"},
		{core + "pods", "spec.nodeName=", "b"},
		{core + "pods", "spec.hostNetwork=false", "b"},
		{core + "pods", "status.phase!=Running", "a"},
		{core + "pods", "status.podIPs=", "a b"},
		{core + "secrets", "type=Opaque", "s"},
		{core + "events", "involvedObject.kind=Pod,source=kubelet", "e"},
		{jobs, "status.successful=2", "j"},
		{jobs, "status.successful=0", ""},
		{widgets, "metadata.name=w,metadata.namespace=default", "w"},
		{"/api/v1/namespaces", "status.phase=Active,metadata.name=default", "default"},
	} {
		if got := list(t, s, c.path+"?fieldSelector="+url.QueryEscape(c.selector)).names(); got != c.want {
			t.Errorf("%s by %s: %q, want %q", c.path, c.selector, got, c.want)
		}
	}
	for path, want := range map[string]string{
		core + "pods?fieldSelector=x%3Dy":       "field label not supported: x",
		widgets + "?fieldSelector=type%3Dy":     "field label not supported: type",
		core + "configmaps?fieldSelector=x%3Dy": `"x" is not a known field selector: only "metadata.name", "metadata.namespace"`,
	} {
		if st := refused(t, s, path); st.Code != 400 || st.Message != want {
			t.Errorf("%s: %+v", path, st)
		}
	}
}

// The writing half selects what it deletes with the same.
func TestMatcher(t *testing.T) {
	s := New()
	s.Put(t, kind.Pod, Named("a", "x", "1"))
	s.Put(t, kind.Pod, Named("b", "x", "2"))
	other := Named("c", "x", "1")
	set(other, "elsewhere", "metadata", "namespace")
	s.Put(t, kind.Pod, other)
	r := requestFor(t, s, podList+"?labelSelector=x%3D1")
	matches, refused := matcher(r)
	if refused != nil {
		t.Fatal(refused)
	}
	var got string
	for _, o := range s.store.collections[schema.GroupResource{Resource: "pods"}].sorted("") {
		if matches(o) {
			got += o.GetName()
		}
	}
	if got != "a" {
		t.Error(got)
	}
	if _, refused = matcher(requestFor(t, s, podList+"?fieldSelector=x%3D1")); refused == nil {
		t.Error("a field that is not selectable was not refused")
	}
}
