package apiclient

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// The client says in its first frame how much it takes in of one answer (RFC 9113, 6.5.2).
func TestReceiveBufferIsBounded(t *testing.T) {
	certified := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	certified.Close()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: certified.TLS.Certificates, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s, err := NewServer(&rest.Config{Host: "https://" + l.Addr().String(), TLSClientConfig: rest.TLSClientConfig{Insecure: true}})
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	go func() {
		_, err := s.Watch(t.Context(), Target{Resource: kind.Resource{Version: "v1", Plural: "pods"}}, WatchParams{})
		answered <- err
	}()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if got := initialWindow(t, c); got != receiveBuffer {
		t.Errorf("the window of a stream is %d bytes, want %d", got, receiveBuffer)
	}
	_ = c.Close()
	if <-answered == nil {
		t.Error("an answer came from nobody")
	}
}

// initialWindow reads the connection preface, which ends with the client's settings.
func initialWindow(t *testing.T, c net.Conn) (window uint32) {
	t.Helper()
	head := make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")+9)
	if _, err := io.ReadFull(c, head); err != nil {
		t.Fatal(err)
	}
	frame := head[len(head)-9:]
	settings := make([]byte, int(frame[0])<<16|int(frame[1])<<8|int(frame[2]))
	if _, err := io.ReadFull(c, settings); err != nil || frame[3] != 4 {
		t.Fatalf("a frame of type %d, %v", frame[3], err)
	}
	for ; len(settings) >= 6; settings = settings[6:] {
		if binary.BigEndian.Uint16(settings) == 4 {
			window = binary.BigEndian.Uint32(settings[2:])
		}
	}
	return window
}

func TestTransportIsOurOwn(t *testing.T) {
	cfg := &rest.Config{Host: "https://127.0.0.1:1", TLSClientConfig: rest.TLSClientConfig{Insecure: true}}
	s, err := NewServer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rest.HTTPClientFor(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := innermost(s.client.Transport), innermost(other.Transport)
	if ours == nil || theirs == nil || ours == theirs || ours.HTTP2 == nil || theirs.HTTP2 != nil {
		t.Errorf("ours %p %+v, theirs %p %+v", ours, ours.HTTP2, theirs, theirs.HTTP2)
	}
	if cfg.Dial != nil || cfg.WrapTransport != nil {
		t.Error("the caller's configuration was changed")
	}
	var inner http.RoundTripper
	wrapped := rest.CopyConfig(cfg)
	wrapped.Wrap(func(rt http.RoundTripper) http.RoundTripper {
		inner = rt
		return http.NewFileTransport(http.Dir("."))
	})
	if s, err = NewServer(wrapped); err != nil {
		t.Fatal(err)
	}
	if t1 := innermost(inner); t1 == nil || t1.HTTP2 == nil || innermost(s.client.Transport) != nil {
		t.Error("a wrapper was given, and is not the outermost")
	}
	given := &http.Transport{}
	s, err = NewServer(&rest.Config{Host: "http://127.0.0.1:1", Transport: given})
	if err != nil {
		t.Fatal(err)
	}
	if got := innermost(s.client.Transport); got != given || given.HTTP2 != nil {
		t.Errorf("a transport that was given: %p, want %p, %+v", got, given, given.HTTP2)
	}
	if innermost(http.NewFileTransport(http.Dir("."))) != nil {
		t.Error("an unknown transport is known")
	}
}
