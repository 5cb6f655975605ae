package observe

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"

	"github.com/ancho-dev/ancho/pkg/queue"
)

// Of failed calls, each binding logs the first hundred lines of a kind in a second, then one in a hundred.
const (
	sampleWindow = time.Second
	sampleFirst  = 100
	sampleEvery  = 100
)

// stacksKept is how many places of panics a binding remembers, whose stack it does not log again.
const stacksKept = 256

// The messages about failed calls.
const (
	msgWaits     = "this object waits, the others go on"
	msgUndecoded = "object passed over until it changes"
	msgParked    = "callback failed, object parked until it changes"
	msgFailed    = "callback failed"
	msgGaveUp    = "callback failed, event given up"
)

// failures logs the failed calls of a binding. It may be used concurrently.
type failures struct {
	log     logr.Logger
	omitted atomic.Int64 // lines that no later line has told yet

	mu      sync.Mutex
	samples map[string]*sample  // by message
	stacks  map[string]struct{} // places of panics whose stack was logged
}

// sample counts the lines of one message.
type sample struct {
	begun   time.Time // of the second
	lines   int       // in it
	omitted int       // since the last that was logged
}

// take reports whether to log a line, and how many were omitted before it.
func (s *sample) take(now time.Time) (omitted int, logged bool) {
	if now.Sub(s.begun) >= sampleWindow {
		s.begun, s.lines = now, 0
	}
	s.lines++
	if s.lines > sampleFirst && (s.lines-sampleFirst)%sampleEvery != 0 {
		s.omitted++
		return 0, false
	}
	omitted, s.omitted = s.omitted, 0
	return omitted, true
}

// write logs one call that failed.
func (l *failures) write(f *queue.Finish, message string) {
	omitted, logged := l.take(message, time.Now())
	if !logged {
		return
	}
	log := l.log.WithValues("action", f.Label, "object", f.Key.String(), "event", f.Type, "attempt", f.Attempt)
	if omitted > 0 {
		log = log.WithValues("omitted", omitted)
	}
	if p, ok := errors.AsType[*queue.PanicError](f.Err); ok && len(p.Stack) > 0 {
		at := panicPlace(p.Stack)
		log = log.WithValues("panicAt", at)
		if l.newPlace(at) {
			log = log.WithValues("stack", string(p.Stack))
		}
	}
	if f.Again {
		log = log.WithValues("retryIn", f.Next.String())
	}
	log.Error(f.Err, message)
}

func (l *failures) take(message string, now time.Time) (omitted int, logged bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.samples[message]
	if s == nil {
		if l.samples == nil {
			l.samples = map[string]*sample{}
		}
		s = &sample{}
		l.samples[message] = s
	}
	omitted, logged = s.take(now)
	if logged {
		l.omitted.Add(-int64(omitted))
	} else {
		l.omitted.Add(1)
	}
	return omitted, logged
}

// rest logs how many lines were omitted, once their second is over. It is called after each call.
func (l *failures) rest() {
	if l.omitted.Load() == 0 {
		return // so it is nearly always, and this is asked often
	}
	n := 0
	l.mu.Lock()
	for _, s := range l.samples {
		if time.Since(s.begun) >= sampleWindow {
			n += s.omitted
			s.omitted = 0
		}
	}
	l.mu.Unlock()
	if n > 0 {
		l.omitted.Add(-int64(n))
		l.log.Info("more calls failed, whose lines were omitted", "omitted", n)
	}
}

// newPlace reports whether a panic is the first at its place.
func (l *failures) newPlace(at string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.stacks[at]; known || len(l.stacks) >= stacksKept {
		return false
	}
	if l.stacks == nil {
		l.stacks = map[string]struct{}{}
	}
	l.stacks[at] = struct{}{}
	return true
}

// panicPlace finds the file and line that panicked in a stack as debug.Stack writes it: those of the first function below
// panic that is not the Go runtime's.
func panicPlace(stack []byte) string {
	below := false
	lines := bytes.Split(stack, []byte("\n"))
	for i := 0; i+1 < len(lines); i++ {
		function := string(lines[i])
		switch {
		case strings.HasPrefix(function, "\t"):
		case strings.HasPrefix(function, "panic("):
			below = true
		case below && !strings.HasPrefix(function, "runtime."):
			place, _, _ := strings.Cut(strings.TrimSpace(string(lines[i+1])), " +0x")
			return place
		}
	}
	return "unknown"
}
