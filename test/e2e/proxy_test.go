//go:build e2e

package e2e

import (
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
)

// tcpProxy stands between a program and the API server, on this machine, and does what networks do.
type tcpProxy struct {
	to    string
	piece int // bytes a write; 0: as they come

	wg sync.WaitGroup

	mu    sync.Mutex
	at    string
	l     net.Listener // nil while it is cut
	conns map[net.Conn]bool
	hold  *chan struct{} // of the connections made from now on; closed when they shall stand still
}

// proxied puts a proxy before the server of a configuration. piece is the most bytes that are passed on at a
// time, 0 for no limit.
func proxied(t *testing.T, cfg *rest.Config, piece int) (*rest.Config, *tcpProxy) {
	t.Helper()
	to, err := url.Parse(cfg.Host)
	must(t, err)
	p := &tcpProxy{to: to.Host, piece: piece, at: "127.0.0.1:0", conns: map[net.Conn]bool{}}
	if to.Host == "" {
		p.to = cfg.Host // no URL, but an address
	}
	p.restore(t)
	t.Cleanup(func() {
		p.cut()
		p.wg.Wait()
	})
	out := rest.CopyConfig(cfg)
	out.Host = "https://" + p.at
	return out, p
}

// restore lets connections through again.
func (p *tcpProxy) restore(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	l, err := net.Listen("tcp", p.at) //nolint:noctx // on this machine
	must(t, err)
	hold := make(chan struct{})
	p.l, p.at, p.hold = l, l.Addr().String(), &hold
	p.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.wg.Go(func() { p.serve(c) })
		}
	})
}

// cut breaks all connections, and refuses new ones.
func (p *tcpProxy) cut() {
	p.mu.Lock()
	if p.l != nil {
		_ = p.l.Close()
		p.l = nil
	}
	p.mu.Unlock()
	p.drop()
}

// drop breaks all connections; new ones are let through.
func (p *tcpProxy) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
	clear(p.conns)
}

// open is the number of connections that are open.
func (p *tcpProxy) open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns) / 2 // each has two sides
}

// freeze lets all connections stand still, open as they are; new ones work.
func (p *tcpProxy) freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(*p.hold)
	hold := make(chan struct{})
	p.hold = &hold
}

func (p *tcpProxy) serve(c net.Conn) {
	server, err := net.Dial("tcp", p.to) //nolint:noctx // on this machine
	if err != nil {
		_ = c.Close()
		return
	}
	p.mu.Lock()
	hold := *p.hold
	ok := p.l != nil
	if ok {
		p.conns[c], p.conns[server] = true, true
	}
	p.mu.Unlock()
	if !ok {
		_ = errors.Join(c.Close(), server.Close())
		return
	}
	var both sync.WaitGroup
	both.Go(func() { p.pump(c, server, hold) })
	both.Go(func() { p.pump(server, c, hold) })
	both.Wait()
	p.mu.Lock()
	delete(p.conns, c)
	delete(p.conns, server)
	p.mu.Unlock()
}

// pump passes bytes on until one side is closed, then closes the other.
func (p *tcpProxy) pump(to, from net.Conn, hold <-chan struct{}) {
	defer func() { _ = errors.Join(to.Close(), from.Close()) }()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		select {
		case <-hold: // nothing reaches the other side any more, and neither side learns of it
			_, _ = io.Copy(io.Discard, from)
			return
		default:
		}
		if !p.write(to, buf[:n]) || err != nil {
			return
		}
	}
}

// write passes on what was read, in pieces of 1, 2, 3 ... bytes where pieces are asked for.
func (p *tcpProxy) write(to net.Conn, b []byte) bool {
	for i := 1; len(b) > 0; i++ {
		n := len(b)
		if p.piece > 0 {
			n = min(n, 1+i%p.piece)
		}
		if _, err := to.Write(b[:n]); err != nil {
			return false
		}
		b = b[n:]
	}
	return true
}

// cutOff cuts a program off and waits until it says so: alive, not ready.
func (p *program) cutOff(t *testing.T, proxy *tcpProxy) {
	t.Helper()
	proxy.cut()
	p.unreachable(t)
}

// unreachable waits until the program says that the server is away: alive, not ready.
func (p *program) unreachable(t *testing.T) {
	t.Helper()
	waitUntil(t, "not ready", func() bool { return p.probe("/readyz") == 503 })
	if code := p.probe("/healthz"); code != 200 {
		t.Errorf("/healthz says %d while the server is away, want 200:\n%s", code, p.text("/healthz"))
	}
}

// stays looks again and again, for a time, at what has to hold all the while.
func stays(t *testing.T, d time.Duration, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	end := time.NewTimer(d)
	defer end.Stop()
	for {
		if !holds() {
			t.Errorf("does not stay so: %s", what)
			return
		}
		select {
		case <-tick.C:
		case <-end.C:
			return
		}
	}
}
