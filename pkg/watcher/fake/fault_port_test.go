package fake

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// onPort asks over the network.
func onPort(t *testing.T, p *Port, path string) (*http.Response, error) {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	r, _ := ask(t, path)
	r.URL.Host = strings.TrimPrefix(p.Config().Host, "http://")
	r.Host = r.URL.Host
	resp, err := transport.RoundTrip(r)
	if err == nil {
		t.Cleanup(func() { _ = resp.Body.Close() })
	}
	return resp, err
}

func listening(t *testing.T) (*Server, *Port) {
	t.Helper()
	s := New()
	p, err := s.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return s, p
}

func TestFaultsOnAPort(t *testing.T) {
	s, p := listening(t)
	f := s.Fault(Refuse())
	if _, err := onPort(t, p, podList); err == nil { // on a new connection nothing is tried again
		t.Error("answered")
	}
	f.Stop()
	resp, err := onPort(t, p, pods)
	if err != nil {
		t.Fatal(err)
	}
	a := s.Put(t, kind.Pod, Named("a"))
	if e := decodeEvents(t, resp, 1); e[0].Object.GetResourceVersion() != a {
		t.Errorf("%+v", e)
	}
	if n := s.Cut(); n != 1 {
		t.Errorf("cut %d", n)
	}
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("a clean end")
	}
	s.Fault(CutInFrame(), Times(1))
	if resp, err = onPort(t, p, pods); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if !strings.HasPrefix(string(b), `{"type":"ADDED"`) || strings.Contains(string(b), "\n") || err == nil {
		t.Errorf("%q, %v", b, err)
	}
}

// A stalled request is cut off like any other, also one whose answer fills all buffers on the way.
func TestStallOnAPort(t *testing.T) {
	s, p := listening(t)
	resp, err := onPort(t, p, pods)
	if err != nil {
		t.Fatal(err)
	}
	f := s.Fault(Stall())
	a := s.Put(t, kind.Pod, Named("a"))
	f.Stop()
	line, err := bufio.NewReader(resp.Body).ReadString('\n')
	if err != nil || !strings.Contains(line, `"resourceVersion":"`+a+`"`) {
		t.Errorf("%q, %v", line, err)
	}
	s.Fault(Stall())
	s.Cut()
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("a clean end")
	}
}

func TestCutOfASlowReaderOnAPort(t *testing.T) {
	s, p := listening(t)
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		s.Put(t, kind.Pod, Named(name, "x", strings.Repeat("x", 1<<20)))
	}
	resp, err := onPort(t, p, pods)
	if err != nil {
		t.Fatal(err)
	}
	s.Cut()
	if err := p.Close(); err != nil { // which waits for the handler
		t.Error(err)
	}
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("a clean end")
	}
}
