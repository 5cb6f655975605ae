package logs

import (
	"sync"
	"time"

	"github.com/go-logr/logr"
)

// mostLines is how many lines wait for a logger that does not return.
const mostLines = 1000

// Lines hands lines to a logger in their order, from a goroutine of its own, which runs while there are any. So what has
// to be done in time, such as giving up the lease, never waits for a logger. Lines over the bound are lost, and counted.
type Lines struct {
	mu      sync.Mutex
	lines   []func()
	idle    chan struct{} // closed when the goroutine ends; nil: there is none
	dropped uint64
}

func (q *Lines) add(line func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.lines) >= mostLines {
		q.dropped++
		return
	}
	q.lines = append(q.lines, line)
	if q.idle == nil {
		q.idle = make(chan struct{})
		go q.drain()
	}
}

func (q *Lines) drain() {
	for {
		line := q.take()
		if line == nil {
			return
		}
		line()
	}
}

// take returns nil for the end of the goroutine.
func (q *Lines) take() func() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.lines) == 0 {
		close(q.idle)
		q.idle, q.lines = nil, nil
		return nil
	}
	line := q.lines[0]
	q.lines[0] = nil
	q.lines = q.lines[1:]
	return line
}

// Flush waits until all lines are handed over, but no longer than d.
func (q *Lines) Flush(d time.Duration) {
	q.mu.Lock()
	idle := q.idle
	q.mu.Unlock()
	if idle == nil {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-idle:
	case <-t.C:
	}
}

// Lost is how many lines were not handed over.
func (q *Lines) Lost() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped
}

// Detached is a logger whose lines go to log by way of the queue. Values given to it must not change afterwards.
func (q *Lines) Detached(log logr.Logger) logr.Logger {
	sink := log.GetSink()
	if sink == nil {
		return log
	}
	return log.WithSink(detachedSink{sink, q})
}

// detachedSink is the sink of a detached logger.
type detachedSink struct {
	to    logr.LogSink
	queue *Lines
}

// Init does nothing: the sink below was made ready before.
func (s detachedSink) Init(logr.RuntimeInfo) {}

// Enabled says whether lines of a level are written.
func (s detachedSink) Enabled(level int) bool { return s.to.Enabled(level) }

// Info writes a line.
func (s detachedSink) Info(level int, msg string, values ...any) {
	s.queue.add(func() { s.to.Info(level, msg, values...) })
}

// Error writes a line about an error.
func (s detachedSink) Error(err error, msg string, values ...any) {
	s.queue.add(func() { s.to.Error(err, msg, values...) })
}

// WithValues returns a sink with more values.
func (s detachedSink) WithValues(values ...any) logr.LogSink {
	return detachedSink{s.to.WithValues(values...), s.queue}
}

// WithName returns a sink with a name.
func (s detachedSink) WithName(name string) logr.LogSink {
	return detachedSink{s.to.WithName(name), s.queue}
}
