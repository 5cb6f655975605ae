package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
)

// errEnded: the program ended before it had logged what was waited for.
var errEnded = errors.New("the program ended by itself")

// logbook keeps the lines of the program's log, and lets others wait for one.
type logbook struct {
	onLine func(entry) // called with each line, before anybody who waits for it; may be nil

	mu      sync.Mutex
	entries []entry
	news    chan struct{} // closed and replaced with each line
	ended   bool
}

func newLogbook(onLine func(entry)) *logbook {
	return &logbook{onLine: onLine, news: make(chan struct{})}
}

// read takes in lines until r ends. A line that is none of the log's (a crash) is kept as it is.
func (l *logbook) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if line = strings.TrimRight(line, "\n"); line != "" {
			l.add(line)
		}
		if err != nil {
			l.end()
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("read the program's log: %w", err)
		}
	}
}

// end says that no further line comes.
func (l *logbook) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	close(l.news)
}

func (l *logbook) add(line string) {
	e, err := parseEntry(line)
	if err != nil {
		e = entry{level: "error", msg: line, raw: line}
	}
	if l.onLine != nil {
		l.onLine(e)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, e)
	close(l.news)
	l.news = make(chan struct{})
}

// mark is the number of lines so far: what comes later has a higher one.
func (l *logbook) mark() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.entries)
}

// since returns the lines after a mark.
func (l *logbook) since(mark int) []entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]entry(nil), l.entries[mark:]...)
}

// wait returns the first line after a mark that fits.
func (l *logbook) wait(ctx context.Context, mark int, w want) (entry, error) {
	for {
		l.mu.Lock()
		for ; mark < len(l.entries); mark++ {
			if e := l.entries[mark]; w.fits(e) {
				l.mu.Unlock()
				return e, nil
			}
		}
		news, ended := l.news, l.ended
		l.mu.Unlock()
		if ended {
			return entry{}, errEnded
		}
		select {
		case <-news:
		case <-ctx.Done():
			return entry{}, ctx.Err()
		}
	}
}

// want says which line is waited for. What is empty fits all.
type want struct {
	msg                                string
	capability, binding, object, event string
	key, text                          string // one of the values
}

func (w want) fits(e entry) bool {
	fit := func(want, have string) bool { return want == "" || want == have }
	return fit(w.msg, e.msg) && fit(w.capability, e.capability) && fit(w.binding, e.binding) &&
		fit(w.object, e.object) && fit(w.event, e.event) && (w.key == "" || e.value(w.key) == w.text)
}

// String describes the line to people who wait for it.
func (w want) String() string {
	s := fmt.Sprintf("the program logs %q", w.msg)
	if w.object != "" {
		s += " for " + w.object
	}
	if w.key != "" {
		s += fmt.Sprintf(" with %s=%q", w.key, w.text)
	}
	return s
}
