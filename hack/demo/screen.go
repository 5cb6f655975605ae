package main

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"
)

// Colours, as terminals understand them.
const (
	plain = "\x1b[0m"
	bold  = "\x1b[1m"
	dim   = "\x1b[2m"
	red   = "\x1b[31m"
	green = "\x1b[32m"
	cyan  = "\x1b[36m"
)

// screen is where the demo says what happens. Its methods may be called from several goroutines.
type screen struct {
	mu      sync.Mutex
	w       io.Writer
	colours bool
	began   time.Time
}

func newScreen(w io.Writer, colours bool) *screen {
	return &screen{w: w, colours: colours, began: time.Now()}
}

// paint puts a colour around a text, where there are colours.
func (s *screen) paint(colour, text string) string {
	if !s.colours {
		return text
	}
	return colour + text + plain
}

// line writes one line; a reader that went away is not missed.
func (s *screen) line(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintln(s.w, text)
}

// chapter begins a part of the demo.
func (s *screen) chapter(title string) { s.line("\n" + s.paint(bold, title)) }

// didf says what the demo did.
func (s *screen) didf(format string, args ...any) {
	s.line(s.paint(cyan, "-> ") + fmt.Sprintf(format, args...))
}

// sawf says what is to be seen of it: in the program's log, in its answers, in the cluster.
func (s *screen) sawf(who, format string, args ...any) {
	s.line("   " + s.paint(green, who+":") + " " + fmt.Sprintf(format, args...))
}

// notef says something by the way.
func (s *screen) notef(format string, args ...any) {
	s.line("   " + s.paint(dim, fmt.Sprintf(format, args...)))
}

// entry shows a line of the program's log.
func (s *screen) entry(e entry) {
	s.sawf(e.who(), "%s%s", e.text(), s.paint(dim, e.about()))
}

// closing is the last line of a demo that went well.
func (s *screen) closing(steps int) {
	s.line("\n" + s.paint(green, fmt.Sprintf("Done in %s: %d steps, and the program did what it should after each.",
		seconds(time.Since(s.began)), steps)))
}

// interrupted is the end of one that was not let finish.
func (s *screen) interrupted() {
	s.line("\n" + s.paint(red, "Interrupted. Everything that was started has been stopped."))
}

// failed is the end of one that went wrong.
func (s *screen) failed(err error, lines []string) {
	if len(lines) > 0 {
		s.line("\n" + s.paint(dim, "The last lines of the program's log:"))
		for _, l := range lines {
			s.line("   " + l)
		}
	}
	s.line("\n" + s.paint(red, "The demo failed: "+err.Error()))
}

// indented returns a writer that puts each line it is given on the screen, as a note.
func (s *screen) indented() io.Writer { return &indented{screen: s} }

type indented struct {
	screen *screen
	rest   []byte
}

// Write implements io.Writer. It never fails.
func (w *indented) Write(b []byte) (int, error) {
	w.rest = append(w.rest, b...)
	for {
		line, rest, ok := bytes.Cut(w.rest, []byte("\n"))
		if !ok {
			return len(b), nil
		}
		w.screen.notef("%s", line)
		w.rest = rest
	}
}

// seconds prints a duration as people say it.
func seconds(d time.Duration) string {
	if d < 100*time.Millisecond {
		return fmt.Sprintf("%dms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1fs", d.Seconds())
}
