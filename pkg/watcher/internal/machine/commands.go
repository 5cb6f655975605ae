package machine

import (
	"context"
	"sync"
)

// command is one function to run between two frames.
type command struct {
	f    func()
	done chan error
}

// commands are the functions given to Stream.DoContext that wait for their turn.
type commands struct {
	ready chan struct{} // holds a token while some wait

	mu      sync.Mutex
	waiting []command
	started bool
	stopped bool
}

func (c *commands) init() { c.ready = make(chan struct{}, 1) }

// start says whether this is the first call.
func (c *commands) start() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := !c.started
	c.started = true
	return first
}

func (c *commands) do(ctx context.Context, f func()) error {
	cmd := command{f: f, done: make(chan error, 1)}
	c.mu.Lock()
	if c.stopped {
		c.mu.Unlock()
		return ErrStopped
	}
	c.waiting = append(c.waiting, cmd)
	c.mu.Unlock()
	c.signal()
	select {
	case err := <-cmd.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *commands) signal() { leave(c.ready) }

func (c *commands) take() []command {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := c.waiting
	c.waiting = nil
	return taken
}

// run runs what waits, in the order it was given.
func (c *commands) run() {
	for _, cmd := range c.take() {
		cmd.f()
		cmd.done <- nil
	}
}

// pending is a quick look between two frames.
func (c *commands) pending() bool { return len(c.ready) > 0 }

// stop refuses what waits and whatever comes later.
func (c *commands) stop() {
	c.mu.Lock()
	c.stopped = true
	c.mu.Unlock()
	for _, cmd := range c.take() {
		cmd.done <- ErrStopped
	}
}
