package fake_test

import (
	"context"
	"testing"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

// lines tells a test in real time what a stream tells.
type lines struct{ said chan string }

func (l lines) Handle(d watcher.Delta)     { l.said <- d.Kind.String() + " " + d.Entry.Name() }
func (l lines) Synced(_ string, _ bool)    { l.said <- "synced" }
func (l lines) StateChanged(watcher.State) {}
func (l lines) expect(t *testing.T, want string) {
	t.Helper()
	if got := <-l.said; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
}

// 30: over HTTP/2 a stream outlives GOAWAY and the loss of its connection, with no list.
func TestStreamOverHTTP2(t *testing.T) {
	s := fake.New()
	port, err := s.Listen(fake.WithTLS())
	if err != nil {
		t.Fatal(err)
	}
	defer port.Close()
	server, err := watcher.NewServer(port.Config())
	if err != nil {
		t.Fatal(err)
	}
	defer server.CloseIdleConnections()
	l := lines{make(chan string, 100)}
	stream := watcher.NewStream(server, watcher.Target{Resource: kind.ConfigMap.Resource()}, l, watcher.StreamOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		stream.Run(ctx)
	}()
	defer func() {
		cancel()
		<-done
	}()
	l.expect(t, "synced")
	f := s.Fault(fake.GoAway(), fake.Times(2))
	for _, name := range []string{"a", "b", "c"} {
		s.Put(t, kind.ConfigMap, fake.Named(name))
		l.expect(t, "upsert "+name)
		if n := s.Cut(); n != 1 {
			t.Errorf("%d streams", n)
		}
	}
	s.Put(t, kind.ConfigMap, fake.Named("d"))
	l.expect(t, "upsert d")
	if f.Count() != 2 {
		t.Errorf("GOAWAY %d times", f.Count())
	}
}
