//go:build e2e

package e2e

import (
	"bytes"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"k8s.io/client-go/rest"
)

// gate stands before the API server, speaks TLS with a certificate of its own, and notes who was answered what. Who may do
// what, the API server decides by the token.
type gate struct {
	server *httptest.Server

	mu     sync.Mutex
	seen   []passed
	tokens map[string]bool
}

// passed is a request, and the status of its answer.
type passed struct {
	method, path, query string
	code                int
}

func newGate(t *testing.T, cfg *rest.Config) *gate {
	t.Helper()
	to, err := url.Parse(cfg.Host)
	must(t, err)
	anonymous := rest.AnonymousClientConfig(cfg)
	transport, err := rest.TransportFor(anonymous)
	must(t, err)
	g := &gate{tokens: map[string]bool{}}
	proxy := &httputil.ReverseProxy{
		Transport:     transport,
		FlushInterval: -1,
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(to) },
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
		ModifyResponse: func(r *http.Response) error {
			g.note(r.Request, r.StatusCode)
			g.mu.Lock()
			defer g.mu.Unlock()
			if r.StatusCode < http.StatusBadRequest {
				g.tokens[strings.TrimPrefix(r.Request.Header.Get("Authorization"), "Bearer ")] = true
			}
			return nil
		},
	}
	g.server = httptest.NewUnstartedServer(wholeBodies(proxy))
	g.server.EnableHTTP2 = true
	g.server.StartTLS()
	t.Cleanup(func() {
		g.server.CloseClientConnections()
		g.server.Close()
	})
	return g
}

// wholeBodies hands requests on when all of them is here. An answer may come before that, as a refusal does, and between two
// connections of HTTP/2 a ReverseProxy then waits for the end of a body that it does not read any more.
func wholeBodies(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client has gone
		}
		r.Body = http.NoBody
		if len(body) > 0 {
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		next.ServeHTTP(w, r)
	})
}

// note keeps a request and the status of its answer.
func (g *gate) note(r *http.Request, code int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen = append(g.seen, passed{r.Method, r.URL.Path, r.URL.RawQuery, code})
}

// ca is the certificate that clients have to trust.
func (g *gate) ca() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: g.server.Certificate().Raw})
}

// address is where it listens.
func (g *gate) address(t *testing.T) (host, port string) {
	t.Helper()
	u, err := url.Parse(g.server.URL)
	must(t, err)
	return u.Hostname(), u.Port()
}

// all returns what has passed so far.
func (g *gate) all() []passed {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.seen)
}

// refused returns the requests that were answered with 403.
func (g *gate) refused() (out []passed) {
	for _, p := range g.all() {
		if p.code == http.StatusForbidden {
			out = append(out, p)
		}
	}
	return out
}

// served says whether a request with this token was answered.
func (g *gate) served(token string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.tokens[token]
}

// verb is the request's, as an authorizer calls it.
func (p passed) verb() string {
	switch p.method {
	case http.MethodGet:
		switch {
		case strings.Contains(p.query, "watch=true"):
			return "watch"
		case p.named():
			return "get"
		}
		return "list"
	case http.MethodPost:
		return "create"
	case http.MethodPut:
		return "update"
	}
	return strings.ToLower(p.method)
}

// rest are the parts of the path behind group, version and namespace.
func (p passed) rest() []string {
	parts := strings.Split(strings.TrimPrefix(strings.TrimPrefix(p.path, "/api/"), "/apis/"), "/")
	if strings.HasPrefix(p.path, "/apis/") {
		parts = parts[1:]
	}
	if len(parts) < 2 {
		return []string{""} // discovery
	}
	if parts = parts[1:]; len(parts) > 2 && parts[0] == "namespaces" {
		parts = parts[2:]
	}
	return parts
}

func (p passed) named() bool { return len(p.rest()) > 1 }
