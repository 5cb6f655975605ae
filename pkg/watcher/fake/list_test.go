package fake

import (
	"net/url"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/kind"
)

const podList = "/api/v1/namespaces/default/pods"

func withPods(t *testing.T, names ...string) *Server {
	t.Helper()
	s := New(WithResources(widget))
	for _, name := range names {
		s.Put(t, kind.Pod, Named(name, "name", name))
	}
	return s
}

func TestPages(t *testing.T) {
	s := withPods(t, "e", "d", "c", "b", "a")
	first := list(t, s, podList+"?limit=2")
	if first.names() != "a b" || first.Metadata.RemainingItemCount == nil || *first.Metadata.RemainingItemCount != 3 {
		t.Errorf("%+v", first)
	}
	s.Put(t, kind.Pod, Named("bb")) // 16: the pages are of one state
	s.Remove(t, kind.Pod, "default", "d")
	second := list(t, s, podList+"?limit=2&continue="+first.Metadata.Continue)
	if second.names() != "c d" || second.Metadata.ResourceVersion != first.Metadata.ResourceVersion {
		t.Errorf("%+v", second)
	}
	third := list(t, s, podList+"?limit=2&continue="+second.Metadata.Continue)
	if third.names() != "e" || third.Metadata.Continue != "" || third.Metadata.RemainingItemCount != nil {
		t.Errorf("%+v", third)
	}

	s.Compact() // 10
	st := refused(t, s, podList+"?limit=2&continue="+first.Metadata.Continue)
	if st.Code != 410 || st.Reason != metav1.StatusReasonExpired || st.Continue == "" {
		t.Fatalf("%+v", st)
	}
	if l := list(t, s, podList+"?continue="+st.Continue); l.names() != "bb c e" {
		t.Errorf("%+v", l)
	}
}

func TestPagesOfASelection(t *testing.T) {
	s := withPods(t, "a", "b", "c", "d")
	l := list(t, s, podList+"?limit=1&labelSelector="+url.QueryEscape("name in (b,d)"))
	if l.names() != "b" || l.Metadata.Continue == "" || l.Metadata.RemainingItemCount != nil {
		t.Errorf("%+v", l)
	}
	l = list(t, s, podList+"?limit=1&labelSelector="+url.QueryEscape("name in (b,d)")+"&continue="+l.Metadata.Continue)
	if l.names() != "d" || l.Metadata.Continue != "" {
		t.Errorf("%+v", l)
	}
}

// Keys are ordered as etcd has them: a slash stands behind a hyphen.
func TestOrderOfNamespaces(t *testing.T) {
	s := New()
	for _, namespace := range []string{"a", "a-b"} {
		o := Named("in-" + namespace)
		o["metadata"].(map[string]any)["namespace"] = namespace
		s.Put(t, kind.Pod, o)
	}
	l := list(t, s, "/api/v1/pods?limit=1")
	if l.names() != "in-a-b" {
		t.Errorf("%+v", l)
	}
	if l = list(t, s, "/api/v1/pods?continue="+l.Metadata.Continue); l.names() != "in-a" {
		t.Errorf("%+v", l)
	}
}

func TestListVersions(t *testing.T) {
	s := New()
	a := s.Put(t, kind.Pod, Named("a"))
	b := s.Put(t, kind.Pod, Named("b"))
	for query, want := range map[string]string{
		"":                           "a b@" + b,
		"?resourceVersion=0":         "a b@" + b,
		"?resourceVersion=" + a:      "a b@" + b,
		"?limit=1":                   "a@" + b,
		"?resourceVersion=0&limit=1": "a b@" + b, // 12
		"?resourceVersion=0&limit=1&resourceVersionMatch=NotOlderThan":   "a b@" + b,
		"?resourceVersion=" + a + "&resourceVersionMatch=NotOlderThan":   "a b@" + b,
		"?resourceVersion=" + a + "&resourceVersionMatch=Exact":          "a@" + a,
		"?resourceVersion=" + a + "&limit=5":                             "a@" + a,
		"?fieldSelector=metadata.name%3Db":                               "b@" + b,
		"?fieldSelector=metadata.name%21%3Db,metadata.namespace=default": "a@" + b,
	} {
		if l := list(t, s, podList+query); l.names()+"@"+l.Metadata.ResourceVersion != want {
			t.Errorf("%s: %s@%s, want %s", query, l.names(), l.Metadata.ResourceVersion, want)
		}
	}
	s.Compact()
	for query, want := range map[string]metaStatus{
		"?resourceVersion=" + a + "&resourceVersionMatch=Exact":             {410, "Expired"}, // 17
		"?resourceVersion=99999":                                            {504, "Timeout"},
		"?resourceVersion=99999&resourceVersionMatch=NotOlderThan":          {504, "Timeout"},
		"?resourceVersion=99999&resourceVersionMatch=Exact":                 {504, "Timeout"},
		"?resourceVersion=x":                                                {400, "BadRequest"},
		"?continue=rubbish":                                                 {400, "BadRequest"},
		"?continue=" + token{RV: 5}.encode():                                {400, "BadRequest"},
		"?continue=" + token{Start: "a"}.encode():                           {400, "BadRequest"},
		"?resourceVersion=5&continue=" + token{RV: 5, Start: "/a"}.encode(): {400, "BadRequest"}, // 11
		"?resourceVersionMatch=Exact":                                       {422, "Invalid"},
		"?resourceVersion=0&resourceVersionMatch=Exact":                     {422, "Invalid"},
		"?sendInitialEvents=true":                                           {422, "Invalid"},
		"?limit=x":                                                          {400, "BadRequest"},
		"?labelSelector=%3D%3D":                                             {400, "BadRequest"},
		"?fieldSelector=spec.nothing%3Dx":                                   {400, "BadRequest"},
		"/a?resourceVersion=99999":                                          {504, "Timeout"},
		"/a?resourceVersion=x":                                              {500, ""},
		"/nothing":                                                          {404, "NotFound"},
	} {
		if st := refused(t, s, podList+query); (metaStatus{int(st.Code), string(st.Reason)}) != want {
			t.Errorf("%s: %+v", query, st)
		}
	}
}

func TestTooLargeSaysWhenToComeAgain(t *testing.T) {
	resp, body := read(t, New(), podList+"?resourceVersion=99999")
	st := refused(t, New(), podList+"?resourceVersion=99999")
	if resp.Header.Get("Retry-After") != "1" || st.Details.RetryAfterSeconds != 1 || st.Details.Causes[0].Type != metav1.CauseTypeResourceVersionTooLarge {
		t.Errorf("%v %s", resp.Header, body)
	}
}

// 9: items of built-in kinds do not say what they are.
func TestItemsKinds(t *testing.T) {
	s := withPods(t, "a")
	s.Put(t, widget, Named("a"))
	if l := list(t, s, podList); l.Kind != "PodList" || l.Items[0]["kind"] != nil || l.Items[0]["apiVersion"] != nil {
		t.Errorf("%+v", l)
	}
	if l := list(t, s, "/apis/example.com/v1/widgets"); l.Kind != "WidgetList" || l.Items[0]["kind"] != "Widget" {
		t.Errorf("%+v", l)
	}
	if _, body := read(t, s, podList+"/a"); !strings.HasPrefix(string(body), `{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a",`) ||
		!strings.Contains(string(body), `"status":{}`) {
		t.Errorf("not as the Go type writes it: %s", body)
	}
	if l := list(t, s, "/api/v1/secrets"); l.Items == nil {
		t.Error("an empty list is null")
	}
}
