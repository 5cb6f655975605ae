package watcher

import (
	"context"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"k8s.io/client-go/rest"
)

// A request over a fresh connection leaves the one that is in use alone, and later requests go on using that.
func TestFreshConnections(t *testing.T) {
	for _, h2 := range []bool{true, false} {
		var opened atomic.Int32
		api := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Peer", r.RemoteAddr)
		}))
		api.EnableHTTP2 = h2
		api.Config.ConnState = func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				opened.Add(1)
			}
		}
		api.StartTLS()
		t.Cleanup(api.Close)
		ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: api.Certificate().Raw})
		s, err := NewServer(&rest.Config{Host: api.URL, BearerToken: "token", TLSClientConfig: rest.TLSClientConfig{CAData: ca}})
		if err != nil {
			t.Fatal(err)
		}
		ask := func(ctx context.Context) string {
			t.Helper()
			_, resp, err := s.document(ctx, "/api", acceptJSON)
			if err != nil {
				t.Fatal(err)
			}
			return resp.Header.Get("X-Peer")
		}
		usual := ask(t.Context())
		seen := map[string]bool{usual: true}
		for range 3 {
			peer := ask(overFresh(t.Context()))
			if seen[peer] {
				t.Errorf("HTTP/2 %v: a fresh request came over a connection that had been used", h2)
			}
			seen[peer] = true
		}
		if again := ask(t.Context()); again != usual {
			t.Errorf("HTTP/2 %v: the usual connection was given up", h2)
		}
		if n := opened.Load(); n != 4 {
			t.Errorf("HTTP/2 %v: %d connections were opened, want 4", h2, n)
		}
		s.CloseIdleConnections()
	}
}
