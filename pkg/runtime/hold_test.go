package runtime

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/binding"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/dispatch"
)

// filled is a brake over an engine that is full when the test says so.
type filled struct {
	*binding.Pauser
	t      *testing.T
	room   <-chan struct{} // nil: there is some
	freed  time.Time
	paused time.Duration
}

func newFilled(t *testing.T) *filled {
	b := &filled{t: t}
	b.Pauser = binding.NewPauser(b, func(d time.Duration) { b.paused += d }, logr.Discard())
	return b
}

func (b *filled) full()  { b.room = make(chan struct{}) }
func (b *filled) clear() { b.room, b.freed = nil, time.Now() }

// Room and Roomy are the engine's.
func (b *filled) Room() <-chan struct{} { return b.room }
func (b *filled) Roomy() time.Time      { return b.freed }

// pauses asks as a stream does: it waits and asks again, until it may go on. The engine is full all the while.
func (b *filled) pauses(want time.Duration) {
	b.t.Helper()
	began := time.Now()
	for {
		room, latest := b.Pause()
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

func (b *filled) counted(want time.Duration) {
	b.t.Helper()
	if b.paused != want {
		b.t.Errorf("%s counted, want %s", b.paused, want)
	}
}

// A feed presses all its bindings at once, but not those that another stream serves.
func TestFeedHoldsForAnyBinding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var full atomic.Int32
		calm, a, b, elsewhere := newFilled(t), newFilled(t), newFilled(t), newFilled(t)
		subs := func(brakes ...*filled) (out []*binding.Subscription) {
			for _, k := range brakes {
				out = append(out, &binding.Subscription{Of: &binding.Binding{Pauser: k.Pauser, Full: &full}})
			}
			return out
		}
		f := &dispatch.Dispatcher{Routes: []*dispatch.Attachment{{Subs: subs(elsewhere)}, {Attached: true, Subs: subs(calm, a)}, {Attached: true, Subs: subs(b)}}}
		for _, r := range f.Routes {
			f.Subs = append(f.Subs, r.Subs...)
		}
		full.Store(1)
		elsewhere.full()
		if room, _ := f.Hold(); room != nil {
			t.Error("held up by a binding that another stream serves")
		}
		a.full()
		b.full()
		room, latest := f.Hold()
		if room != a.room || time.Until(latest) != 5*time.Second {
			t.Errorf("held up until %s", latest)
		}
		time.Sleep(5 * time.Second)
		if room, _ := f.Hold(); room != nil {
			t.Error("the second binding holds up the stream when the first has")
		}
		a.counted(5 * time.Second)
		b.counted(5 * time.Second)
	})
}

// While a stream stands still for one binding, another that has room again is charged with nothing more.
func TestBrakeCountsUntilThereIsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var full atomic.Int32
		full.Store(1)
		hangs, short := newFilled(t), newFilled(t)
		r := &dispatch.Attachment{Attached: true}
		for _, k := range []*filled{hangs, short} {
			r.Subs = append(r.Subs, &binding.Subscription{Of: &binding.Binding{Pauser: k.Pauser, Full: &full}})
		}
		f := &dispatch.Dispatcher{Routes: []*dispatch.Attachment{r}, Subs: r.Subs}
		hangs.full()
		short.full()
		if room, _ := f.Hold(); room != hangs.room {
			t.Fatal("not held up for the first")
		}
		time.Sleep(time.Second)
		short.clear()
		time.Sleep(time.Second)
		short.full() // again, with what another stream brought
		time.Sleep(2 * time.Second)
		if room, _ := f.Hold(); room != hangs.room {
			t.Error("not held up for the first any more")
		}
		short.counted(time.Second)
		time.Sleep(time.Second)
		short.clear()
		if room, _ := f.Hold(); room != nil {
			t.Error("held up when all patience is over")
		}
		hangs.counted(5 * time.Second)
		short.counted(2 * time.Second)
		short.full()
		short.pauses(5*time.Second - 2*time.Second)
	})
}

// The pause is counted also when there is room for all again.
func TestFeedLooksOnceMoreAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var full atomic.Int32
		k := newFilled(t)
		s := &binding.Subscription{Of: &binding.Binding{Pauser: k.Pauser, Full: &full}}
		f := &dispatch.Dispatcher{Subs: []*binding.Subscription{s}, Routes: []*dispatch.Attachment{{Attached: true, Subs: []*binding.Subscription{s}}}}
		k.full()
		full.Store(1)
		if room, _ := f.Hold(); room == nil {
			t.Error("not held up")
		}
		time.Sleep(time.Second)
		k.clear()
		full.Store(0)
		if room, _ := f.Hold(); room != nil {
			t.Error("held up, and there is room")
		}
		k.counted(time.Second)
		if f.Full {
			t.Error("it looks again and again")
		}
	})
}
