package queue

import "context"

// Queue is the engine of Reconcile. All its methods are safe for concurrent use.
type Queue[P any] struct {
	opts   Options
	handle Handler[P]
}

// New makes a queue that calls h. Nothing runs before Run.
func New[P any](o Options, h Handler[P]) *Queue[P] {
	return &Queue[P]{opts: o.withDefaults(), handle: h}
}

// Add takes an event. It never blocks. After Shutdown it does nothing.
func (q *Queue[P]) Add(e Event[P]) {}

// Wake asks for a call of the object without an event of its own (a trigger).
// It is the same as Add of a bare Unchanged that passed, of no known UID.
func (q *Queue[P]) Wake(k Key, c Cause) {
	q.Add(Event[P]{Key: k, Type: Unchanged, Bare: true, Passed: true, Cause: c})
}

// Run makes the calls, with contexts that descend from ctx, until Shutdown or
// the end of ctx; it returns when the last running call has returned. To be
// called once.
func (q *Queue[P]) Run(ctx context.Context) { <-ctx.Done() }

// Shutdown ends the queue: when it has returned no new call starts. It does not
// wait for running calls; their results are recorded, but nothing is called
// again.
func (q *Queue[P]) Shutdown() {}

// Stats counts what is in the queue.
func (q *Queue[P]) Stats() Stats { return Stats{} }

// Running describes the calls that run, the longest running first.
func (q *Queue[P]) Running() []RunningInfo { return nil }

// Parked describes the parked objects, sorted by key.
func (q *Queue[P]) Parked() []ParkedInfo { return nil }

// Idle reports whether nothing runs and nothing is due. Work may still wait for
// the end of a delay.
func (q *Queue[P]) Idle() bool { return true }

// WaitIdle waits until Idle, or for the end of ctx, whose error it returns.
func (q *Queue[P]) WaitIdle(ctx context.Context) error { return ctx.Err() }
