package main

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
)

// line is the way from the subject to the API server, which can be cut. Its methods may be called from any goroutine.
type line struct {
	to       string
	listener net.Listener
	cuts     atomic.Int64
	wg       sync.WaitGroup

	mu    sync.Mutex
	down  bool
	conns map[net.Conn]bool
}

// newLine listens on this machine for connections to the address given.
func newLine(to string) (*line, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // on this machine
	if err != nil {
		return nil, fmt.Errorf("listen for the subject: %w", err)
	}
	l := &line{to: to, listener: listener, conns: map[net.Conn]bool{}}
	l.wg.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			l.wg.Go(func() { l.serve(c) })
		}
	})
	return l, nil
}

func (l *line) address() string { return l.listener.Addr().String() }

// cut breaks all connections. If it stays down, new ones are broken as they come, until restore.
func (l *line) cut(stayDown bool) {
	l.cuts.Add(1)
	l.drop(stayDown)
}

// restore lets new connections through.
func (l *line) restore() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = false
}

// close ends the line and waits for that.
func (l *line) close() {
	_ = l.listener.Close()
	l.drop(true)
	l.wg.Wait()
}

func (l *line) drop(stayDown bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = stayDown
	for c := range l.conns {
		_ = c.Close()
	}
	clear(l.conns)
}

func (l *line) serve(c net.Conn) {
	server, err := net.Dial("tcp", l.to) //nolint:noctx // on this machine
	if err != nil {
		_ = c.Close()
		return
	}
	l.mu.Lock()
	down := l.down
	if !down {
		l.conns[c], l.conns[server] = true, true
	}
	l.mu.Unlock()
	if down {
		_ = errors.Join(c.Close(), server.Close())
		return
	}
	var both sync.WaitGroup
	both.Go(func() { pump(c, server) })
	both.Go(func() { pump(server, c) })
	both.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
	delete(l.conns, server)
}

// pump passes bytes on until one side is closed, then closes both.
func pump(to, from net.Conn) {
	defer func() { _ = errors.Join(to.Close(), from.Close()) }()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if _, failed := to.Write(buf[:n]); failed != nil || err != nil {
			return
		}
	}
}
