package web

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func get(t *testing.T, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	Profiles().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
	return w
}

func TestProfiles(t *testing.T) {
	for path, want := range map[string]string{
		"/debug/pprof/":                     "goroutine",
		"/debug/pprof/goroutine?debug=1":    "goroutine profile: total",
		"/debug/pprof/goroutine?debug=2":    "TestProfiles",
		"/debug/pprof/heap?gc=1&debug=1":    "# HeapAlloc = ",
		"/debug/pprof/threadcreate?debug=1": "threadcreate profile",
	} {
		if w := get(t, path); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d, without %q", path, w.Code, want)
		}
	}
	w := get(t, "/debug/pprof/heap")
	unzipped, err := gzip.NewReader(w.Body)
	if err != nil || w.Header().Get("Content-Type") != "application/octet-stream" {
		t.Fatalf("go tool pprof cannot read %v: %v", w.Header(), err)
	}
	if raw, err := io.ReadAll(unzipped); err != nil || !bytes.Contains(raw, []byte("inuse_space")) {
		t.Errorf("%v", err)
	}
	for path, code := range map[string]int{
		"/debug/pprof/nonsense":            http.StatusNotFound,
		"/debug/pprof/heap?seconds=5":      http.StatusBadRequest,
		"/debug/pprof/profile?seconds=0":   http.StatusBadRequest,
		"/debug/pprof/profile?seconds=301": http.StatusBadRequest,
		"/debug/pprof/trace?seconds=1e9":   http.StatusBadRequest,
	} {
		if w := get(t, path); w.Code != code {
			t.Errorf("%s: %d, want %d", path, w.Code, code)
		}
	}
}

// A profile may take longer than other requests, and is whole.
func TestProfileOutlastsTheTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped := 0
		h := during("x", func(w io.Writer) error {
			_, err := io.WriteString(w, "begin ")
			return err
		}, func() { stopped++ })
		l := served(t, Options{Connections: 4, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(w, r)
			_, _ = io.WriteString(w, "end")
		})})
		c := l.dial(t)
		defer c.Close()
		begin := time.Now()
		if _, err := io.WriteString(c, "GET /?seconds=300 HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		if err != nil || string(text) != "begin end" || stopped != 1 {
			t.Errorf("%q, %v, stopped %d times", text, err, stopped)
		}
		if took := time.Since(begin); took != 300*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// A client that goes away ends its profile.
func TestProfileEndsWithItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, ended := make(chan struct{}), make(chan struct{})
		l := served(t, Options{Connections: 4, Handler: during("x", func(io.Writer) error {
			close(began)
			return nil
		}, func() { close(ended) })})
		c := l.dial(t)
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		<-began
		begin := time.Now()
		_ = c.Close()
		<-ended
		if took := time.Since(begin); took != 0 {
			t.Errorf("it went on for %s", took)
		}
	})
}
