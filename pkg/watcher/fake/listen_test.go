package fake

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// secure is a client over HTTP/2, and the requests of its that opened a connection.
type secure struct {
	t      *testing.T
	base   string
	client *http.Client
	opened int
}

func secured(t *testing.T) (*Server, *Port, *secure) {
	t.Helper()
	s := New()
	p, err := s.Listen(WithTLS())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	config := p.Config()
	config.Dial = nil
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return s, p, &secure{t: t, base: config.Host, client: client}
}

func (c *secure) get(path string) (*http.Response, error) {
	c.t.Helper()
	trace := &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		if !i.Reused {
			c.opened++
		}
	}}
	r, err := http.NewRequestWithContext(httptrace.WithClientTrace(c.t.Context(), trace), http.MethodGet, c.base+path, http.NoBody)
	if err != nil {
		c.t.Fatal(err)
	}
	resp, err := c.client.Do(r)
	if err == nil {
		c.t.Cleanup(func() { _ = resp.Body.Close() })
	}
	return resp, err
}

// must reads a whole answer.
func (c *secure) must(path string) *http.Response {
	c.t.Helper()
	resp, err := c.get(path)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := io.ReadAll(resp.Body); err != nil {
		c.t.Fatal(err)
	}
	return resp
}

// The port speaks TLS and HTTP/2 where that is asked for; GOAWAY has the next request open another connection, and
// leaves a watch on the old one alone.
func TestGoAway(t *testing.T) {
	s, p, c := secured(t)
	watch, err := c.get(pods)
	if err != nil {
		t.Fatal(err)
	}
	if resp := c.must(podList); resp.ProtoMajor != 2 || c.opened != 1 {
		t.Fatalf("%s, %d connections", resp.Proto, c.opened)
	}
	f := s.Fault(GoAway(), Times(1))
	if resp := c.must(podList); resp.StatusCode != http.StatusOK || f.Count() != 1 {
		t.Errorf("%d, %d times", resp.StatusCode, f.Count())
	}
	// The frame may come after the answer, so that some requests may still go over the old connection.
	for range 1000 {
		if c.must(podList); c.opened == 2 {
			break
		}
	}
	if c.opened != 2 {
		t.Errorf("%d connections", c.opened)
	}
	a := s.Put(t, kind.Pod, Named("a"))
	line, err := bufio.NewReader(watch.Body).ReadString('\n')
	if err != nil || !strings.Contains(line, `"resourceVersion":"`+a+`"`) {
		t.Errorf("%q, %v", line, err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadAll(watch.Body); err == nil {
		t.Error("a clean end")
	}
}

// Faults over HTTP/2 break a stream off, not the connection.
func TestFaultsOverHTTP2(t *testing.T) {
	s, _, c := secured(t)
	resp, err := c.get(pods)
	if err != nil {
		t.Fatal(err)
	}
	if n := s.Cut(); n != 1 {
		t.Errorf("cut %d", n)
	}
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("a clean end")
	}
	f := s.Fault(Refuse(), Times(1))
	if resp, err := c.get(podList); err == nil {
		t.Errorf("answered with %s", resp.Status)
	}
	f.Stop()
	s.Put(t, kind.Pod, Named("a"))
	s.Fault(CutInFrame(), Times(1))
	if resp, err = c.get(pods); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if !strings.HasPrefix(string(b), `{"type":"ADDED"`) || strings.Contains(string(b), "\n") || err == nil {
		t.Errorf("%q, %v", b, err)
	}
	if c.must(podList); c.opened != 1 {
		t.Errorf("%d connections", c.opened)
	}
}

// Without TLS, who begins with HTTP/2 is answered in it.
func TestHTTP2InPlainText(t *testing.T) {
	_, p := listening(t)
	transport := &http.Transport{Protocols: &http.Protocols{}}
	transport.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(transport.CloseIdleConnections)
	r, _ := ask(t, podList)
	r.URL.Host = strings.TrimPrefix(p.Config().Host, "http://")
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.ProtoMajor != 2 || resp.StatusCode != http.StatusOK {
		t.Errorf("%s %s", resp.Proto, resp.Status)
	}
}

func TestKubeconfigWithTLS(t *testing.T) {
	_, p, _ := secured(t)
	config, err := clientcmd.RESTConfigFromKubeConfig(p.Kubeconfig())
	if err != nil || config.Host != p.Config().Host || !bytes.Equal(config.CAData, p.Config().CAData) || len(config.CAData) == 0 {
		t.Errorf("%+v, %v", config, err)
	}
}
