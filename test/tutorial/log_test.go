//go:build e2e

package tutorial

import (
	"strings"
	"sync"
	"time"
)

// log is what a program has written.
type log struct {
	mu      sync.Mutex
	text    strings.Builder
	ended   bool
	changed chan struct{} // closed when text changes
}

func newLog() *log { return &log{changed: make(chan struct{})} }

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	close(l.changed)
	l.changed = make(chan struct{})
	return len(p), nil
}

// close says that nothing more comes.
func (l *log) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// wait waits for a text, and reports whether it came.
func (l *log) wait(want string, patience time.Duration) bool {
	end := time.NewTimer(patience)
	defer end.Stop()
	for {
		l.mu.Lock()
		found, ended, changed := strings.Contains(l.text.String(), want), l.ended, l.changed
		l.mu.Unlock()
		if found || ended {
			return found
		}
		select {
		case <-changed:
		case <-end.C:
			return false
		}
	}
}
