package queue

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/ancho-dev/ancho/internal/container"
)

// engine is what Queue and Pool have in common: the goroutines that make the
// calls, the timer, start and stop. A goroutine lives as long as there is
// something to call, and a moment longer; with nothing to do there is none.
type engine struct {
	opts  Options
	own   owner
	begun time.Time // when it was made, where moments begin

	mu          sync.Mutex
	ctx         context.Context // parent of the calls' contexts; nil before Run
	closed      bool
	done        chan struct{} // closed with closed
	workers     int
	idleWorkers idleWorkers
	group       sync.WaitGroup
	running     container.List[*run]
	timer       *time.Timer
	armed       container.Moment // for when the timer is set; never: it is not
	idle        chan struct{}    // closed when the engine becomes idle; nil: nobody waits
	load        load
	hang        hanging
}

// run is a call that runs. Each goroutine has one, for one call after the other.
type run struct {
	link    container.Link[*run]
	key     Key
	uid     string
	typ     EventType
	attempt int
	started container.Moment
	hangs   bool // see hanging
	over    bool // it has an extra slot
}

// owner is the Queue or Pool that an engine belongs to. All but step are called
// with mu held.
type owner interface {
	// worker gives what a new goroutine makes calls with. It is called without mu.
	worker() worker
	// startable is how many calls could start now, as far as is known.
	startable() int
	// busy is how much is due or runs.
	busy() int
	// soonest is when the first delay ends.
	soonest() (container.Moment, bool)
	// elapse makes due what is due at now.
	elapse(now container.Moment)
	// oldest is since when the oldest due call waits; never: there is none.
	oldest() container.Moment
}

// worker makes calls until there is none to make. It calls engine.leave, with mu held, when it has found that out.
type worker interface {
	work()
}

func (e *engine) init(o Options, own owner) {
	e.opts = o.withDefaults()
	e.own = own
	e.done = make(chan struct{})
	e.idleWorkers.init(e.opts.Concurrency)
	e.hang.init(&e.opts, own)
	e.begun = time.Now()
}

func (e *engine) now() container.Moment                  { return container.Moment(time.Since(e.begun)) + 1 }
func (e *engine) at(m container.Moment) time.Time        { return e.begun.Add(time.Duration(m - 1)) }
func (e *engine) until(m container.Moment) time.Duration { return time.Duration(m - e.now()) }

// Run makes the calls, with contexts that descend from ctx, until Shutdown or
// the end of ctx; it returns when the last running call has returned. To be
// called once.
func (e *engine) Run(ctx context.Context) {
	if ctx.Err() != nil {
		e.Shutdown()
	}
	stop := context.AfterFunc(ctx, e.Shutdown)
	defer stop()
	e.mu.Lock()
	e.ctx = ctx
	e.update()
	e.mu.Unlock()
	<-e.done
	e.group.Wait()
}

// Shutdown ends the work: when it has returned no new call starts. It does not
// wait for running calls; their results are recorded, but nothing is called
// again.
func (e *engine) Shutdown() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	e.closed = true
	close(e.done)
	if e.timer != nil {
		e.timer.Stop()
	}
	e.update()
}

// Running describes the calls that run, the longest running first.
func (e *engine) Running() []RunningInfo {
	e.mu.Lock()
	infos := make([]RunningInfo, 0, e.running.N)
	for k := e.running.First; k != nil; k = k.Next {
		r := k.Of
		infos = append(infos, RunningInfo{Key: r.key, UID: r.uid, Type: r.typ, Attempt: r.attempt, Started: e.at(r.started)})
	}
	e.mu.Unlock()
	slices.SortFunc(infos, func(a, b RunningInfo) int {
		return cmp.Or(a.Started.Compare(b.Started), a.Key.compare(b.Key))
	})
	return infos
}

// Idle reports whether nothing runs and nothing is due. Work may still wait for
// the end of a delay. After Shutdown it reports whether nothing runs.
func (e *engine) Idle() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.isIdle()
}

// WaitIdle waits until Idle, or for the end of ctx, whose error it returns.
func (e *engine) WaitIdle(ctx context.Context) error {
	for {
		e.mu.Lock()
		if e.isIdle() {
			e.mu.Unlock()
			return nil
		}
		if e.idle == nil {
			e.idle = make(chan struct{})
		}
		idle := e.idle
		e.mu.Unlock()
		select {
		case <-idle:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// isIdle also looks at the clock: a delay may have ended whose timer has not run.
func (e *engine) isIdle() bool {
	if e.closed {
		return e.running.N == 0
	}
	if e.own.busy() > 0 {
		return false
	}
	due, ok := e.own.soonest()
	return !ok || due > e.now()
}

// update follows every change of what waits: it starts goroutines for what can
// start, sets the timer for what cannot, and tells those who wait for nothing.
// mu is held.
func (e *engine) update() {
	if !e.closed {
		e.arm()
		for e.ctx != nil && e.workers < e.most() && e.workers < e.running.N+e.own.startable() {
			e.workers++
			if !e.idleWorkers.recall() {
				e.group.Add(1)
				go e.work()
			}
		}
	}
	if e.idle != nil && e.isIdle() {
		close(e.idle)
		e.idle = nil
	}
	e.load.update(e.closed)
}

// work makes calls until there is none to make.
func (e *engine) work() {
	left := false
	defer func() {
		if !left { // a handler ended the goroutine
			e.mu.Lock()
			e.leave()
			e.update()
			e.mu.Unlock()
		}
		e.group.Done()
	}()
	w := e.own.worker()
	for again := true; again; again = e.stay() {
		left = false
		w.work()
		left = true
	}
}

// leave takes the goroutine that calls it off the count. mu is held, and no call
// could start when it was taken: what comes later finds the count right.
func (e *engine) leave() { e.workers-- }

func (e *engine) arm() {
	due, ok := e.due()
	switch {
	case !ok:
		if e.timer != nil {
			e.timer.Stop()
		}
	case due == e.armed:
	case e.timer == nil:
		e.timer = time.AfterFunc(e.until(due), e.tick)
	default:
		e.timer.Reset(e.until(due))
	}
	e.armed = due
}

func (e *engine) tick() {
	e.mu.Lock()
	var h *Hanging
	if !e.closed {
		e.armed = container.Never
		now := e.now()
		e.own.elapse(now)
		e.look(now)
		h = e.report()
		e.update()
	}
	e.mu.Unlock()
	h.tell(e.opts.Observer)
}

// started and stopped keep the list of running calls. mu is held.
func (e *engine) started(r *run, k Key, uid string, t EventType, attempt int, now container.Moment) {
	r.key, r.uid, r.typ, r.attempt, r.started = k, uid, t, attempt, now
	r.link.Of, r.over = r, e.overflows()
	e.running.Push(&r.link)
	e.watch()
}

func (e *engine) stopped(r *run) {
	r.link.Remove()
	if r.hangs {
		e.unhang(r)
	}
}
