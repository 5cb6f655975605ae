package apiclient

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"

	"k8s.io/client-go/rest"
)

// A request over a fresh connection leaves the one that is in use alone, and later requests go on using that. A gateway may speak
// HTTP/2 alone, and the configuration may bring its own transport.
func TestFreshConnections(t *testing.T) {
	for name, protocols := range map[string][]string{
		"HTTP/1.1": {"http/1.1"}, "both": {"h2", "http/1.1"}, "HTTP/2": {"h2"},
	} {
		for _, users := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, transport of the user's %v", name, users), func(t *testing.T) {
				testFreshConnections(t, protocols, users)
			})
		}
	}
}

func testFreshConnections(t *testing.T, protocols []string, users bool) {
	t.Helper()
	var opened atomic.Int32
	api := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Peer", r.RemoteAddr)
		w.Header().Set("X-Protocol", r.Proto)
	}))
	api.EnableHTTP2 = slices.Contains(protocols, "h2")
	api.TLS = &tls.Config{NextProtos: protocols, MinVersion: tls.VersionTLS13}
	api.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	api.StartTLS()
	t.Cleanup(api.Close)
	cfg := &rest.Config{Host: api.URL, BearerToken: "token"}
	if users {
		own := api.Client().Transport.(*http.Transport).Clone()
		own.ForceAttemptHTTP2 = true
		cfg.Transport = own
	} else {
		cfg.TLSClientConfig.CAData = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: api.Certificate().Raw})
	}
	s, err := NewServer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer s.CloseIdleConnections()
	proto := "HTTP/1.1"
	if api.EnableHTTP2 {
		proto = "HTTP/2.0"
	}
	ask := func(ctx context.Context) string {
		t.Helper()
		_, resp, err := s.document(ctx, "/api", acceptJSON)
		if err != nil {
			t.Fatal(err)
		}
		if got := resp.Header.Get("X-Protocol"); got != proto {
			t.Errorf("asked over %s, want %s", got, proto)
		}
		return resp.Header.Get("X-Peer")
	}
	usual := ask(t.Context())
	seen := map[string]bool{usual: true}
	for range 3 {
		peer := ask(OverFresh(t.Context()))
		if seen[peer] {
			t.Error("a fresh request came over a connection that had been used")
		}
		seen[peer] = true
	}
	if again := ask(t.Context()); again != usual {
		t.Error("the usual connection was given up")
	}
	if n := opened.Load(); n != 4 {
		t.Errorf("%d connections were opened, want 4", n)
	}
}
