package machine

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr/funcr"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

func TestDoInEveryPhase(t *testing.T) {
	run(t, func(r *rig) {
		do := func(where string) {
			ran := false
			if err := r.Do(func() { ran = true }); err != nil || !ran {
				t.Errorf("%s: ran %v, %v", where, ran, err)
			}
		}
		c := r.snapshot()
		do("before the answer")
		b := c.ok()
		do("in the snapshot")
		b.event("ADDED", pod("a", "5"))
		b.initialEnd("7")
		do("streaming")
		b.cut()
		synctest.Wait()
		do("in a pause")
		r.watch("7").refuse(403, "Forbidden")
		do("blocked")
		r.watch("7").ok()
		r.stop()
		<-r.done
		if err := r.Do(func() { t.Error("ran after the end") }); !errors.Is(err, ErrStopped) {
			t.Errorf("after the end: %v", err)
		}
		r.Run(t.Context()) // a second time: nothing
	})
}

func TestDoBeforeRunAndConcurrently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{t: t, calls: make(chan *call)}
		stream := New(testServer(s), apiclient.Target{Resource: pods}, &recorder{}, Options{})
		var wg sync.WaitGroup
		n := 0
		for range 50 {
			wg.Go(func() {
				if err := stream.Do(func() { n++ }); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if n != 0 || stream.State().Phase != report.Idle {
			t.Errorf("%d ran before Run, phase %v", n, stream.State().Phase)
		}
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() { stream.Run(ctx) })
		synctest.Wait()
		if n != 50 {
			t.Errorf("%d ran", n)
		}
		cancel()
		wg.Wait()
	})
}

// A function that waits while the stream ends is not run, and whoever gave it is told so.
func TestDoAtTheEnd(t *testing.T) {
	run(t, func(r *rig) {
		got := make(chan error, 1)
		r.rec.during = func(report.Delta) {
			r.stop()
			go func() { got <- r.Do(func() { t.Error("ran") }) }()
			time.Sleep(time.Second) // virtual: until it waits
		}
		r.snapshot().ok().event("ADDED", pod("a", "5"))
		<-r.done
		if err := <-got; !errors.Is(err, ErrStopped) {
			t.Error(err)
		}
	})
}

func TestEndWhileTheHandlerIsSlow(t *testing.T) {
	run(t, func(r *rig) {
		r.rec.during = func(report.Delta) { r.stop(); time.Sleep(time.Minute) }
		b := r.snapshot().ok()
		b.event("ADDED", pod("a", "5"))
		b.event("ADDED", pod("b", "5"))
		<-r.done
		r.expect("upsert a@uid-a:5 new initial") // nothing after the end of its context
	})
}

func TestLogging(t *testing.T) {
	var mu sync.Mutex
	var lines []string
	logger := funcr.New(func(_, args string) {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, args)
	}, funcr.Options{})
	run(t, func(r *rig) {
		b := r.synced("7")
		for range 3 { // routine is not worth a line
			r.none(6 * time.Minute)
			b.bookmark("8")
			b.end()
			b = r.watch("8").ok()
		}
		r.none(time.Minute)
		if got := take(&mu, &lines); len(got) != 0 {
			t.Errorf("logged %q", got)
		}
		b.cut()
		for range 8 {
			r.watch("8").fail("refused")
		}
		for range 4 {
			r.watch("8").refuse(403, "Forbidden")
		}
		r.watch("8").ok()
		r.lasts(report.Blocked, report.ReasonForbidden)
		if got := take(&mu, &lines); len(got) != 3 {
			t.Errorf("logged %d lines: %q", len(got), got)
		}
	}, func(_ *apiclient.Target, o *Options, _ *recorder) { o.Logger = logger })
}

func TestObserver(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"))
		b.event("MODIFIED", pod("a", "8"))
		b.event("DELETED", pod("a", "9"))
		b.bookmark("10")
		synctest.Wait()
		for what, want := range map[string]int{"frame ADDED": 1, "frame MODIFIED": 1, "frame DELETED": 1, "frame BOOKMARK": 2} {
			if got := r.obs.get(what); got != want {
				t.Errorf("%s: %d, want %d", what, got, want)
			}
		}
		if r.obs.byteSum.Load() == 0 {
			t.Error("no bytes were counted")
		}
	})
}

func TestEventTooLarge(t *testing.T) {
	run(t, func(r *rig) {
		large := func(b *body) {
			b.write(`{"type":"ADDED","object":{"metadata":{"name":"` + strings.Repeat("x", 2000)) // returns when the reader has closed
			b.end()
		}
		large(r.synced("7", pod("a", "5")))
		r.is(report.Blocked, report.ReasonTooLarge)
		large(r.watch("7").ok())
		b := r.snapshot().ok() // around it
		b.event("ADDED", pod("a", "5"))
		b.initialEnd("9")
		r.expect("synced 9 true")
		r.is(report.Streaming, "")
	}, func(_ *apiclient.Target, o *Options, _ *recorder) { o.MaxFrame = 1000 })
}

func testServer(s *script) *apiclient.Server {
	return apiclient.NewServerForClient(&url.URL{Scheme: "http", Host: "api"}, httpClient(s))
}
