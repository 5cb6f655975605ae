package trigger

import (
	"context"
	"sync"
)

// Gate holds a binding's calls back until the sources of its triggers are known.
type Gate struct {
	mu     sync.Mutex
	closed int // triggers that are not ready
	open   chan struct{}
}

// NewGate returns a gate that so many triggers hold closed.
func NewGate(triggers int) *Gate {
	g := &Gate{closed: triggers, open: make(chan struct{})}
	if triggers == 0 {
		close(g.open)
	}
	return g
}

// Ready is called once by each trigger.
func (g *Gate) Ready() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed--; g.closed == 0 {
		close(g.open)
	}
}

// Pass waits until calls may begin; false when ctx ended first.
func (g *Gate) Pass(ctx context.Context) bool {
	select {
	case <-g.open:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
