package redirect_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/internal/redirect"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// elsewhere listens at another loopback address, and counts the requests that arrive.
func elsewhere(t *testing.T) (address string, requests *atomic.Int32) {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.2:0")
	if err != nil { // not every system has more than one
		l, err = lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	}
	if err != nil {
		t.Fatal(err)
	}
	requests = &atomic.Int32{}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		t.Errorf("the redirect was followed, Authorization %q", r.Header.Get("Authorization"))
	}))
	_ = srv.Listener.Close()
	srv.Listener = l
	srv.Start()
	t.Cleanup(srv.Close)
	return srv.URL, requests
}

// A client with a token follows no redirect, whatever its status; the error names both addresses, and nothing that is secret.
func TestNoRedirectIsFollowed(t *testing.T) {
	other, requests := elsewhere(t)
	for _, code := range []int{301, 302, 303, 307, 308} {
		for _, location := range []string{strings.Replace(other, "//", "//user:hidden@", 1) + "/stolen?token=hidden#hidden", "/stolen?x=hidden"} {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/stolen" {
					t.Error("a redirect on the same host was followed")
				}
				w.Header().Set("Location", location)
				w.WriteHeader(code)
				_, _ = io.WriteString(w, strings.Repeat("moved ", 10000))
			}))
			cfg := &rest.Config{Host: srv.URL, BearerToken: "hidden"}
			cfg.Wrap(redirect.Refuse)
			client, err := rest.HTTPClientFor(cfg)
			if err != nil {
				t.Fatal(err)
			}
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
				err = send(t.Context(), client, method, srv.URL+"/api/v1/pods?limit=1")
				refused, ok := errors.AsType[*redirect.Error](err)
				if !ok || refused.Code != code || refused.From != srv.URL+"/api/v1/pods" || !strings.HasSuffix(refused.To, "/stolen") {
					t.Fatalf("%d %s %s: %v", code, method, location, err)
				}
				if strings.Contains(refused.Error(), "hidden") || !strings.Contains(refused.Error(), method+" "+refused.From+": redirected to "+refused.To) {
					t.Errorf("%d %s: %v", code, method, refused)
				}
			}
			client.CloseIdleConnections()
			srv.Close()
		}
	}
	if n := requests.Load(); n != 0 {
		t.Errorf("%d requests followed", n)
	}
}

// The refusal does not wait for the body of the answer, which may never come.
func TestBodyIsNotAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body, never := io.Pipe()
		rt := redirect.Refuse(answer(func(r *http.Request) *http.Response {
			return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {"/x"}}, Body: body, Request: r}
		}))
		err := send(t.Context(), &http.Client{Transport: rt}, http.MethodGet, "http://server.invalid/api")
		if _, ok := errors.AsType[*redirect.Error](err); !ok {
			t.Errorf("not refused: %v", err)
		}
		if _, err := never.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("the body is still open: %v", err)
		}
	})
}

// A Location that is missing, or no address, or full of control characters, changes nothing.
func TestOddLocations(t *testing.T) {
	for _, location := range []string{"", "http://[::1", "http://a/\u202e\u009b", strings.Repeat("x", 100_000)} {
		rt := redirect.Refuse(answer(func(r *http.Request) *http.Response {
			resp := &http.Response{StatusCode: http.StatusFound, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("x")), Request: r}
			resp.Header.Set("Location", location)
			return resp
		}))
		err := send(t.Context(), &http.Client{Transport: rt}, http.MethodGet, "http://server.invalid/api")
		refused, ok := errors.AsType[*redirect.Error](err)
		if !ok || len(refused.Error()) > 6000 || strings.ContainsAny(refused.Error(), "\u202e\u009b") {
			t.Errorf("%.50q: %.300v", location, err)
		}
	}
}

// Everything else passes, 304 and upgrades among it, and the transports inside stay within reach.
func TestOtherAnswersPass(t *testing.T) {
	for _, code := range []int{101, 200, 300, 304, 401, 404, 500} {
		body := &closing{Reader: strings.NewReader("x")}
		rt := redirect.Refuse(answer(func(r *http.Request) *http.Response {
			return &http.Response{StatusCode: code, Header: http.Header{}, Body: body, Request: r}
		}))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://server.invalid/api", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := rt.RoundTrip(req)
		if err != nil || resp.StatusCode != code || resp.Body != io.ReadCloser(body) || body.closed {
			t.Errorf("%d: %v %v", code, resp, err)
		}
		_ = resp.Body.Close()
	}
	inner := &http.Transport{}
	if w, ok := redirect.Refuse(inner).(interface{ WrappedRoundTripper() http.RoundTripper }); !ok || w.WrappedRoundTripper() != inner {
		t.Error("the transport inside is out of reach")
	}
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}

type answer func(*http.Request) *http.Response

func (a answer) RoundTrip(r *http.Request) (*http.Response, error) { return a(r), nil }

func send(ctx context.Context, client *http.Client, method, address string) error {
	req, err := http.NewRequestWithContext(ctx, method, address, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
