package machine

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// A redirect blocks the stream in the words of the refusal, keeps what is known, and ends with the redirects.
func TestRule62Redirect(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"))
		b.end()
		for range 5 {
			r.watch("7").refuse(http.StatusFound, "", "Location", "https://elsewhere.invalid/api/v1/pods?token=hidden")
		}
		s := r.is(report.Blocked, report.ReasonUnexpected)
		if !strings.Contains(s.Message, "redirected to https://elsewhere.invalid/api/v1/pods (status 302): refused") || strings.Contains(s.Message, "hidden") {
			t.Errorf("message: %s", s.Message)
		}
		r.watch("7").ok()
		r.lasts(report.Blocked, report.ReasonUnexpected)
		if n := r.obs.get("relist start") + r.obs.get("relist expired"); n != 0 {
			t.Errorf("%d relists", n)
		}
	})
}

// Neither are redirects of requests for one object followed, nor of patches, nor of discovery.
func TestRule62RedirectOfOneObject(t *testing.T) {
	asked := 0
	s := apiclient.NewServerForClient(&url.URL{Scheme: "http", Host: "server.invalid"}, &http.Client{Transport: answering(func(r *http.Request) *http.Response {
		asked++
		return &http.Response{
			StatusCode: http.StatusPermanentRedirect, Header: http.Header{"Location": {"/login?x=hidden"}}, Body: http.NoBody, Request: r,
		}
	})})
	pod, deployment := kind.Pod.Resource(), kind.Deployment.Resource()
	for method, request := range map[string]func() error{
		"GET http://server.invalid/api/v1/namespaces/ns/pods/a": func() error {
			_, _, err := s.Lookup(t.Context(), pod, "ns", "a")
			return err
		},
		"PATCH http://server.invalid/api/v1/namespaces/ns/pods/a": func() error {
			_, err := s.Patch(t.Context(), pod, "ns", "a", []byte("{}"), wire.ReaderOptions{})
			return err
		},
		"GET http://server.invalid/apis/apps": func() error {
			_, err := s.Discover(t.Context(), deployment)
			return err
		},
	} {
		want := method + ": redirected to http://server.invalid/login (status 308): refused"
		if err := request(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if asked != 3 {
		t.Errorf("%d requests", asked)
	}
}

type answering func(*http.Request) *http.Response

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) { return a(r), nil }
