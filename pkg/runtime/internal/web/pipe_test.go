package web

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/go-logr/logr"
)

// pipes is a listener in memory, so that connections live in virtual time.
type pipes struct {
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func newPipes() *pipes { return &pipes{accepted: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accepted:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// dial opens a connection.
func (p *pipes) dial(t *testing.T) net.Conn {
	t.Helper()
	client, server := net.Pipe()
	select {
	case p.accepted <- server:
	case <-p.closed:
		t.Fatal("the server has stopped")
	}
	return client
}

// ask makes one request on a connection and reads the answer. ok is false when the connection is closed instead.
func ask(c net.Conn, path string) (code int, closes, ok bool) {
	if _, err := io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		return 0, false, false
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, false, false
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode, resp.Close, true
}

// served serves a handler on pipes until the test ends.
func served(t *testing.T, o Options) *pipes {
	t.Helper()
	l := newPipes()
	if o.Logger.IsZero() {
		o.Logger = logr.Discard()
	}
	stop := Serve(l, o)
	t.Cleanup(func() { stop(t.Context()) })
	return l
}

func fine(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }
