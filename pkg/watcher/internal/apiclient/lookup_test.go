package apiclient

import (
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

func metadataPB(t *testing.T, m *metav1.PartialObjectMetadata) string {
	t.Helper()
	raw, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	out, err := (&runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "PartialObjectMetadata"}, Raw: raw}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return "k8s\x00" + string(out)
}

const webApp = `{"kind":"PartialObjectMetadata","metadata":{"name":"shop","namespace":"demo","uid":"u","resourceVersion":"5"}}`

func TestLookupFinds(t *testing.T) {
	object := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: "shop", Namespace: "demo", UID: "u", ResourceVersion: "5"}}
	for name, resp := range map[string]*http.Response{
		"JSON":     answer(200, "application/json", webApp),
		"CBOR":     answer(200, "application/cbor", asCBOR(t, webApp)),
		"protobuf": answer(200, "application/vnd.kubernetes.protobuf", metadataPB(t, object)),
	} {
		const path = "/apis/example.com/v1/namespaces/demo/webapps/shop"
		s, a := ask(t, "http://server", map[string]*http.Response{path: resp})
		got, found, err := s.Lookup(t.Context(), webAppResource, "demo", "shop")
		if want := (wire.Meta{Name: "shop", Namespace: "demo", UID: "u", ResourceVersion: "5"}); err != nil || !found || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v, %v", name, got, found, err)
		}
		accept := a.last().Header.Get("Accept")
		if !strings.HasPrefix(accept, "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json;as=") {
			t.Errorf("accepts %s", accept)
		}
		if uri := a.last().URL.RequestURI(); uri != path {
			t.Errorf("asked %s", uri)
		}
	}
}

func TestReadGivesTheWholeObject(t *testing.T) {
	const object = `{"apiVersion":"example.com/v1","kind":"WebApp","metadata":{"name":"shop","namespace":"demo","uid":"u","resourceVersion":"5"},"spec":{"size":3}}`
	const path = "/apis/example.com/v1/namespaces/demo/webapps/shop"
	s, a := ask(t, "http://server", map[string]*http.Response{path: answer(200, "application/json", object)})
	f, found, err := s.Read(t.Context(), webAppResource, "demo", "shop", wire.ReaderOptions{})
	if err != nil || !found || string(f.Raw) != object || f.Encoding != kind.JSON || f.Meta.UID != "u" {
		t.Errorf("%+v, %v, %v", f, found, err)
	}
	if accept := a.last().Header.Get("Accept"); strings.Contains(accept, "PartialObjectMetadata") {
		t.Errorf("accepts %s", accept)
	}
}

// What is read can be CBOR only where it may be asked for; it is what the answer says that it is.
func TestReadOfCBOR(t *testing.T) {
	const object = `{"apiVersion":"example.com/v1","kind":"WebApp","metadata":{"name":"shop","namespace":"demo","uid":"u","resourceVersion":"5"},"spec":{"size":3}}`
	const path = "/apis/example.com/v1/namespaces/demo/webapps/shop"
	for _, c := range []struct {
		opts                 []ServerOption
		contentType, body    string
		wantAccept, wantRead string
	}{
		{nil, "application/json", object, "application/json", "JSON"},
		{[]ServerOption{WithCBOR()}, "application/cbor", asCBOR(t, object), "application/cbor,application/json", "CBOR"},
		{[]ServerOption{WithCBOR()}, "application/json", object, "application/cbor,application/json", "JSON"},
	} {
		s, a := ask(t, "http://server", map[string]*http.Response{path: answer(200, c.contentType, c.body)}, c.opts...)
		f, found, err := s.Read(t.Context(), webAppResource, "demo", "shop", wire.ReaderOptions{})
		if err != nil || !found || string(f.Raw) != c.body || f.Encoding.String() != c.wantRead || f.Meta.UID != "u" {
			t.Errorf("%s: %+v, %v, %v", c.contentType, f, found, err)
		}
		if accept := a.last().Header.Get("Accept"); accept != c.wantAccept {
			t.Errorf("accepts %s, want %s", accept, c.wantAccept)
		}
	}
}

func TestLookupOfClusterScoped(t *testing.T) {
	nodes := kind.Resource{Version: "v1", Kind: "Node", Plural: "nodes", Protobuf: true}
	s, _ := ask(t, "http://server", map[string]*http.Response{"/api/v1/nodes/n": answer(200, "application/json", `{"metadata":{"name":"n","uid":"u"}}`)})
	if got, found, err := s.Lookup(t.Context(), nodes, "", "n"); err != nil || !found || got.UID != "u" {
		t.Errorf("%+v, %v, %v", got, found, err)
	}
}

func TestLookupFindsNothing(t *testing.T) {
	const path = "/apis/example.com/v1/namespaces/demo/webapps/shop"
	refusal := func(code int, reason metav1.StatusReason, details string) *http.Response {
		return answer(code, "application/json", `{"kind":"Status","status":"Failure","reason":"`+string(reason)+`","code":`+strconv.Itoa(code)+`,"details":`+details+`}`)
	}
	for _, c := range []struct {
		name   string
		resp   *http.Response
		absent bool
		is     func(error) bool
	}{
		{"no such object", refusal(404, "NotFound", `{"name":"shop","kind":"webapps"}`), true, nil},
		{"something else is not there", refusal(404, "NotFound", `{"name":"demo","kind":"namespaces"}`), false, apierrors.IsNotFound},
		{"not about an object", refusal(404, "NotFound", `{}`), false, apierrors.IsNotFound},
		{"not served", answer(404, "text/plain", "404 page not found"), false, func(err error) bool { return strings.Contains(err.Error(), "page not found") }},
		{"forbidden", refusal(403, "Forbidden", `{"name":"shop"}`), false, apierrors.IsForbidden},
		{"unavailable", refusal(503, "ServiceUnavailable", `{}`), false, apierrors.IsServiceUnavailable},
		{"no answer", nil, false, func(err error) bool { return strings.Contains(err.Error(), "refused") }},
		{"another object", answer(200, "application/json", `{"metadata":{"name":"other","namespace":"demo"}}`), false, func(err error) bool { return strings.Contains(err.Error(), "demo/other") }},
		{"rubbish", answer(200, "application/json", `{"metadata":`), false, func(err error) bool { return strings.Contains(err.Error(), path) }},
		{"rubbish called protobuf", answer(200, "application/vnd.kubernetes.protobuf", `{}`), false, func(err error) bool { return strings.Contains(err.Error(), "does not begin") }},
	} {
		s, _ := ask(t, "http://server", map[string]*http.Response{path: c.resp})
		got, found, err := s.Lookup(t.Context(), webAppResource, "demo", "shop")
		if found || !reflect.DeepEqual(got, wire.Meta{}) || (err == nil) != c.absent || err != nil && !c.is(err) {
			t.Errorf("%s: %+v, %v, %v", c.name, got, found, err)
		}
	}
}

// A server that accepts the request and says nothing does not hold the caller for ever.
func TestLookupGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := ask(t, "http://server", nil)
		s.client.Transport = silent{}
		start := time.Now()
		if _, _, err := s.Lookup(t.Context(), webAppResource, "demo", "shop"); err == nil {
			t.Error("an answer out of nothing")
		}
		if waited := time.Since(start); waited != requestTimeout {
			t.Errorf("it waited %v", waited)
		}
	})
}

// silent never answers.
type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestLookupOfSomethingLarge(t *testing.T) {
	resp := answer(200, "application/json", "")
	resp.Body = readCloser{}
	s, _ := ask(t, "http://server", map[string]*http.Response{"/api/v1/namespaces/a/pods/p": resp})
	if _, _, err := s.Lookup(t.Context(), podResource, "a", "p"); err == nil || !strings.Contains(err.Error(), "larger than the limit") {
		t.Errorf("%v", err)
	}
}

type readCloser struct{ endlessText }

func (readCloser) Close() error { return nil }
