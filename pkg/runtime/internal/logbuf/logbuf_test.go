package logbuf_test

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/logbuf"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pipe is a writer that blocks until it is read, or fails.
type pipe struct {
	mu   sync.Mutex
	text bytes.Buffer
	err  error
	part int           // bytes that a failing write takes
	open chan struct{} // nil: it does not block
}

func (p *pipe) Write(b []byte) (int, error) {
	p.mu.Lock()
	open := p.open
	p.mu.Unlock()
	if open != nil {
		<-open
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		n, _ := p.text.Write(b[:min(p.part, len(b))])
		return n, p.err
	}
	return p.text.Write(b)
}

func (p *pipe) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

func (p *pipe) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

func lost(n uint64) []byte { return fmt.Appendf(nil, "lost %d\n", n) }

func buffer(p *pipe) *logbuf.Writer {
	w := logbuf.New(p)
	w.OnLost(lost)
	return w
}

// write writes lines of 100 bytes that begin with their numbers.
func write(w *logbuf.Writer, from, to int) {
	for i := from; i < to; i++ {
		line := fmt.Sprintf("%d %s", i, strings.Repeat("x", 100))
		_, _ = w.Write([]byte(line[:99] + "\n"))
	}
}

// check reads what was written: each line in its order, and for each gap a line that says how many are missing.
func check(t *testing.T, text string, want int) (gaps int) {
	t.Helper()
	next := 0
	for line := range strings.Lines(text) {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), "lost "); ok {
			missing, err := strconv.Atoi(n)
			if err != nil || missing == 0 {
				t.Fatalf("%q: %v", line, err)
			}
			next += missing
			gaps++
			continue
		}
		if number, _, _ := strings.Cut(line, " "); number != strconv.Itoa(next) || len(line) != 100 {
			t.Fatalf("line %q, want that of %d", line, next)
		}
		next++
	}
	if next != want {
		t.Fatalf("%d lines are accounted for, want %d", next, want)
	}
	return gaps
}

func TestLinesKeepTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipe{}
		w := buffer(p)
		write(w, 0, 5000)
		if !w.Flush(time.Second) || check(t, p.String(), 5000) != 0 || w.Dropped() != 0 || w.StuckFor() != 0 {
			t.Errorf("dropped %d, stuck for %s", w.Dropped(), w.StuckFor())
		}
	})
}

// A pipe that nothing reads blocks no caller. What does not fit is counted, and a line says so where it is missing.
func TestABlockedPipeBlocksNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipe{open: make(chan struct{})}
		w := buffer(p)
		begin := time.Now()
		const all = 3 * logbuf.Limit / 100
		write(w, 0, all)
		if time.Since(begin) != 0 || w.Dropped() < all/2 {
			t.Errorf("took %s, dropped %d", time.Since(begin), w.Dropped())
		}
		dropped := w.Dropped()
		time.Sleep(90 * time.Second)
		if d := w.StuckFor(); d != 90*time.Second {
			t.Errorf("stuck for %s", d)
		}
		if w.Flush(2*time.Second) || time.Since(begin) != 92*time.Second {
			t.Errorf("flushed in %s", time.Since(begin))
		}
		close(p.open)
		if !w.Flush(time.Second) {
			t.Error("not flushed")
		}
		write(w, all, all+10)
		if !w.Flush(time.Second) || check(t, p.String(), all+10) != 1 || w.Dropped() != dropped || w.StuckFor() != 0 {
			t.Errorf("dropped %d then %d, stuck for %s", dropped, w.Dropped(), w.StuckFor())
		}
	})
}

// A write that fails is repeated from where it stopped: a full disk, or one that is away for a while, costs no line that fits.
func TestAFailingWriteIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipe{err: errors.New("no space left on device"), part: 7}
		w := buffer(p)
		write(w, 0, 100)
		time.Sleep(10 * time.Second)
		if d := w.StuckFor(); d != 10*time.Second {
			t.Errorf("stuck for %s", d)
		}
		p.fail(nil)
		if !w.Flush(2*time.Second) || check(t, p.String(), 100) != 0 || w.StuckFor() != 0 {
			t.Errorf("stuck for %s", w.StuckFor())
		}
	})
}

// Many may write at once: a line is never torn.
func TestManyWriters(t *testing.T) {
	p := &pipe{}
	w := buffer(p)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() { write(w, i*100, i*100+100) })
	}
	all.Wait()
	if !w.Flush(time.Minute) {
		t.Fatal("not flushed")
	}
	if n := strings.Count(p.String(), "\n"); n != 800 {
		t.Errorf("%d lines", n)
	}
	for line := range strings.Lines(p.String()) {
		if len(line) != 100 {
			t.Errorf("torn: %q", line)
		}
	}
}
