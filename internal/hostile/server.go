package hostile

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"

	"k8s.io/client-go/rest"
)

// Answer writes to the connection of a request. The connection is closed when it returns. A write fails once the client
// has gone.
type Answer func(c net.Conn, r *http.Request) error

// Rule chooses the answer to a request; nil leaves it to the server's handler.
type Rule func(r *http.Request) Answer

// Server answers requests by a rule, and others by a handler. Its methods may be called from any goroutine.
type Server struct {
	next http.Handler
	http *http.Server
	wg   sync.WaitGroup
	dial chan net.Conn // connections in memory that wait to be accepted
	done chan struct{}

	mu    sync.Mutex
	rule  Rule
	conns map[net.Conn]bool
	asked int
}

// New starts a server in memory, which hands requests on to next as long as no rule answers them.
func New(next http.Handler) *Server {
	s := &Server{next: next, dial: make(chan net.Conn), done: make(chan struct{}), conns: map[net.Conn]bool{}}
	s.http = &http.Server{Handler: s, ConnState: s.state} //nolint:gosec // requests take as long as the test wants
	s.wg.Go(func() { _ = s.http.Serve(memory{s}) })       // it ends with Close
	return s
}

// Config leads clients to the server over connections in memory.
func (s *Server) Config() *rest.Config {
	return &rest.Config{Host: "http://hostile.test", Dial: s.connect, QPS: -1}
}

// Use answers by another rule from now on, and breaks all connections. Nil leaves all requests to the handler.
func (s *Server) Use(rule Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rule = rule
	for c := range s.conns {
		_ = c.Close()
	}
}

// Asked is how many requests rules have answered.
func (s *Server) Asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// Close breaks all connections, refuses new ones, and waits until no answer is under way.
func (s *Server) Close() {
	close(s.done)
	s.Use(nil)
	_ = s.http.Close()
	s.wg.Wait()
}

// ServeHTTP answers one request. It lets the server be used behind a listener of another kind, such as
// httptest.NewTLSServer's, too.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	rule := s.rule
	s.mu.Unlock()
	var answer Answer
	if rule != nil {
		answer = rule(r)
	}
	if answer == nil {
		s.next.ServeHTTP(w, r)
		return
	}
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err) // HTTP/2 has no bytes of its own for an answer
	}
	s.hijacked(c, true)
	defer s.hijacked(c, false)
	s.mu.Lock()
	s.asked++
	s.mu.Unlock()
	_ = answer(c, r) // the client may have gone
	_ = c.Close()
}

// hijacked counts an answer in or out: net/http does not know of its connection any more.
func (s *Server) hijacked(c net.Conn, begins bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if begins {
		s.conns[c] = true
		s.wg.Add(1)
		return
	}
	delete(s.conns, c)
	s.wg.Done()
}

func (s *Server) state(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case http.StateNew:
		s.conns[c] = true
	case http.StateClosed:
		delete(s.conns, c)
	}
}

func (s *Server) connect(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case s.dial <- server:
		return client, nil
	case <-s.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// memory is a listener for connections in memory.
type memory struct{ s *Server }

func (m memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.s.dial:
		return c, nil
	case <-m.s.done:
		return nil, net.ErrClosed
	}
}

func (m memory) Close() error { return nil }

func (m memory) Addr() net.Addr { return address{} }

type address struct{}

func (address) Network() string { return "memory" }
func (address) String() string  { return "hostile.test" }

// Raw answers with these bytes.
func Raw(pieces ...string) Answer {
	return func(c net.Conn, _ *http.Request) error {
		for _, p := range pieces {
			if _, err := c.Write([]byte(p)); err != nil {
				return err
			}
		}
		return nil
	}
}

// Held answers with these bytes and keeps the connection open until the client leaves it, as a watch without events.
func Held(pieces ...string) Answer {
	return func(c net.Conn, r *http.Request) error {
		err := Raw(pieces...)(c, r)
		_, gone := c.Read(make([]byte, 1))
		return errors.Join(err, gone)
	}
}
