package runtime

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr/funcr"
)

// braked is a brake over an engine that is full when the test says so.
type braked struct {
	*brake
	t      *testing.T
	room   <-chan struct{} // nil: there is some
	freed  time.Time
	paused time.Duration
	log    lines
}

func newBraked(t *testing.T) *braked {
	b := &braked{t: t}
	log := funcr.New(func(_, args string) { b.log.text.WriteString(args + "\n") }, funcr.Options{Verbosity: 1})
	b.brake = newBrake(b, func(d time.Duration) { b.paused += d }, log)
	return b
}

func (b *braked) full()  { b.room = make(chan struct{}) }
func (b *braked) clear() { b.room, b.freed = nil, time.Now() }

// Room and Roomy are the engine's.
func (b *braked) Room() <-chan struct{} { return b.room }
func (b *braked) Roomy() time.Time      { return b.freed }

// pauses presses as a stream does: it waits and presses again, until it may go on. The engine is full all the while.
func (b *braked) pauses(want time.Duration) {
	b.t.Helper()
	began := time.Now()
	for {
		room, latest := b.press()
		if room == nil {
			break
		}
		if room != b.room {
			b.t.Fatal("another channel than the engine's")
		}
		time.Sleep(time.Until(latest))
	}
	if got := time.Since(began); got != want {
		b.t.Errorf("paused for %s, want %s", got, want)
	}
}

func (b *braked) counted(want time.Duration) {
	b.t.Helper()
	if b.paused != want {
		b.t.Errorf("%s counted, want %s", b.paused, want)
	}
}

func TestBrakeHoldsUpForSecondsInAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBraked(t)
		b.pauses(0)
		b.full()
		b.pauses(pauseAllowance)
		b.counted(pauseAllowance)
		time.Sleep(time.Hour) // a callback that hangs
		b.pauses(0)
		if n := strings.Count(b.log.String(), "reading"); n != 2 {
			t.Errorf("%d messages of one episode, want that it began and that it went on:\n%s", n, &b.log)
		}
	})
}

func TestBrakeEndsWhenThereIsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBraked(t)
		for range 3 {
			b.full()
			if room, _ := b.press(); room == nil {
				t.Fatal("no pause")
			}
			time.Sleep(time.Second)
			b.clear()
			b.pauses(0)
		}
		b.counted(3 * time.Second)
		b.full()
		b.pauses(pauseAllowance - 3*time.Second)
	})
}

// Pauses of several streams at once count once.
func TestBrakeIsOneForAllStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBraked(t)
		b.full()
		_, first := b.press()
		time.Sleep(time.Second)
		if _, second := b.press(); second != first {
			t.Errorf("the second stream waits until %s, the first until %s", second, first)
		}
		time.Sleep(4 * time.Second)
		b.pauses(0)
		b.pauses(0)
		b.counted(pauseAllowance)
	})
}

func TestBrakeGetsItsTimeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBraked(t)
		b.full()
		b.pauses(pauseAllowance)
		b.clear()
		b.pauses(0)
		time.Sleep(2 * pauseRefill)
		b.full()
		b.pauses(2 * time.Second)
		b.clear()
		b.pauses(0)
		time.Sleep(24 * time.Hour)
		b.full()
		b.pauses(pauseAllowance)
	})
}

// A feed presses all its bindings at once, but not those that another stream serves.
func TestFeedHoldsForAnyBinding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var full atomic.Int32
		calm, a, b, elsewhere := newBraked(t), newBraked(t), newBraked(t), newBraked(t)
		subs := func(brakes ...*braked) (out []*sub) {
			for _, k := range brakes {
				out = append(out, &sub{b: &binding{brake: k.brake, full: &full}})
			}
			return out
		}
		f := &feed{routes: []*liveRoute{{subs: subs(elsewhere)}, {attached: true, subs: subs(calm, a)}, {attached: true, subs: subs(b)}}}
		for _, r := range f.routes {
			f.subs = append(f.subs, r.subs...)
		}
		full.Store(1)
		elsewhere.full()
		if room, _ := f.hold(); room != nil {
			t.Error("held up by a binding that another stream serves")
		}
		a.full()
		b.full()
		room, latest := f.hold()
		if room != a.room || time.Until(latest) != pauseAllowance {
			t.Errorf("held up until %s", latest)
		}
		time.Sleep(pauseAllowance)
		if room, _ := f.hold(); room != nil {
			t.Error("the second binding holds up the stream when the first has")
		}
		a.counted(pauseAllowance)
		b.counted(pauseAllowance)
	})
}

// While a stream stands still for one binding, another that has room again is charged with nothing more.
func TestBrakeCountsUntilThereIsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var full atomic.Int32
		full.Store(1)
		hangs, short := newBraked(t), newBraked(t)
		r := &liveRoute{attached: true}
		for _, k := range []*braked{hangs, short} {
			r.subs = append(r.subs, &sub{b: &binding{brake: k.brake, full: &full}})
		}
		f := &feed{routes: []*liveRoute{r}, subs: r.subs}
		hangs.full()
		short.full()
		if room, _ := f.hold(); room != hangs.room {
			t.Fatal("not held up for the first")
		}
		time.Sleep(time.Second)
		short.clear()
		time.Sleep(time.Second)
		short.full() // again, with what another stream brought
		time.Sleep(2 * time.Second)
		if room, _ := f.hold(); room != hangs.room {
			t.Error("not held up for the first any more")
		}
		short.counted(time.Second)
		time.Sleep(time.Second)
		short.clear()
		if room, _ := f.hold(); room != nil {
			t.Error("held up when all patience is over")
		}
		hangs.counted(pauseAllowance)
		short.counted(2 * time.Second)
		short.full()
		short.pauses(pauseAllowance - 2*time.Second)
	})
}

// The pause is counted also when there is room for all again.
func TestFeedLooksOnceMoreAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var full atomic.Int32
		k := newBraked(t)
		s := &sub{b: &binding{brake: k.brake, full: &full}}
		f := &feed{subs: []*sub{s}, routes: []*liveRoute{{attached: true, subs: []*sub{s}}}}
		k.full()
		full.Store(1)
		if room, _ := f.hold(); room == nil {
			t.Error("not held up")
		}
		time.Sleep(time.Second)
		k.clear()
		full.Store(0)
		if room, _ := f.hold(); room != nil {
			t.Error("held up, and there is room")
		}
		k.counted(time.Second)
		if f.full {
			t.Error("it looks again and again")
		}
	})
}
