// Package logbuf stands between a program and the file, pipe or terminal that its log goes to, so that writing a line never
// blocks. It never changes a line, and never decides what is logged.
package logbuf

import (
	"io"
	"sync"
	"time"
)

// Limit is how many bytes of lines wait for the writer at most.
const Limit = 1 << 20

// batch is how many bytes are written at once, at most, where lines wait.
const batch = 32 << 10

// The pauses between the attempts of a write that fails, the second twice as long as the first and so on.
const (
	retryMin = 10 * time.Millisecond
	retryMax = time.Second
)

// Writer buffers lines. A goroutine writes them in their order, while there are any. A line that does not fit is lost, and
// counted; once there is room again, a line says how many were. All methods may be called concurrently.
type Writer struct {
	out  io.Writer
	lost func(n uint64) []byte

	mu      sync.Mutex
	lines   [][]byte
	size    int           // of lines
	dropped uint64        // lines that were lost
	untold  uint64        // of these, lines that no line has counted
	since   time.Time     // the write under way began, or the first of those that fail; zero: there is none
	idle    chan struct{} // closed when the goroutine ends; nil: there is none
}

// New returns a Writer to out.
func New(out io.Writer) *Writer { return &Writer{out: out} }

// OnLost has f make the line about lost lines. f must not write. Default: there is no such line.
func (w *Writer) OnLost(f func(n uint64) []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lost = f
}

// Write adds a line, which is copied. It never blocks and never fails.
func (w *Writer) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	room := Limit
	if w.untold > 0 {
		room = Limit / 2 // one line about many
	}
	if w.size > 0 && w.size+len(line) > room {
		w.dropped++
		w.untold++
		return len(line), nil
	}
	w.tell()
	w.add(append(make([]byte, 0, len(line)), line...))
	return len(line), nil
}

// add is called with mu held.
func (w *Writer) add(line []byte) {
	w.lines = append(w.lines, line)
	w.size += len(line)
	if w.idle == nil {
		w.idle = make(chan struct{})
		go w.drain()
	}
}

// tell adds the line about lost lines. mu is held.
func (w *Writer) tell() {
	if w.untold > 0 && w.lost != nil {
		line := w.lost(w.untold)
		w.untold = 0
		w.add(line)
	}
}

// drain writes until there is nothing to write.
func (w *Writer) drain() {
	for {
		out := w.take()
		if out == nil {
			return
		}
		w.write(out)
	}
}

// take returns the next lines, and nil for the end of the goroutine.
func (w *Writer) take() (out []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since = time.Time{}
	if len(w.lines) == 0 {
		w.tell()
	}
	n := 0
	for n < len(w.lines) && (n == 0 || len(out)+len(w.lines[n]) <= batch) {
		out = append(out, w.lines[n]...)
		w.size -= len(w.lines[n])
		n++
	}
	if n == 0 {
		w.lines = nil // a backlog does not stay in memory
		close(w.idle)
		w.idle = nil
		return nil
	}
	clear(w.lines[:n])
	w.lines = w.lines[n:]
	w.since = time.Now()
	return out
}

// write writes all of it, however long that takes.
func (w *Writer) write(out []byte) {
	for pause := retryMin; ; pause = min(2*pause, retryMax) {
		n, err := w.out.Write(out)
		out = out[min(max(n, 0), len(out)):]
		if err == nil || len(out) == 0 {
			return
		}
		time.Sleep(pause)
	}
}

// Flush waits until all lines are written, but no longer than d. It reports whether they are.
func (w *Writer) Flush(d time.Duration) bool {
	w.mu.Lock()
	idle := w.idle
	w.mu.Unlock()
	if idle == nil {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-idle:
		return true
	case <-t.C:
		return false
	}
}

// StuckFor is how long the write under way has taken, including the attempts that failed; zero while there is none.
func (w *Writer) StuckFor() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.since.IsZero() {
		return 0
	}
	return time.Since(w.since)
}

// Dropped is how many lines were lost.
func (w *Writer) Dropped() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dropped
}
