package runtime

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/replicas"
)

// lastChance is how long callbacks have to return once their contexts are cancelled.
const lastChance = 2 * time.Second

// errStopping is the cause that cancelled contexts of callbacks carry after the grace period.
var errStopping = errors.New("the program stops and the grace period is over")

// calls are the engines at work.
type calls struct {
	r      *Runtime
	fence  *replicas.Fence // nil: no lease can be lost
	cancel context.CancelCauseFunc
	done   chan struct{}
	stop   func() bool
}

// startEngines lets calls start. The contexts of callbacks outlive ctx by the grace period; when ctx ends,
// no new call starts from that moment on.
func (r *Runtime) startEngines(ctx context.Context) *calls {
	c := &calls{r: r, done: make(chan struct{})}
	if r.election != nil {
		c.fence = r.election.Fence
	}
	var work context.Context
	work, c.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	c.stop = context.AfterFunc(ctx, r.shutdownEngines)
	if f := c.fence; f != nil {
		context.AfterFunc(f.Lost(), func() { c.cancel(context.Cause(f.Lost())) }) //nolint:contextcheck // ends with the lease, not with the caller
	}
	var wg sync.WaitGroup
	for _, b := range r.bindings {
		b.Start(ctx, work, &wg)
	}
	go func() {
		wg.Wait()
		close(c.done)
	}()
	return c
}

func (r *Runtime) shutdownEngines() {
	r.stopping.Store(true)
	for _, b := range r.bindings {
		b.Shutdown()
	}
}

// drain waits for the calls that run. It returns when all have returned, or when the grace period and a
// last chance after cancelling them are over; a lost lease cuts both short. It tells whether all have returned.
func (c *calls) drain(grace time.Duration) bool {
	c.stop()
	c.r.shutdownEngines() // again, if the context's end has not yet: it costs nothing
	defer c.cancel(nil)
	running := c.r.runningCalls()
	if len(running) > 0 && grace > 0 {
		c.r.log.Info("stopping: waiting for running callbacks", "running", len(running), "gracePeriod", grace.String())
		if c.wait(grace) {
			c.r.log.Info("stopped")
			return true
		}
	}
	c.cancel(c.why())
	if c.wait(lastChance) || c.waitLost() {
		c.r.log.Info("stopped")
		return true
	}
	c.r.log.Info("stopped, leaving behind callbacks that do not return", "callbacks", c.r.runningCalls())
	return false
}

// why is the cause that cancelled contexts of callbacks carry now. A lost lease ends the work too, and what it has
// cancel them may come later than the end of the work.
func (c *calls) why() error {
	if lost := c.fence.Cause(); lost != nil {
		return lost
	}
	return errStopping
}

// wait says whether all engines ended within d, and before the lease was lost.
func (c *calls) wait(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-c.done:
		return true
	case <-c.fence.Ended():
		return false
	case <-t.C:
		return false
	}
}

// waitLost says whether all engines ended soon after the lease was lost; false: it is not.
func (c *calls) waitLost() bool {
	if c.fence == nil || c.fence.Lost().Err() == nil {
		return false
	}
	t := time.NewTimer(c.fence.Moment(lastChance))
	defer t.Stop()
	select {
	case <-c.done:
		return true
	case <-t.C:
		return false
	}
}

// runningCalls names the calls that run, as "capability/binding object".
func (r *Runtime) runningCalls() []string {
	var out []string
	for _, b := range r.bindings {
		out = append(out, b.Calls()...)
	}
	return out
}
