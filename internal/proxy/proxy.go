// Package proxy stands between a program and a server, counts the bytes that pass, and cuts the line.
package proxy

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
)

// Proxy passes TCP connections on to one address. Its methods may be called from any goroutine.
type Proxy struct {
	to       string
	listener net.Listener
	received atomic.Int64
	sent     atomic.Int64
	opened   atomic.Int64
	cuts     atomic.Int64
	wg       sync.WaitGroup

	mu     sync.Mutex
	closed bool
	down   bool
	conns  map[net.Conn]bool
}

// New listens on this machine, for connections to the address given.
func New(to string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // on this machine
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	p := &Proxy{to: to, listener: l, conns: map[net.Conn]bool{}}
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

// Restore lets new connections through.
func (p *Proxy) Restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = false
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
	for c := range p.conns {
		_ = c.Close()
	}
	clear(p.conns)
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
	defer func() { _ = client.Close() }()
	if !p.keep(client) {
		return
	}
	server, err := net.Dial("tcp", p.to) //nolint:noctx // on this machine
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	if !p.keep(server) {
		return
	}
	p.opened.Add(1)
	var both sync.WaitGroup
	both.Go(func() { pump(server, client, &p.sent) })
	both.Go(func() { pump(client, server, &p.received) })
	both.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, client)
	delete(p.conns, server)
}

// keep notes a connection, so that it can be cut; there is none to be kept while the line is cut.
func (p *Proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down || p.closed {
		return false
	}
	p.conns[c] = true
	return true
}

// pump passes bytes on until one side is closed, then closes the other.
func pump(to, from net.Conn, count *atomic.Int64) {
	defer func() { _ = errors.Join(to.Close(), from.Close()) }()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		count.Add(int64(n))
		if _, failed := to.Write(buf[:n]); failed != nil || err != nil {
			return
		}
	}
}
