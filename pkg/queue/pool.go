package queue

import "context"

// Pool is the engine of Watch. All its methods are safe for concurrent use.
type Pool[P any] struct {
	opts   Options
	handle Handler[P]
}

// NewPool makes a pool that calls h. Nothing runs before Run.
func NewPool[P any](o Options, h Handler[P]) *Pool[P] {
	return &Pool[P]{opts: o.withDefaults(), handle: h}
}

// Add takes an event. It never blocks. After Shutdown it does nothing.
func (p *Pool[P]) Add(e Event[P]) {}

// Run makes the calls, with contexts that descend from ctx, until Shutdown or
// the end of ctx; it returns when the last running call has returned. To be
// called once.
func (p *Pool[P]) Run(ctx context.Context) { <-ctx.Done() }

// Shutdown ends the pool: when it has returned no new call starts. It does not
// wait for running calls.
func (p *Pool[P]) Shutdown() {}

// Stats counts what is in the pool. Nothing is ever parked.
func (p *Pool[P]) Stats() Stats { return Stats{} }

// Running describes the calls that run, the longest running first.
func (p *Pool[P]) Running() []RunningInfo { return nil }

// Idle reports whether nothing runs and nothing is due.
func (p *Pool[P]) Idle() bool { return true }

// WaitIdle waits until Idle, or for the end of ctx, whose error it returns.
func (p *Pool[P]) WaitIdle(ctx context.Context) error { return ctx.Err() }
