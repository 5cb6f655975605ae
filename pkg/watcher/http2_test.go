package watcher

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
)

// signal is a handler that says when its stream is streaming.
type signal struct{ streaming chan struct{} }

func (signal) Handle(Delta)        {}
func (signal) Synced(string, bool) {}
func (s signal) StateChanged(st State) {
	if st.Phase == Streaming {
		s.streaming <- struct{}{}
	}
}

// One HTTP/2 connection carries 100 streams; more targets than that all get theirs.
func TestRule32MoreStreamsThanAConnectionCarries(t *testing.T) {
	const streams, perConnection = 130, 100
	var mu sync.Mutex
	remotes := map[string]int{}
	api := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		remotes[r.RemoteAddr]++
		if r.ProtoMajor != 2 {
			t.Errorf("protocol %s", r.Proto)
		}
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7","annotations":{"k8s.io/initial-events-end":"true"}}}}`)
		w.(http.Flusher).Flush() //nolint:errcheck,forcetypeassert // it is one
		<-r.Context().Done()
	}))
	api.EnableHTTP2 = true
	api.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: perConnection}
	api.StartTLS()
	defer api.Close()
	at, err := url.Parse(api.URL)
	if err != nil {
		t.Fatal(err)
	}
	server := NewServerForClient(at, api.Client())
	ctx, cancel := context.WithCancel(t.Context())
	h := signal{make(chan struct{}, streams)}
	var wg sync.WaitGroup
	for range streams {
		wg.Go(func() { NewStream(server, Target{Resource: pods}, h, StreamOptions{}).Run(ctx) })
	}
	for range streams {
		<-h.streaming // all at once: none waits for another's end
	}
	cancel()
	wg.Wait()
	server.CloseIdleConnections()
	mu.Lock()
	defer mu.Unlock()
	for remote, n := range remotes {
		if n > perConnection {
			t.Errorf("%s carried %d streams", remote, n)
		}
	}
	if len(remotes) < 2 {
		t.Errorf("%d connections", len(remotes))
	}
}
