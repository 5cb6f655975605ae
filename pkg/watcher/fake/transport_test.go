package fake

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// ask is a request with a context of its own.
func ask(t *testing.T, path string) (*http.Request, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, inProcess+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return r, cancel
}

// A context that ends cuts the answer off, and leaves nothing behind: else the bubble would not end.
func TestContextEndsAWatch(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		r, cancel := ask(t, pods)
		resp, err := s.Config().Transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if _, err := io.ReadAll(resp.Body); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestContextThatIsDone(t *testing.T) {
	r, cancel := ask(t, pods)
	cancel()
	body := &closed{Reader: strings.NewReader("")}
	r.Body = body
	if resp, err := New().Config().Transport.RoundTrip(r); !errors.Is(err, context.Canceled) {
		t.Error(resp, err)
	}
	if !body.closed {
		t.Error("the request's body was left open")
	}
}

type closed struct {
	io.Reader
	closed bool
}

func (c *closed) Close() error {
	c.closed = true
	return nil
}

// A handler that does not answer holds a request up no longer than its context.
func TestContextEndsTheWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		r, cancel := ask(t, pods)
		go func() {
			synctest.Wait()
			cancel()
		}()
		if resp, err := (roundTripper{handler}).RoundTrip(r); !errors.Is(err, context.Canceled) {
			t.Error(resp, err)
		}
	})
}

// Closing an answer that nobody read ends its handler, and waits for that.
func TestCloseEndsTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := false
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 1000)); err != nil {
					ended = true
					return
				}
			}
		})
		r, _ := ask(t, pods)
		resp, err := (roundTripper{handler}).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil || !ended {
			t.Errorf("%v, %t", err, ended)
		}
	})
}

func TestAnswersOfOnePiece(t *testing.T) {
	s := withPods(t, "a")
	resp, body := read(t, s, podList+"/a")
	if resp.ContentLength != int64(len(body)) || resp.Status != "200 OK" || resp.Request == nil {
		t.Errorf("%+v", resp)
	}
	if resp = fetch(t, s, pods); resp.ContentLength != -1 {
		t.Errorf("%d", resp.ContentLength)
	}
}

func TestListen(t *testing.T) {
	s := New()
	port, err := s.Listen()
	if err != nil {
		t.Fatal(err)
	}
	a := s.Put(t, kind.Pod, Named("a"))
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	r, _ := ask(t, pods)
	r.URL.Host = strings.TrimPrefix(port.Config().Host, "http://")
	r.Host = r.URL.Host
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if e := decodeEvents(t, resp, 1); e[0].Type != "ADDED" || e[0].Object.GetResourceVersion() != a {
		t.Errorf("%+v", e)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/json" {
		t.Error(got)
	}
	if !strings.Contains(string(port.Kubeconfig()), "server: "+port.Config().Host) {
		t.Errorf("%s", port.Kubeconfig())
	}
	if err := port.Close(); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("the watch ended as if its time had come")
	}
	if err := port.Close(); err != nil {
		t.Error(err)
	}
}
