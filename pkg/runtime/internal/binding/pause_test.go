package binding

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr/funcr"
)

// braked is a brake over an engine that is full when the test says so.
type braked struct {
	*Pauser
	t      *testing.T
	room   <-chan struct{} // nil: there is some
	freed  time.Time
	paused time.Duration
	log    strings.Builder
}

func newBraked(t *testing.T) *braked {
	b := &braked{t: t}
	log := funcr.New(func(_, args string) { b.log.WriteString(args + "\n") }, funcr.Options{Verbosity: 1})
	b.Pauser = NewPauser(b, func(d time.Duration) { b.paused += d }, log)
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
			if room, _ := b.Pause(); room == nil {
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
		_, first := b.Pause()
		time.Sleep(time.Second)
		if _, second := b.Pause(); second != first {
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
