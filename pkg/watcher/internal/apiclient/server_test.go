package apiclient

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

func TestNewServer(t *testing.T) {
	for _, c := range []struct{ host, want string }{
		{"https://10.0.0.1:6443", "https://10.0.0.1:6443"},
		{"http://localhost:8001/prefix/", "http://localhost:8001/prefix"},
		{"localhost:8080", "http://localhost:8080"},
	} {
		s, err := NewServer(&rest.Config{Host: c.host, Timeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if s.base != c.want {
			t.Errorf("%s: base %s, want %s", c.host, s.base, c.want)
		}
		if s.client.Timeout != 0 {
			t.Errorf("%s: a stream would be cut after %v", c.host, s.client.Timeout)
		}
	}
	for name, cfg := range map[string]*rest.Config{
		"none":                     nil,
		"not an address":           {Host: "https://a b"},
		"no such certificate file": {Host: "https://server", TLSClientConfig: rest.TLSClientConfig{CAFile: "/does/not/exist"}},
	} {
		if s, err := NewServer(cfg); err == nil || s != nil {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
}

func TestNewServerLeavesTheConfigurationAlone(t *testing.T) {
	cfg := &rest.Config{Host: "http://server", Timeout: time.Second, APIPath: "/apis", UserAgent: "mine"}
	if _, err := NewServer(cfg); err != nil || cfg.Timeout != time.Second || cfg.APIPath != "/apis" {
		t.Errorf("%+v, %v", cfg, err)
	}
}

// The configuration's credentials and user agent are on the requests.
func TestServerAuthenticates(t *testing.T) {
	var got []*http.Request
	api := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = append(got, r) }))
	defer api.Close()
	for _, agent := range []string{"mine/1.0", ""} {
		s, err := NewServer(&rest.Config{Host: api.URL + "/prefix", BearerToken: "token", UserAgent: agent})
		if err != nil {
			t.Fatal(err)
		}
		resp, err := s.List(t.Context(), Target{Resource: podResource}, ListParams{})
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Close()
		s.CloseIdleConnections()
	}
	for i, want := range []string{"mine/1.0", rest.DefaultKubernetesUserAgent()} {
		if r := got[i]; r.UserAgent() != want || r.Header.Get("Authorization") != "Bearer token" || r.URL.Path != "/prefix/api/v1/pods" {
			t.Errorf("request %d: %s %v", i, r.URL, r.Header)
		}
	}
}

func TestWatchListRefusedIsRemembered(t *testing.T) {
	other := kind.Resource{Group: "metrics.example.com", Version: "v1", Plural: "loads"}
	u, _ := ask(t, "http://server", nil)
	u.RefuseWatchList(other)
	if !u.WatchListRefused(other) || u.WatchListRefused(podResource) || u.WatchListRefused(webAppResource) {
		t.Error("a group of its own must not speak for the server")
	}
	u.RefuseWatchList(deploymentResource)
	for _, r := range []kind.Resource{podResource, deploymentResource, webAppResource, other} {
		if !u.WatchListRefused(r) {
			t.Errorf("%s: what the main server refuses must be remembered for all", r)
		}
	}
	fresh, _ := ask(t, "http://server", nil)
	if fresh.WatchListRefused(podResource) {
		t.Error("another server's refusal is remembered")
	}
}

// An HTTP/2 server takes a limited number of streams on a connection, by default 100 of this one: more watches
// than that must all be open at the same time.
func TestRule32ManyStreams(t *testing.T) {
	const watches = 130
	conns := map[string]int{}
	var mu sync.Mutex
	api := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		conns[r.RemoteAddr]++
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"1"}}}`)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	api.EnableHTTP2 = true
	api.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 100}
	api.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	api.StartTLS()
	defer api.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: api.Certificate().Raw})
	s, err := NewServer(&rest.Config{Host: api.URL, TLSClientConfig: rest.TLSClientConfig{CAData: ca}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.CloseIdleConnections()
	open := make(chan *Response, watches)
	failed := make(chan error, watches)
	for i := range watches {
		go func() {
			resp, err := s.Watch(t.Context(), Target{Resource: podResource, Namespace: fmt.Sprint("n", i)}, WatchParams{})
			if err != nil {
				failed <- err
				return
			}
			frames, err := resp.Frames(wire.ReaderOptions{})
			if err == nil {
				_, err = frames.Next()
			}
			if err != nil {
				failed <- err
				return
			}
			open <- resp
		}()
	}
	var all []*Response
	defer func() {
		for _, resp := range all {
			_ = resp.Close()
		}
	}()
	for range watches {
		select {
		case err := <-failed:
			t.Fatal(err)
		case resp := <-open: // hangs, were it to wait for another watch to end
			all = append(all, resp)
		}
	}
	if len(conns) < 2 {
		t.Errorf("%d watches on %d connections", watches, len(conns))
	}
	for addr, n := range conns {
		if n > 100 {
			t.Errorf("%d watches on the connection from %s", n, addr)
		}
	}
}

// Closing an answer frees a goroutine that is waiting for its next event, with HTTP/1 too.
func TestCloseFreesTheReader(t *testing.T) {
	started := make(chan struct{})
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", r.Header.Get("Accept-Encoding"))
		_ = http.NewResponseController(w).Flush()
		close(started)
		<-r.Context().Done()
	}))
	defer api.Close()
	for _, opt := range []ServerOption{func(*Server) {}, WithoutCompression()} {
		started = make(chan struct{})
		s, err := NewServer(&rest.Config{Host: api.URL}, opt)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := s.Watch(t.Context(), Target{Resource: podResource}, WatchParams{Initial: true})
		if err != nil {
			t.Fatal(err)
		}
		frames, err := resp.Frames(wire.ReaderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error)
		go func() {
			_, err := frames.Next()
			ended <- err
		}()
		<-started
		_ = resp.Close()
		if err := <-ended; err == nil {
			t.Error("an event out of nothing")
		}
		_ = resp.Close()
		s.CloseIdleConnections()
	}
}

// NewServer and NewServerForClient open no connection: nobody listens there.
func TestNewServerConnectsToNothing(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	s, err := NewServer(&rest.Config{Host: "http://" + addr})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.List(t.Context(), Target{Resource: podResource}, ListParams{}); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("%v", err)
	}
}
