package fake

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// FuzzToken reads continue parameters: what is taken is what the server would have given.
func FuzzToken(f *testing.F) {
	f.Add(token{RV: 7, Start: "a/b\x00"}.encode())
	f.Add(token{RV: latest, Start: "a"}.encode())
	for _, in := range []string{
		"", "e30", "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MCwic3RhcnQiOiJhIn0", "eyJ2IjoidjEiLCJydiI6MX0", "bnVsbA", "!", "e30=",
	} {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := decodeToken(text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "continue key is not valid: ") {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if got.Version != pagesForm || got.RV == 0 || got.Start == "" {
			t.Fatalf("%q was taken: %+v", text, got)
		}
		if again, err := decodeToken(got.encode()); err != nil || again != got {
			t.Fatalf("%+v becomes %+v, %v", got, again, err)
		}
	})
}

// fuzzed is a server with an object of a built-in kind, and one of a custom kind that is being deleted.
func fuzzed(tb testing.TB) *Server {
	tb.Helper()
	s := New(WithResources(gizmo))
	for _, c := range []struct{ method, path, body string }{
		{"POST", cmaps, configMap("a", `,"data":{"k":"v"}`)},
		{"POST", deploy, `{"metadata":{"name":"d","labels":{"l":"1"}},"spec":{"template":{"spec":{"containers":[{"name":"c","image":"i"}]}}}}`},
		{"POST", gizmos, gizmoNamed("g", `,"finalizers":["example.com/f"]`, `,"spec":{"l":[{"n":1}]}`)},
		{"DELETE", gizmos + "/g", ""},
	} {
		if code, body := answered(s, c.method, c.path, "", "", c.body); code >= 300 {
			tb.Fatalf("%s %s: %d %s", c.method, c.path, code, body)
		}
	}
	return s
}

// answered sends one request that is no watch.
func answered(s *Server, method, target, accept, contentType, body string) (code int, answer []byte) {
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return 0, nil
	}
	r := (&http.Request{
		Method: method, URL: u, RequestURI: target, Host: "fake", Header: http.Header{}, ProtoMajor: 1, ProtoMinor: 1,
		Body: http.NoBody, RemoteAddr: "192.0.2.1:1",
	})
	if body != "" {
		r.Body = readCloser{strings.NewReader(body)}
	}
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code, w.Body.Bytes()
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// FuzzRequest sends anything to the server. It answers, a refusal is a Status that says why, and all objects can be read
// afterwards.
func FuzzRequest(f *testing.F) {
	f.Add("GET", cmaps+"?limit=1&continue=x&labelSelector=a%3Db&fieldSelector=metadata.name%3Da", "application/json;as=Table;v=v1;g=meta.k8s.io,*/*;q=0.1", "", "")
	f.Add("GET", gizmos+"?resourceVersion=3&resourceVersionMatch=Exact", "application/vnd.kubernetes.protobuf", "", "")
	f.Add("GET", "/openapi/v3/api/v1?hash=x", "application/json", "", "")
	f.Add("GET", "/apis", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList", "", "")
	f.Add("POST", cmaps+"?fieldValidation=Strict&dryRun=All&fieldManager=m", "", "application/yaml", "metadata: {name: b}\ndata: {k: v}\n")
	f.Add("POST", gizmos, "", "", gizmoNamed("", `,"generateName":"x-","ownerReferences":[{}],"managedFields":[{}]`, `,"status":null`))
	f.Add("PUT", cmaps+"/a", "", "application/json", configMap("a", `,"data":{"k":null}`))
	f.Add("PUT", gizmos+"/g/status", "", "", gizmoNamed("g", `,"resourceVersion":"8"`, `,"status":{"a":[1]}`))
	f.Add("PATCH", cmaps+"/a", "", mergePatch, `{"metadata":{"labels":null,"annotations":{"a":7}}}`)
	f.Add("PATCH", cmaps+"/a", "", jsonPatch, `[{"op":"copy","from":"/data","path":"/metadata/labels"},{"op":"remove","path":"/metadata"}]`)
	f.Add("PATCH", deploy+"/d", "", strategic, `{"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"c"}],"containers":[{"$patch":"delete","name":"c"}]}}}}`)
	f.Add("PATCH", gizmos+"/g?fieldManager=m&force=true", "", "application/apply-patch+yaml", gizmoNamed("g", `,"finalizers":[]`, `,"spec":{"l":null}`))
	f.Add("PATCH", spaces+"/default/finalize", "", mergePatch, `{"spec":{"finalizers":[]}}`)
	f.Add("DELETE", cmaps+"?labelSelector=!a", "", "", `{"preconditions":{"uid":"x"}}`)
	f.Add("DELETE", spaces+"/default", "", "", `{"gracePeriodSeconds":-1,"propagationPolicy":"Orphan"}`)
	f.Fuzz(func(t *testing.T, method, target, accept, contentType, body string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Query().Has("watch") || strings.HasPrefix(u.Path, "/api/v1/watch") {
			return // a watch lasts, and there is a fuzzer for its parameters' effect in the list
		}
		s := fuzzed(t)
		code, answer := answered(s, method, target, accept, contentType, body)
		if code < 200 || code > 599 {
			t.Fatalf("the code is %d", code)
		}
		var status metav1.Status
		if code >= 400 && !bytes.HasPrefix(answer, []byte("k8s\x00")) && string(answer) != notServed &&
			(json.Unmarshal(answer, &status) != nil || status.Kind != "Status" || int(status.Code) != code || status.Message == "") {
			t.Fatalf("%d without a Status: %s", code, answer)
		}
		for _, path := range []string{"/api/v1/configmaps", "/apis/apps/v1/deployments", "/apis/example.com/v1/gizmos", "/api/v1/namespaces"} {
			for _, accept := range []string{runtime.ContentTypeJSON, "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"} {
				if code, answer := answered(s, "GET", path, accept, "", ""); code != http.StatusOK {
					t.Fatalf("afterwards %s cannot be read: %d %s", path, code, answer)
				}
			}
		}
	})
}
