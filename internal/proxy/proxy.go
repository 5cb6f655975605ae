// Package proxy stands between a program and a server, counts the bytes that pass, and breaks, stalls, delays and
// redirects connections.
package proxy

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Proxy passes TCP connections on to one address at a time. Its methods may be called from any goroutine.
type Proxy struct {
	listener net.Listener
	received atomic.Int64
	sent     atomic.Int64
	opened   atomic.Int64
	cuts     atomic.Int64
	wg       sync.WaitGroup

	mu     sync.Mutex
	to     string
	closed bool
	down   bool
	delay  time.Duration
	stall  chan struct{} // closed by Restore; nil while bytes pass
	links  map[*link]bool
}

// A link is one connection of a client, and the one to the server that serves it.
type link struct {
	client, server net.Conn
	gone           chan struct{} // closed when the proxy breaks both
}

// New listens on this machine, for connections to the address given.
func New(to string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // on this machine
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	p := &Proxy{to: to, listener: l, links: map[*link]bool{}}
	p.wg.Go(p.accept)
	return p, nil
}

// Addr is where the proxy listens.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Received is how many bytes the server has sent to the clients, encryption included.
func (p *Proxy) Received() int64 { return p.received.Load() }

// Sent is how many bytes the clients have sent to the server.
func (p *Proxy) Sent() int64 { return p.sent.Load() }

// Opened is how many connections were passed on.
func (p *Proxy) Opened() int64 { return p.opened.Load() }

// Cuts is how often the line was cut.
func (p *Proxy) Cuts() int64 { return p.cuts.Load() }

// Cut breaks all connections, and breaks new ones as soon as they come, until Restore.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = true
	p.cuts.Add(1)
	p.drop()
}

// Drop breaks all connections. New ones are passed on.
func (p *Proxy) Drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop()
}

// Send passes new connections on to another address. Open connections stay where they are: use Drop to move them.
func (p *Proxy) Send(to string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to = to
}

// Stall holds all bytes back, in both directions, until Restore delivers them. Connections stay open, and new ones are
// accepted.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stall == nil {
		p.stall = make(chan struct{})
	}
}

// Delay delivers what the server sends later from now on, by d to 2d. Zero ends it.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// Restore ends Cut and Stall.
func (p *Proxy) Restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = false
	if p.stall != nil {
		close(p.stall)
		p.stall = nil
	}
}

// Close ends the proxy and all of its connections, and waits for that.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	p.drop()
	err := p.listener.Close()
	p.mu.Unlock()
	p.wg.Wait()
	return err
}

func (p *Proxy) drop() {
	for l := range p.links {
		l.end()
	}
	clear(p.links)
}

func (l *link) end() {
	close(l.gone)
	_ = l.client.Close()
	if l.server != nil {
		_ = l.server.Close()
	}
}

func (p *Proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wg.Go(func() { p.serve(c) })
	}
}

func (p *Proxy) serve(client net.Conn) {
	l := &link{client: client, gone: make(chan struct{})}
	to, ok := p.keep(l)
	if !ok {
		_ = client.Close()
		return
	}
	server, err := net.Dial("tcp", to) //nolint:noctx // on this machine
	if err != nil || !p.join(l, server) {
		p.forget(l)
		return
	}
	p.opened.Add(1)
	var both sync.WaitGroup
	both.Go(func() { p.pump(l, server, client, &p.sent) })
	both.Go(func() { p.pump(l, client, server, &p.received) })
	both.Wait()
	p.forget(l)
}

// keep notes a connection, so that it can be broken, and returns where it is to go. It refuses while the line is cut.
func (p *Proxy) keep(l *link) (to string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down || p.closed {
		return "", false
	}
	p.links[l] = true
	return p.to, true
}

// join adds the connection to the server, unless the proxy has broken the client's meanwhile.
func (p *Proxy) join(l *link, server net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.links[l] {
		_ = server.Close()
		return false
	}
	l.server = server
	return true
}

// forget ends a link that is not broken yet.
func (p *Proxy) forget(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.links[l] {
		delete(p.links, l)
		l.end()
	}
}

// pump passes bytes on until one side is closed, then closes the other.
func (p *Proxy) pump(l *link, to, from net.Conn, count *atomic.Int64) {
	defer func() { _ = errors.Join(to.Close(), from.Close()) }()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		count.Add(int64(n))
		if !p.hold(l, from == l.server) {
			return
		}
		if _, failed := to.Write(buf[:n]); failed != nil || err != nil {
			return
		}
	}
}

// hold waits while bytes are held back. It returns false once the link is broken.
func (p *Proxy) hold(l *link, fromServer bool) bool {
	p.mu.Lock()
	stall, delay := p.stall, p.delay
	p.mu.Unlock()
	if fromServer && delay > 0 {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-l.gone:
			return false
		}
	}
	if stall == nil {
		return true
	}
	select {
	case <-stall:
		return true
	case <-l.gone:
		return false
	}
}
