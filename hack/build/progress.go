package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// progress reads the output of `go build -v`, which names each package that it
// compiles on a line of its own, and turns it into a line now and then. All else
// in that output is kept for the error message.
type progress struct {
	log   io.Writer
	name  string
	total int
	start time.Time

	mu     sync.Mutex
	rest   []byte // the line that is not complete yet
	done   int
	others []string
}

func newProgress(log io.Writer, name string, total int, start time.Time) *progress {
	return &progress{log: log, name: name, total: total, start: start}
}

// Write takes in output of the go command. It never fails.
func (p *progress) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rest = append(p.rest, b...)
	for {
		line, rest, ok := bytes.Cut(p.rest, []byte("\n"))
		if !ok {
			return len(b), nil
		}
		p.line(string(line))
		p.rest = rest
	}
}

func (p *progress) line(line string) {
	// An import path has no blank; errors, "# package" headers and downloads have.
	if line == "" || strings.ContainsAny(line, " \t") {
		p.others = append(p.others, line)
		return
	}
	p.done++
}

// report writes where the build is. Packages that the build cache holds are
// never named, so the total is an upper bound.
func (p *progress) report(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.log, "%s: %d packages compiled (of %d at most), %s\n",
		p.name, p.done, p.total, now.Sub(p.start).Round(time.Second))
}

// tick reports every interval until stop is called; stop returns once the last
// report is out.
func (p *progress) tick(interval time.Duration) (stop func()) {
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		t := time.NewTicker(interval)
		defer t.Stop()
		for {
			select {
			case now := <-t.C:
				p.report(now)
			case <-quit:
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-gone
	}
}

// errors is what the go command said beside the names of packages.
func (p *progress) errors() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(append(p.others, string(p.rest)), "\n")
}
