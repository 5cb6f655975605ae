package testenv

import (
	"io"
	"sync"
)

// tailSize is how much of a server's log an error shows, in bytes.
const tailSize = 4 << 10

// tail keeps the end of what is written to it, and passes it on.
type tail struct {
	next io.Writer // may be nil

	mu  sync.Mutex
	end []byte
}

// newTails returns a tail for each of n servers that share next, which may be
// nil and need not be safe for concurrent use.
func newTails(next io.Writer, n int) []*tail {
	if next != nil {
		next = &shared{next: next}
	}
	tails := make([]*tail, n)
	for i := range tails {
		tails[i] = &tail{next: next}
	}
	return tails
}

// shared lets several write to one writer.
type shared struct {
	mu   sync.Mutex
	next io.Writer
}

func (s *shared) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next.Write(b)
}

// Write never fails: a log that cannot be shown must not end a server.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end = append(t.end, b...)
	if over := len(t.end) - tailSize; over > 0 {
		t.end = append(t.end[:0], t.end[over:]...)
	}
	if t.next != nil {
		_, _ = t.next.Write(b)
	}
	return len(b), nil
}

// String is the end of the log, at most tailSize bytes. A nil tail is empty.
func (t *tail) String() string {
	if t == nil {
		return ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.end)
}
