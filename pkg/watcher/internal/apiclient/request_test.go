package apiclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/firsts"
)

// answers is a transport that answers each path, with or without a query, from a table, else with a 404 in plain text as the API server
// does, and remembers what was asked.
type answers struct {
	mu    sync.Mutex
	table map[string]*http.Response
	asked []*http.Request
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, r)
	resp, ok := a.table[r.URL.RequestURI()]
	if !ok {
		resp, ok = a.table[r.URL.Path]
	}
	if ok {
		if resp == nil {
			return nil, errors.New("connection refused")
		}
		return resp, nil
	}
	return answer(404, "text/plain; charset=utf-8", "404 page not found\n"), nil
}

func (a *answers) last() *http.Request { return a.asked[len(a.asked)-1] }

func answer(code int, contentType, body string, headers ...string) *http.Response {
	h := http.Header{"Content-Type": {contentType}}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Add(headers[i], headers[i+1])
	}
	return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

// ask makes a server at this base that answers from a table.
func ask(t *testing.T, base string, table map[string]*http.Response, opts ...ServerOption) (*Server, *answers) {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	a := &answers{table: table}
	return NewServerForClient(u, &http.Client{Transport: a}, opts...), a
}

func TestWatchRequest(t *testing.T) {
	for _, c := range []struct {
		name   string
		target Target
		params WatchParams
		want   string
	}{
		{"from now", Target{Resource: podResource}, WatchParams{}, "/api/v1/pods?allowWatchBookmarks=true&watch=true"},
		{
			"with initial events", Target{Resource: podResource, Namespace: "a"}, WatchParams{Initial: true, Timeout: 301*time.Second + 999*time.Millisecond},
			"/api/v1/namespaces/a/pods?allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&sendInitialEvents=true&timeoutSeconds=301&watch=true",
		},
		{
			"from a version", Target{Resource: webAppResource, Labels: "k=v,!x", Fields: "metadata.name=n"}, WatchParams{RV: "123", Timeout: time.Minute},
			"/apis/example.com/v1/webapps?allowWatchBookmarks=true&fieldSelector=metadata.name%3Dn&labelSelector=k%3Dv%2C!x&resourceVersion=123&timeoutSeconds=60&watch=true",
		},
		{"no whole second", Target{Resource: podResource}, WatchParams{Timeout: time.Millisecond}, "/api/v1/pods?allowWatchBookmarks=true&watch=true"},
	} {
		s, a := ask(t, "http://server", nil)
		resp, err := s.Watch(t.Context(), c.target, c.params)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Close()
		if got := a.last().URL.RequestURI(); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestListRequest(t *testing.T) {
	for _, c := range []struct {
		name   string
		params ListParams
		want   string
	}{
		{"all", ListParams{}, ""},
		{"a page", ListParams{Limit: 500}, "?limit=500"},
		{"a version", ListParams{RV: "5", Match: "NotOlderThan", Limit: 500}, "?limit=500&resourceVersion=5&resourceVersionMatch=NotOlderThan"},
		{"a match without version", ListParams{Match: "Exact"}, ""},
		{"another page: no version", ListParams{RV: "5", Match: "NotOlderThan", Limit: 500, Continue: "a b"}, "?continue=a+b&limit=500"},
	} {
		s, a := ask(t, "http://server", nil)
		resp, err := s.List(t.Context(), Target{Resource: podResource}, c.params)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Close()
		if got := a.last().URL.RequestURI(); got != "/api/v1/pods"+c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestRequestKeepsTheServersPath(t *testing.T) {
	for base, want := range map[string]string{
		"http://localhost:8001":                        "http://localhost:8001/api/v1/pods",
		"http://localhost:8001/":                       "http://localhost:8001/api/v1/pods",
		"https://rancher/k8s/clusters/c-1/":            "https://rancher/k8s/clusters/c-1/api/v1/pods",
		"https://proxy/a%2Fb?ignored=1#and-this":       "https://proxy/a%2Fb/api/v1/pods",
		"https://user:secret@[2001:db8::1]:6443/x//y/": "https://user:secret@[2001:db8::1]:6443/x//y/api/v1/pods",
	} {
		s, a := ask(t, base, nil)
		resp, err := s.List(t.Context(), Target{Resource: podResource}, ListParams{})
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Close()
		if got := a.last().URL.String(); got != want {
			t.Errorf("%s: asked %s, want %s", base, got, want)
		}
	}
}

func TestAcceptAndTheNextMediaType(t *testing.T) {
	const pbType, jsonType, cborType = "application/vnd.kubernetes.protobuf", "application/json", "application/cbor"
	cbor := []ServerOption{WithCBOR()}
	const as, asList = ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1", ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
	metadataOfJSON := webAppMetadata
	metadataOfJSON.Protobuf = false
	for name, c := range map[string]struct {
		resource    kind.Resource
		watch, list []string
		opts        []ServerOption
	}{
		"built-in":         {podResource, []string{pbType + "," + jsonType, jsonType}, []string{pbType + "," + jsonType, jsonType}, nil},
		"custom":           {webAppResource, []string{jsonType}, []string{jsonType}, nil},
		"metadata":         {webAppMetadata, []string{pbType + as + "," + jsonType + as, jsonType + as, jsonType}, []string{pbType + asList + "," + jsonType + asList, jsonType + asList, jsonType}, nil},
		"metadata as JSON": {metadataOfJSON, []string{jsonType + as, jsonType}, []string{jsonType + asList, jsonType}, nil},

		"built-in, CBOR allowed": {podResource, []string{pbType + "," + jsonType, jsonType}, []string{pbType + "," + jsonType, jsonType}, cbor},
		"custom, CBOR allowed":   {webAppResource, []string{cborType + "," + jsonType, jsonType}, []string{cborType + "," + jsonType, jsonType}, cbor},
		"metadata, CBOR allowed": {webAppMetadata, []string{pbType + as + "," + jsonType + as, jsonType + as, jsonType}, []string{pbType + asList + "," + jsonType + asList, jsonType + asList, jsonType}, cbor},
		"metadata without protobuf, CBOR allowed": {
			metadataOfJSON, []string{cborType + as + "," + jsonType + as, jsonType + as, jsonType},
			[]string{cborType + asList + "," + jsonType + asList, jsonType + asList, jsonType}, cbor,
		},
	} {
		s, a := ask(t, "http://server", nil, c.opts...)
		target := Target{Resource: c.resource}
		for i := range c.watch {
			watch, err := s.Watch(t.Context(), target, WatchParams{})
			if err != nil {
				t.Fatal(err)
			}
			if got := a.last().Header.Get("Accept"); got != c.watch[i] {
				t.Errorf("%s: watch %d accepts %s, want %s", name, i, got, c.watch[i])
			}
			list, err := s.List(t.Context(), target, ListParams{})
			if err != nil {
				t.Fatal(err)
			}
			if got := a.last().Header.Get("Accept"); got != c.list[i] {
				t.Errorf("%s: list %d accepts %s, want %s", name, i, got, c.list[i])
			}
			left := i+1 < len(c.watch)
			// Two streams that were refused the same must not use up two forms.
			for range 2 {
				if got := s.RefuseMedia(c.resource, watch.Media); got != left {
					t.Errorf("%s: after %d refusals a form is left: %v, want %v", name, i+1, got, left)
				}
			}
			if watch.Media != list.Media {
				t.Errorf("%s: watch and list differ in form", name)
			}
		}
		// All were refused: the best is asked for again, in case the server has changed.
		if _, err := s.Watch(t.Context(), target, WatchParams{}); err != nil || a.last().Header.Get("Accept") != c.watch[0] {
			t.Errorf("%s: at the end %q, %v", name, a.last().Header.Get("Accept"), err)
		}
		if got := s.media(deploymentResource); got != MediaPreferred {
			t.Errorf("%s: another resource's form is %v", name, got)
		}
	}
}

func TestRequestHeaders(t *testing.T) {
	s, a := ask(t, "http://server", nil)
	if _, err := s.List(t.Context(), Target{Resource: podResource}, ListParams{}); err != nil {
		t.Fatal(err)
	}
	if got := a.last().Header.Get("Accept-Encoding"); got != "gzip" {
		t.Errorf("compression %q is asked for", got)
	}
}

// Snapshots cross the wire compressed, changes do not.
func TestCompression(t *testing.T) {
	pods := Target{Resource: podResource}
	for _, c := range []struct {
		name                string
		options             []ServerOption
		list, initial, rest string
	}{
		{"by default", nil, "gzip", "gzip", "identity"},
		{"unless it is not wanted", []ServerOption{WithoutCompression()}, "identity", "identity", "identity"},
	} {
		s, a := ask(t, "http://server", nil, c.options...)
		check := func(what, want string, err error) {
			t.Helper()
			if got := a.last().Header.Get("Accept-Encoding"); got != want || err != nil {
				t.Errorf("%s, %s: %q is asked for, want %q; %v", c.name, what, got, want, err)
			}
		}
		_, err := s.List(t.Context(), pods, ListParams{})
		check("a list", c.list, err)
		_, err = s.Watch(t.Context(), pods, WatchParams{Initial: true})
		check("a snapshot", c.initial, err)
		_, err = s.Watch(t.Context(), pods, WatchParams{RV: "7"})
		check("a watch", c.rest, err)
	}
	s, err := NewServer(&rest.Config{Host: "http://server", DisableCompression: true})
	if err != nil || !s.plain {
		t.Errorf("the configuration's wish is not heard: %v", err)
	}
}

func TestNoAnswer(t *testing.T) {
	s, _ := ask(t, "http://server", map[string]*http.Response{"/api/v1/pods": nil})
	if resp, err := s.Watch(t.Context(), Target{Resource: podResource}, WatchParams{}); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("%v, %v", resp, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	u := &url.URL{Scheme: "http", Host: "server"}
	s = NewServerForClient(u, &http.Client{Transport: errTransport{}})
	if _, err := s.List(ctx, Target{Resource: podResource}, ListParams{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that of the context", err)
	}
}

// errTransport answers with the context's error.
type errTransport struct{}

func (errTransport) RoundTrip(r *http.Request) (*http.Response, error) { return nil, r.Context().Err() }

func TestWarningsAreHandedOnOnce(t *testing.T) {
	var got []string
	warned := func(code int, text string) string { return fmt.Sprintf(`%d - %q`, code, text) }
	resp := answer(200, "application/json", "{}",
		"Warning", warned(299, "old version"), "Warning", warned(299, "a, b")+", "+warned(299, "old version"),
		"Warning", warned(199, "not the API's"), "Warning", "299 malformed", "Warning", warned(299, ""))
	s, _ := ask(t, "http://server", map[string]*http.Response{"/api/v1/pods": resp}, WithWarnings(func(text string) { got = append(got, text) }))
	for range 3 {
		if _, err := s.Watch(t.Context(), Target{Resource: podResource}, WatchParams{}); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"old version", "a, b"}; !slices.Equal(got, want) {
		t.Errorf("warnings %q, want %q", got, want)
	}
	for i := range 2 * firsts.Max { // a server that puts a counter into its warnings
		s.warnings([]string{warned(299, fmt.Sprint("n", i))})
	}
	if len(got) != firsts.Max || s.warned.Len() != firsts.Max {
		t.Errorf("%d warnings were handed on, %d remembered", len(got), s.warned.Len())
	}
	s, _ = ask(t, "http://server", map[string]*http.Response{"/api/v1/pods": resp})
	if _, err := s.Watch(t.Context(), Target{Resource: podResource}, WatchParams{}); err != nil {
		t.Errorf("without anybody to warn: %v", err)
	}
}
