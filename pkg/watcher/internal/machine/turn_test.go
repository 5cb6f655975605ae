package machine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

// Who reads a frame also takes it, in all three forms of an answer; what begins and ends an answer is for Run.
func TestWhoReadsTakes(t *testing.T) {
	var stacks []string
	run(t, func(r *rig) {
		check := func(what string, want ...bool) {
			t.Helper()
			synctest.Wait()
			if len(stacks) != len(want) {
				t.Fatalf("%s: %d calls of the handler", what, len(stacks))
			}
			for i, s := range stacks {
				if strings.Contains(s, "reading.frames") != want[i] {
					t.Errorf("%s: call %d was made by\n%s", what, i, s)
				}
			}
			stacks = nil
		}
		b := r.snapshot().ok()
		synctest.Wait()
		b.event("ADDED", pod("a", "5"))
		b.event("ADDED", pod("b", "6"))
		check("the snapshot", true, true)
		b.initialEnd("7")
		synctest.Wait()
		b.event("MODIFIED", pod("a", "8"))
		check("the same answer", true)
		b.end()
		b = r.watch("8").ok()
		synctest.Wait()
		b.event("DELETED", pod("b", "9"))
		check("the next watch", true)
		b.event("ERROR", status(http.StatusGone, "Expired"))
		b.end()
		r.snapshot().refuse(http.StatusBadRequest, "BadRequest")
		b = r.list("500", "").ok()
		synctest.Wait()
		b.write(`{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"20"},"items":[` + pod("c", "10"))
		check("a list", true)
		b.write(`]}`)
		b.end()
		r.watch("20")
		check("what the list does not show", false)
	}, func(_ *apiclient.Target, _ *Options, rec *recorder) {
		rec.during = func(report.Delta) { stacks = append(stacks, string(debug.Stack())) }
	})
}

// While the handler is at work on the goroutine that reads, nobody else is: no command runs, and a stop waits.
func TestTheTurnIsOnePersons(t *testing.T) {
	var leave chan struct{}
	run(t, func(r *rig) {
		b := r.synced("7")
		b.event("ADDED", pod("a", "8"))
		synctest.Wait()
		ran := make(chan int, 1)
		go func() {
			_ = r.Do(func() { ran <- r.Index().Len() })
		}()
		time.Sleep(time.Minute)
		if len(ran) > 0 {
			t.Error("a command ran beside the handler")
		}
		leave <- struct{}{}
		if n := <-ran; n != 1 {
			t.Errorf("the command sees %d objects", n)
		}
		b.event("MODIFIED", pod("a", "9"))
		synctest.Wait()
		r.stop()
		time.Sleep(time.Minute)
		select {
		case <-r.done:
			t.Error("the stream ended beside the handler")
		default:
		}
		leave <- struct{}{}
		<-r.done
	}, func(_ *apiclient.Target, _ *Options, rec *recorder) {
		leave = make(chan struct{}) // of the bubble
		rec.during = func(report.Delta) { <-leave }
	})
}

// What was handed over while the handler had no room comes before what is read after.
func TestTheTurnKeepsTheOrder(t *testing.T) {
	held(t, func(r *rig, g *gate) {
		b := r.synced("7")
		g.shut(time.Minute)
		b.event("ADDED", pod("a", "8"))
		r.expect()
		g.open()
		b.event("MODIFIED", pod("a", "9")) // the stream does not know yet that there is room
		r.expect()
		time.Sleep(time.Minute)
		b.event("MODIFIED", pod("a", "10"))
		r.expect("upsert a@uid-a:8 new", "upsert a@uid-a:9", "upsert a@uid-a:10")
	})
}

// fragile panics with what nobody may read.
type fragile struct{ recorder }

func (*fragile) Handle(report.Delta) { panic("a value that nobody may read") }

func TestAPanicOnTheReadingGoroutineIsRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{t: t, calls: make(chan *call)}
		server := apiclient.NewServerForClient(&url.URL{Scheme: "http", Host: "api"}, &http.Client{Transport: s})
		stream := New(server, apiclient.Target{Resource: pods}, &fragile{}, Options{})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		panicked := make(chan any)
		go func() {
			defer func() { panicked <- recover() }()
			stream.Run(ctx)
		}()
		b := s.snapshot().ok()
		synctest.Wait()
		b.event("ADDED", pod("a", "5"))
		err, _ := (<-panicked).(error)
		p, ok := errors.AsType[*HandlerPanicError](err)
		if !ok || p.Value != "a value that nobody may read" || !bytes.Contains(p.Stack, []byte("fragile")) {
			t.Fatalf("%+v", err)
		}
		if text := fmt.Sprint(err); !strings.Contains(text, "string") || strings.Contains(text, "nobody may read") {
			t.Errorf("it says %q", text)
		}
		synctest.Wait()
		if n := s.live.Load(); n != 0 {
			t.Errorf("%d bodies are open", n)
		}
		if err := stream.Do(func() { t.Error("a command of a dead stream ran") }); !errors.Is(err, ErrStopped) {
			t.Error(err)
		}
	})
}
