package fake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho/pkg/kind"
)

var (
	gizmo = kind.Unstructured(schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Gizmo"})

	cmaps  = "/api/v1/namespaces/default/configmaps"
	gizmos = "/apis/example.com/v1/namespaces/default/gizmos"
	spaces = "/api/v1/namespaces"
	deploy = "/apis/apps/v1/namespaces/default/deployments"
)

// script sends requests to a server's half that writes, with no HTTP between.
type script struct {
	*testing.T
	s *Server
}

func newScript(t *testing.T) script {
	return script{t, New(WithResources(gizmo))}
}

// got is an answer.
type got struct {
	script
	code   int
	is     *object
	status *metav1.Status
}

// send takes pairs of a header's name and value behind the body.
func (c script) send(method, path, body string, headers ...string) got {
	c.Helper()
	r := httptest.NewRequestWithContext(c.Context(), method, path, http.NoBody)
	r.Header.Set("User-Agent", "tester/v1 (unix)")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	q, ok := c.s.find(r)
	if !ok {
		c.Fatalf("%s is not served", path)
	}
	code, is, status := c.s.write(q, []byte(body))
	return got{c, code, is, status}
}

func (c script) post(path, body string) got { c.Helper(); return c.send("POST", path, body) }
func (c script) put(path, body string) got  { c.Helper(); return c.send("PUT", path, body) }
func (c script) del(path string) got        { c.Helper(); return c.send("DELETE", path, "") }
func (c script) merge(path, body string) got {
	c.Helper()
	return c.send("PATCH", path, body, "Content-Type", "application/merge-patch+json")
}

// ok wants the code, and an object.
func (g got) ok(code int) got {
	g.Helper()
	if g.code != code || g.is == nil {
		g.Fatalf("answered %d, %+v, want an object under %d", g.code, g.status, code)
	}
	return g
}

// refused wants the code and a message that holds the words.
func (g got) refused(code int, words string) got {
	g.Helper()
	if g.code != code || g.status == nil || !strings.Contains(g.status.Message, words) {
		g.Fatalf("answered %d, %+v, %v, want %d: %s", g.code, g.status, g.is, code, words)
	}
	return g
}

// gone wants the answer for a deletion that is done.
func (g got) gone() {
	g.Helper()
	if g.code != 200 || g.status == nil || g.status.Status != metav1.StatusSuccess {
		g.Fatalf("answered %d, %+v, %v, want a Status of success", g.code, g.status, g.is)
	}
}

// has wants a field, by its path with slashes, to be what fmt prints so; <nil> if it is not there.
func (g got) has(path, want string) got {
	g.Helper()
	v, _, err := unstructured.NestedFieldNoCopy(g.is.Object, strings.Split(path, "/")...)
	if err != nil || fmt.Sprint(v) != want {
		g.Fatalf("%s is %v (%v), want %s", path, v, err, want)
	}
	return g
}

// rv is the object's resourceVersion, and edit its JSON with one text put for another.
func (g got) rv() string { return g.is.GetResourceVersion() }

func (g got) edit(old, with string) string {
	g.Helper()
	raw, err := json.Marshal(g.is.Object)
	if err != nil || !strings.Contains(string(raw), old) {
		g.Fatalf("%s is not in %s (%v)", old, raw, err)
	}
	return strings.Replace(string(raw), old, with, 1)
}

// changes is what was done to the collection that a path names, one letter each: added, modified, deleted.
func (c script) changes(path string) string {
	c.Helper()
	q, ok := c.s.find(httptest.NewRequestWithContext(c.Context(), "GET", path, http.NoBody))
	if !ok {
		c.Fatalf("%s is not served", path)
	}
	var b strings.Builder
	last := uint64(0)
	for _, ch := range q.collection.log {
		switch {
		case ch.rv <= last:
			c.Fatalf("a change at %d comes after one at %d", ch.rv, last)
		case ch.is == nil:
			b.WriteByte('D')
		case ch.is.rv != ch.rv || ch.is.GetResourceVersion() != fmt.Sprint(ch.rv):
			c.Fatalf("the state of change %d says %s", ch.rv, ch.is.GetResourceVersion())
		case ch.was == nil:
			b.WriteByte('A')
		default:
			b.WriteByte('M')
		}
		last = ch.rv
	}
	return b.String()
}

func (c script) history(path, want string) {
	c.Helper()
	if is := c.changes(path); is != want {
		c.Fatalf("the history of %s is %s, want %s", path, is, want)
	}
}

func configMap(name, rest string) string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":%q}%s}`, name, rest)
}

func gizmoNamed(name, meta, rest string) string {
	return fmt.Sprintf(`{"apiVersion":"example.com/v1","kind":"Gizmo","metadata":{"name":%q%s}%s}`, name, meta, rest)
}

func TestMethodsThatAPathDoesNotHave(t *testing.T) {
	c := newScript(t)
	for _, r := range []struct{ method, path string }{
		{"POST", cmaps + "/a"},           // an object is created in its collection
		{"PUT", cmaps},                   // and changed by its name
		{"PATCH", cmaps},                 //
		{"POST", "/api/v1/configmaps"},   // over all namespaces there is only reading
		{"DELETE", "/api/v1/configmaps"}, //
		{"DELETE", spaces},               // namespaces go one by one
		{"DELETE", deploy + "/a/status"}, //
	} {
		if g := c.send(r.method, r.path, "{}"); g.code != 405 {
			t.Errorf("%s %s is answered %d, want 405", r.method, r.path, g.code)
		}
	}
}

func TestClientName(t *testing.T) {
	for agent, want := range map[string]string{
		"kubectl/v1.37.1 (linux/amd64)": "kubectl",
		"my\x00manager":                 "mymanager",
		strings.Repeat("é", 100):        strings.Repeat("é", 64),
		"":                              "",
	} {
		if name := clientName(agent); name != want {
			t.Errorf("the name of %q is %q, want %q", agent, name, want)
		}
	}
}
