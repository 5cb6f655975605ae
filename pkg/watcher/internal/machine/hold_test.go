package machine

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

// gate holds a stream up.
type gate struct {
	mu     sync.Mutex
	room   chan struct{} // nil: open
	latest time.Time
	asked  atomic.Int32
}

func (g *gate) hold() (room <-chan struct{}, latest time.Time) {
	g.asked.Add(1)
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.room, g.latest
}

// shut holds the stream up for so long at most.
func (g *gate) shut(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.room, g.latest = make(chan struct{}), time.Now().Add(d)
}

// open lets the stream go on, the next time that it asks.
func (g *gate) open() (room chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	room, g.room = g.room, nil
	return room
}

func held(t *testing.T, test func(*rig, *gate), change ...func(*Options)) {
	t.Helper()
	g := &gate{}
	run(t, func(r *rig) { test(r, g) }, func(_ *apiclient.Target, o *Options, _ *recorder) {
		o.Hold = g.hold
		for _, c := range change {
			c(o)
		}
	})
}

func TestHoldWaitsForRoom(t *testing.T) {
	held(t, func(r *rig, g *gate) {
		b := r.synced("7")
		g.shut(time.Hour)
		b.event("ADDED", pod("a", "8"))
		b.event("ADDED", pod("b", "9"))
		r.expect()
		asked := g.asked.Load()
		time.Sleep(time.Minute)
		if n := g.asked.Load(); n != asked {
			t.Errorf("asked %d times while nothing happened", n-asked)
		}
		if s := r.is(report.Streaming, ""); s.RV != "7" {
			t.Errorf("the state is at %s, want 7", s.RV)
		}
		ran := false
		if err := r.Do(func() { ran = true }); err != nil || !ran {
			t.Errorf("a command was not run: %v", err)
		}
		close(g.open())
		r.expect("upsert a@uid-a:8 new", "upsert b@uid-b:9 new")
	})
}

func TestHoldEndsAtItsTime(t *testing.T) {
	held(t, func(r *rig, g *gate) {
		b := r.synced("7")
		g.shut(time.Minute)
		b.event("ADDED", pod("a", "8"))
		time.Sleep(time.Minute - time.Nanosecond)
		r.expect()
		g.open()
		time.Sleep(time.Nanosecond)
		r.expect("upsert a@uid-a:8 new")
	})
}

func TestHoldObeysTheStop(t *testing.T) {
	held(t, func(r *rig, g *gate) {
		b := r.synced("7")
		g.shut(time.Hour)
		b.event("ADDED", pod("a", "8"))
		synctest.Wait()
		if d := after(func() { r.stop(); <-r.done }); d != 0 {
			t.Errorf("the stop took %s", d)
		}
		r.expect()
	})
}

// No deadline passes while the handler has no room, however long that is; what the server says meanwhile waits.
func TestHoldIsNoStall(t *testing.T) {
	held(t, func(r *rig, g *gate) {
		b := r.snapshot().ok()
		b.event("ADDED", pod("a", "5"))
		synctest.Wait()
		g.shut(time.Hour)
		b.event("ADDED", pod("b", "6"))
		b.initialEnd("7")
		b.event("MODIFIED", pod("a", "8"))
		b.end()
		time.Sleep(2 * time.Minute)
		r.expect("upsert a@uid-a:5 new initial")
		close(g.open())
		r.expect("upsert b@uid-b:6 new initial", "synced 7 false", "upsert a@uid-a:8")
		b = r.watch("8").ok() // it ended as watches do, and goes on where it stopped
		b.event("MODIFIED", pod("b", "9"))
		r.expect("upsert b@uid-b:9")
	})
}

func TestHoldStopsReading(t *testing.T) {
	const readAhead = 4000
	held(t, func(r *rig, g *gate) {
		b := r.synced("7")
		g.shut(time.Hour)
		var written atomic.Int32
		object := pod(strings.Repeat("x", 200), "8")
		go func() {
			for range 100 {
				b.event("MODIFIED", object)
				written.Add(1)
			}
			b.event("ADDED", pod("last", "9"))
		}()
		synctest.Wait()
		// What has been handed over before is one read-ahead, what waits behind it another.
		if n := int(written.Load()); n*len(object) > 3*readAhead {
			t.Errorf("%d bytes were read while the stream was held up", n*len(object))
		}
		close(g.open())
		if told := r.told(); told[len(told)-1] != "upsert last@uid-last:9 new" {
			t.Errorf("told last of %v", told[len(told)-1])
		}
	}, func(o *Options) { o.ReadAhead = readAhead })
}
