package apiclient

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

const (
	shopPath  = "/apis/example.com/v1/namespaces/demo/webapps/shop"
	shopPatch = `{"metadata":{"resourceVersion":"5","finalizers":["example.com/f"]}}`
	shop      = `{"apiVersion":"example.com/v1","kind":"WebApp","metadata":{"name":"shop","namespace":"demo","uid":"u","resourceVersion":"6",` +
		`"managedFields":[{"manager":"m"}]},"spec":{"size":3}}`
)

func TestPatch(t *testing.T) {
	s, a := ask(t, "http://server", map[string]*http.Response{shopPath: answer(200, "application/json", shop)})
	s.agent = "tester"
	f, err := s.Patch(t.Context(), webAppResource, "demo", "shop", []byte(shopPatch), wire.ReaderOptions{})
	if err != nil || string(f.Raw) != shop || f.Encoding != kind.JSON || f.Cut || f.Meta.ResourceVersion != "6" {
		t.Fatalf("%+v, %v", f, err)
	}
	r := a.last()
	if r.Method != http.MethodPatch || r.URL.RequestURI() != shopPath {
		t.Errorf("asked %s %s", r.Method, r.URL.RequestURI())
	}
	for header, want := range map[string]string{
		"Content-Type": "application/merge-patch+json", "Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "tester",
	} {
		if got := r.Header.Get(header); got != want {
			t.Errorf("%s is %q, want %q", header, got, want)
		}
	}
	body, err := r.GetBody() // what is sent again after a redirect or a connection that broke
	if err != nil {
		t.Fatal(err)
	}
	if sent, err := io.ReadAll(body); err != nil || string(sent) != shopPatch {
		t.Errorf("sent %s, %v", sent, err)
	}
}

func TestPatchCutsManagedFields(t *testing.T) {
	s, _ := ask(t, "http://server", map[string]*http.Response{shopPath: answer(200, "application/json", shop)})
	f, err := s.Patch(t.Context(), webAppResource, "demo", "shop", []byte(shopPatch), wire.ReaderOptions{CutManagedFields: true})
	if err != nil || !f.Cut || strings.Contains(string(f.Raw), "managedFields") || !strings.Contains(string(f.Raw), `"size":3`) {
		t.Errorf("%+v, %v", f, err)
	}
}

// The answer has the form in which a stream brings the object.
func TestPatchAnswers(t *testing.T) {
	object := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "a", UID: "u"}}
	metadata := podResource
	metadata.Metadata = true
	const path = "/api/v1/namespaces/a/pods/p"
	for _, c := range []struct {
		name        string
		resource    kind.Resource
		contentType string
		body        string
		accept      string
		encoding    kind.Encoding
	}{
		{"protobuf", podResource, "application/vnd.kubernetes.protobuf", metadataPB(t, object), "application/vnd.kubernetes.protobuf,application/json", kind.Protobuf},
		{"metadata", metadata, "application/json", `{"metadata":{"name":"p","namespace":"a","uid":"u"}}`, "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;", kind.JSON},
	} {
		s, a := ask(t, "http://server", map[string]*http.Response{path: answer(200, c.contentType, c.body)})
		f, err := s.Patch(t.Context(), c.resource, "a", "p", []byte("{}"), wire.ReaderOptions{})
		if err != nil || f.Encoding != c.encoding || f.Meta.UID != "u" || string(f.Raw) != c.body {
			t.Errorf("%s: %+v, %v", c.name, f, err)
		}
		if accept := a.last().Header.Get("Accept"); !strings.HasPrefix(accept, c.accept) {
			t.Errorf("%s: accepts %s", c.name, accept)
		}
	}
}

func TestPatchOfANameThatHasToBeEscaped(t *testing.T) {
	roles := kind.Resource{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "ClusterRole", Plural: "clusterroles"}
	const path = "/apis/rbac.authorization.k8s.io/v1/clusterroles/a%3Fb"
	s, a := ask(t, "http://server", map[string]*http.Response{path: answer(200, "application/json", `{"metadata":{"name":"a?b"}}`)})
	if _, err := s.Patch(t.Context(), roles, "", "a?b", []byte("{}"), wire.ReaderOptions{}); err != nil || a.last().URL.RequestURI() != path {
		t.Errorf("asked %s: %v", a.last().URL.RequestURI(), err)
	}
}

// provesNothing says that an error does not count as the absence of the object.
func provesNothing(err error) bool {
	_, status := errors.AsType[*apierrors.StatusError](err)
	return !status && !apierrors.IsNotFound(err) && strings.Contains(err.Error(), "may exist")
}

func TestPatchFails(t *testing.T) {
	refusal := func(code int, reason metav1.StatusReason) *http.Response {
		return answer(code, "application/json", `{"kind":"Status","status":"Failure","reason":"`+string(reason)+`","code":`+strconv.Itoa(code)+`}`)
	}
	says := func(text string) func(error) bool {
		return func(err error) bool { return strings.Contains(err.Error(), text) }
	}
	broken := answer(200, "application/json", "")
	broken.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"metadata":`), brokenOff{}))
	endless := answer(200, "application/json", "")
	endless.Body = readCloser{}
	for _, c := range []struct {
		name string
		resp *http.Response
		is   func(error) bool
	}{
		{"gone", answer(404, "application/json", `{"kind":"Status","status":"Failure","reason":"NotFound","details":{"name":"shop"},"code":404}`), apierrors.IsNotFound},
		{"another is gone", answer(404, "application/json", `{"kind":"Status","status":"Failure","reason":"NotFound","details":{"name":"x"},"code":404}`), provesNothing},
		{"a 404 that names no object", refusal(404, metav1.StatusReasonNotFound), provesNothing},
		{"a resource that is not served", answer(404, "text/plain", "404 page not found"), provesNothing},
		{"a proxy's 404", answer(404, "text/html", "<html>"), provesNothing},
		{"changed", refusal(409, metav1.StatusReasonConflict), apierrors.IsConflict},
		{"forbidden", refusal(403, metav1.StatusReasonForbidden), apierrors.IsForbidden},
		{"invalid", refusal(422, metav1.StatusReasonInvalid), apierrors.IsInvalid},
		{"no answer", nil, says("PATCH " + shopPath + ": ")},
		{"another object", answer(200, "application/json", `{"metadata":{"name":"other","namespace":"demo"}}`), says("demo/other")},
		{"rubbish", answer(200, "application/json", `{"metadata":`), says(shopPath)},
		{"broken off", broken, says("the answer to the patch of " + shopPath + " broke off")},
		{"endless", endless, says("larger than the limit")},
	} {
		s, _ := ask(t, "http://server", map[string]*http.Response{shopPath: c.resp})
		f, err := s.Patch(t.Context(), webAppResource, "demo", "shop", []byte(shopPatch), wire.ReaderOptions{})
		if f != nil || err == nil || !c.is(err) {
			t.Errorf("%s: %+v, %v", c.name, f, err)
		}
		if err != nil && strings.Contains(err.Error(), "finalizers") {
			t.Errorf("%s: the error tells what was sent: %v", c.name, err)
		}
	}
}

// brokenOff is the end of a connection amid an answer.
type brokenOff struct{}

func (brokenOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// A server that accepts the request and says nothing does not hold the caller for ever.
func TestPatchGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := ask(t, "http://server", nil)
		s.client.Transport = silent{}
		start := time.Now()
		if _, err := s.Patch(t.Context(), webAppResource, "demo", "shop", []byte("{}"), wire.ReaderOptions{}); err == nil {
			t.Error("an answer out of nothing")
		}
		if waited := time.Since(start); waited != requestTimeout {
			t.Errorf("it waited %v", waited)
		}
	})
}
