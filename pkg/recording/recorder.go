package recording

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
	"unicode/utf8"
)

// DefaultMaxPending is how many bytes may wait to be written.
const DefaultMaxPending = 64 << 20

// ErrTooSlow is what a recording ends with whose bytes could not be written as fast as they came.
var ErrTooSlow = errors.New("the recording ends here: what is to be written comes faster than it can be")

// Options are the settings of a Recorder; the zero value of each has a default.
type Options struct {
	// Secrets records Secrets like any other objects. Default: requests for them are recorded, the answers are not. Answers
	// about tokens are never recorded.
	Secrets bool
	// Failed is called once if the recording cannot go on, from the goroutine that writes; nothing is written after that.
	// Default: nothing is called.
	Failed func(error)
	// MaxPending bounds the bytes that wait to be written. More ends the recording with ErrTooSlow, rather than
	// blocking the program or filling its memory. Default: DefaultMaxPending.
	MaxPending int
}

// Recorder writes a recording. Requests are noted in memory, and written by a goroutine of its own. All methods may be
// called concurrently.
type Recorder struct {
	o     Options
	out   io.Writer
	began time.Time
	wake  chan struct{} // has a token when something waits, or the end has come

	mu      sync.Mutex
	number  int
	pending []line
	waiting int // about how many bytes pending is
	failure error
	stopped bool
}

// New makes a recorder that writes to out, once Start was called.
func New(out io.Writer, o Options) *Recorder {
	if o.MaxPending <= 0 {
		o.MaxPending = DefaultMaxPending
	}
	return &Recorder{o: o, out: out, began: time.Now(), wake: make(chan struct{}, 1)}
}

// Start begins to write, including everything recorded before. It returns a function that stops after all is written,
// and returns the error, if any. Call Start once.
func (r *Recorder) Start() (stop func() error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.write()
	}()
	return func() error {
		r.mu.Lock()
		r.stopped = true
		r.mu.Unlock()
		r.signal()
		<-done
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.failure
	}
}

func (r *Recorder) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// note has a line written. Its bytes are the recorder's from then on.
func (r *Recorder) note(l line) {
	l.At = time.Since(r.began).Microseconds()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(l)
}

func (r *Recorder) add(l line) {
	if r.failure != nil || r.stopped {
		return
	}
	const overhead = 250 // of a line, about
	if size := overhead + len(l.Base64) + len(l.URL); r.waiting+size > r.o.MaxPending {
		r.failure = ErrTooSlow
	} else {
		r.waiting += size
		r.pending = append(r.pending, l)
	}
	r.signal()
}

// request notes a request, and gives it its number.
func (r *Recorder) request(l line) int {
	l.At = time.Since(r.began).Microseconds()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.number++
	l.N = r.number
	r.add(l)
	return l.N
}

// write is the work of the recorder's goroutine.
func (r *Recorder) write() {
	var b bytes.Buffer
	err := r.encode(&b, header{Format: format, Version: Version, Began: r.began.UTC()}, nil)
	for err == nil {
		<-r.wake
		lines, last, failure := r.take()
		if err = r.encode(&b, nil, lines); err == nil {
			err = failure
		}
		if last {
			break
		}
	}
	if err == nil {
		return
	}
	r.mu.Lock()
	r.failure, r.pending = err, nil
	r.mu.Unlock()
	if r.o.Failed != nil {
		r.o.Failed(err)
	}
}

// take gives what waits, and whether it was the last.
func (r *Recorder) take() (lines []line, last bool, failure error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	lines = r.pending
	r.pending, r.waiting = nil, 0
	return lines, r.stopped, r.failure
}

// encode writes lines in one go, so that a line is seldom cut off.
func (r *Recorder) encode(b *bytes.Buffer, first any, lines []line) error {
	b.Reset()
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if first != nil {
		if err := enc.Encode(first); err != nil {
			return fmt.Errorf("the recording: %w", err)
		}
	}
	for _, l := range lines {
		if utf8.Valid(l.Base64) {
			l.Text, l.Base64 = string(l.Base64), nil
		}
		if err := enc.Encode(l); err != nil {
			return fmt.Errorf("the recording: %w", err)
		}
	}
	if _, err := r.out.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write the recording: %w", err)
	}
	return nil
}
