package fake

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// widget is a custom resource.
var widget = kind.Unstructured(schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Widget"})

// fetch makes a request, with headers as pairs, and gives the answer that has begun.
func fetch(t *testing.T, s *Server, path string, headers ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, inProcess+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := s.Config().Transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// read makes a request and gives the whole answer.
func read(t *testing.T, s *Server, path string, headers ...string) (*http.Response, []byte) {
	t.Helper()
	resp := fetch(t, s, path, headers...)
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

// listOf is a list as JSON.
type listOf struct {
	Kind     string           `json:"kind"`
	Metadata metav1.ListMeta  `json:"metadata"`
	Items    []map[string]any `json:"items"`
}

// list reads a list that has to be granted.
func list(t *testing.T, s *Server, path string) listOf {
	t.Helper()
	resp, body := read(t, s, path)
	var l listOf
	if err := json.Unmarshal(body, &l); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s", path, resp.StatusCode, body)
	}
	return l
}

// names are the names of the items.
func (l listOf) names() string {
	var out []string
	for _, i := range l.Items {
		out = append(out, i["metadata"].(map[string]any)["name"].(string))
	}
	return strings.Join(out, " ")
}

// refused reads a Status that has to be a refusal.
func refused(t *testing.T, s *Server, path string) metav1.Status {
	t.Helper()
	resp, body := read(t, s, path)
	var st metav1.Status
	if err := json.Unmarshal(body, &st); err != nil || st.Kind != "Status" || int(st.Code) != resp.StatusCode {
		t.Fatalf("%s: %d %s", path, resp.StatusCode, body)
	}
	return st
}

// watching is a watch that is being read.
type watching struct {
	t    *testing.T
	resp *http.Response
	in   *bufio.Reader
}

func watchOf(t *testing.T, s *Server, path string) *watching {
	t.Helper()
	resp := fetch(t, s, path)
	if resp.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(resp.Body)
		t.Fatalf("%s: %d %s", path, resp.StatusCode, b)
	}
	return &watching{t, resp, bufio.NewReader(resp.Body)}
}

// next is the next event, such as "ADDED a@5"; empty when the watch has ended cleanly.
func (w *watching) next() string {
	w.t.Helper()
	line, err := w.in.ReadBytes('\n')
	if err == io.EOF && len(line) == 0 {
		return ""
	}
	if err != nil {
		w.t.Fatal(err)
	}
	var e jsonEvent
	if err := json.Unmarshal(line, &e); err != nil {
		w.t.Fatal(err, string(line))
	}
	o := e.Object
	switch {
	case e.Type == "ERROR":
		return "ERROR " + fmt.Sprint(o.Object["reason"])
	case o.GetAnnotations()[metav1.InitialEventsAnnotationKey] == "true":
		return e.Type + " end@" + o.GetResourceVersion()
	}
	return e.Type + " " + o.GetName() + "@" + o.GetResourceVersion()
}

// expect reads as many events as are named; "" is the clean end.
func (w *watching) expect(events ...string) {
	w.t.Helper()
	for _, want := range events {
		if got := w.next(); got != want {
			w.t.Fatalf("got %q, want %q", got, want)
		}
	}
}
