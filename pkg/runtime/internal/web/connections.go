package web

import (
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/go-logr/logr"
)

const (
	// prompt is how soon a client sends its request that is no attack: a probe takes milliseconds.
	prompt = time.Second
	// reminder is how often the log says that connections are closed for others.
	reminder = time.Minute
)

// connections bounds how many are open. It closes one instead of refusing a new one: otherwise clients that hold all of them
// would keep the kubelet's probes out.
type connections struct {
	limit int
	log   logr.Logger

	mu     sync.Mutex
	all    map[net.Conn]*connection
	closed int       // since the last line of the log
	logged time.Time // when that was
}

// connection is one that is open.
type connection struct {
	state http.ConnState
	since time.Time // it was accepted
}

// state implements http.Server.ConnState. It is called for a new connection before the next one is accepted.
func (c *connections) state(conn net.Conn, s http.ConnState) {
	if s == http.StateClosed || s == http.StateHijacked {
		c.mu.Lock()
		delete(c.all, conn)
		c.mu.Unlock()
		return
	}
	if victim := c.note(conn, s); victim != nil {
		reset(victim)
	}
}

// note notes a state, and returns the connection that has to give way.
func (c *connections) note(conn net.Conn, s http.ConnState) net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.all[conn]; known != nil {
		known.state = s
		return nil
	}
	if s != http.StateNew { // it gave way, and its request ends
		return nil
	}
	var victim net.Conn
	if len(c.all) >= c.limit {
		victim = c.victim()
		delete(c.all, victim)
		c.tell()
	}
	c.all[conn] = &connection{state: s, since: time.Now()}
	return victim
}

// victim is the oldest of the connections that wait for a next request; if there is none, of those that are slow to send their
// first; if there is none, of all.
func (c *connections) victim() net.Conn {
	rank := func(one *connection) int {
		switch {
		case one.state == http.StateIdle:
			return 0
		case one.state == http.StateNew && time.Since(one.since) >= prompt:
			return 1
		default:
			return 2
		}
	}
	var found net.Conn
	var best *connection
	for conn, one := range c.all {
		if best == nil || rank(one) < rank(best) || rank(one) == rank(best) && one.since.Before(best.since) {
			found, best = conn, one
		}
	}
	return found
}

// tell logs that connections are closed, once a minute at most.
func (c *connections) tell() {
	c.closed++
	if now := time.Now(); c.logged.IsZero() || now.Sub(c.logged) >= reminder {
		c.log.Info("too many connections to the HTTP address: the oldest are closed", "limit", c.limit, "closed", c.closed)
		c.closed, c.logged = 0, now
	}
}

// reset closes a connection without waiting for its client.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // nothing is kept for a client that does not read
	}
	_ = conn.Close()
}
