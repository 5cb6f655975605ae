package web

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
)

// isClosed tells whether the server has closed a connection that waits for nothing to read.
func isClosed(c net.Conn) bool {
	_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := c.Read(make([]byte, 1))
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

// However many connections others hold, in whatever state, a probe is answered, and no more than the limit are open.
func TestProbesGetThrough(t *testing.T) {
	const limit = 16
	for name, hold := range map[string]func(t *testing.T, c net.Conn){
		"that send nothing": func(*testing.T, net.Conn) {},
		"that begin a request": func(t *testing.T, c net.Conn) {
			t.Helper()
			_, _ = io.WriteString(c, "GET /healthz HTTP/1.1\r\nHo") // it may be closed
		},
		"that keep an answer waiting": func(t *testing.T, c net.Conn) {
			t.Helper()
			_, _ = io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n") // and does not read
		},
		"that announce a body": func(t *testing.T, c net.Conn) {
			t.Helper()
			go func() { _, _ = io.Copy(io.Discard, c) }()
			_, _ = io.WriteString(c, "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nx")
		},
		"that keep the connection": func(t *testing.T, c net.Conn) {
			t.Helper()
			ask(c, "/healthz")
		},
	} {
		for _, keep := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var crowded atomic.Int64
					log := funcr.New(func(_, args string) {
						if strings.Contains(args, "too many connections") {
							crowded.Add(1)
						}
					}, funcr.Options{})
					l := served(t, Options{Handler: http.HandlerFunc(fine), Connections: limit, KeepAlive: keep, Logger: log})
					var held []net.Conn
					for range 20 * limit {
						c := l.dial(t)
						t.Cleanup(func() { _ = c.Close() })
						hold(t, c)
						held = append(held, c)
						synctest.Wait()
					}
					open := 0
					for _, c := range held {
						if !isClosed(c) {
							open++
						}
					}
					if open > limit {
						t.Errorf("%d connections are open, the limit is %d", open, limit)
					}
					c := l.dial(t)
					defer c.Close()
					if code, _, ok := ask(c, "/healthz"); !ok || code != http.StatusOK {
						t.Errorf("a probe is answered: %t, with %d", ok, code)
					}
					if n := crowded.Load(); n > 2 {
						t.Errorf("logged %d times", n)
					}
				})
			})
		}
	}
}

// A connection ends by itself: one that sends no request, one that sends it slowly, and one that is kept.
func TestIdleConnectionsEnd(t *testing.T) {
	for name, c := range map[string]struct {
		send string
		ends time.Duration
	}{
		"nothing":       {"", headerTimeout},
		"a slow header": {"GET /healthz HTTP/1.1\r\n", headerTimeout},
		"kept":          {"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", idleTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := served(t, Options{Handler: http.HandlerFunc(fine), Connections: 4, KeepAlive: true})
				client := l.dial(t)
				defer client.Close()
				begin := time.Now()
				_, _ = io.WriteString(client, c.send)
				_, _ = io.Copy(io.Discard, client) // until the server closes it
				if took := time.Since(begin); took != c.ends {
					t.Errorf("closed after %s, want %s", took, c.ends)
				}
			})
		})
	}
}

// Without keep-alive a connection is for one request.
func TestOneRequestForAProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := served(t, Options{Handler: http.HandlerFunc(fine), Connections: 4})
		c := l.dial(t)
		defer c.Close()
		if code, closes, ok := ask(c, "/healthz"); !ok || code != http.StatusOK || !closes {
			t.Errorf("%d, closes: %t, answered: %t", code, closes, ok)
		}
		if _, _, ok := ask(c, "/healthz"); ok {
			t.Error("a second request is answered on the same connection")
		}
	})
}

func TestHeadersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := served(t, Options{Handler: http.HandlerFunc(fine), Connections: 4})
		c := l.dial(t)
		defer c.Close()
		go func() {
			_, _ = io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: a\r\nX: "+strings.Repeat("x", 1<<20)+"\r\n\r\n")
		}()
		answer := make([]byte, 64)
		n, err := c.Read(answer)
		if err != nil || !strings.Contains(string(answer[:n]), "431") {
			t.Errorf("%q, %v", answer[:n], err)
		}
	})
}

// A stop does not wait for a request that takes long.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, began := newPipes(), make(chan struct{})
		stop := Serve(l, Options{Connections: 4, Logger: logr.Discard(), Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			close(began)
			<-r.Context().Done()
		})})
		c := l.dial(t)
		defer c.Close()
		go ask(c, "/")
		<-began
		begin := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // it is asked to stop because of this
		stop(ctx)
		if took := time.Since(begin); took != stopTimeout {
			t.Errorf("stopped after %s, want %s", took, stopTimeout)
		}
	})
}
