package runtime

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
)

// How long streams stand still for one binding. The API server bears that an initial list pauses, but holds some
// of its seats for it, and cuts off a watch that falls behind, which then goes on where it stopped.
const (
	// pauseAllowance is for how long in all, at the start and after a long time without a pause.
	pauseAllowance = 5 * time.Second
	// pauseRefill is in what time a second of the allowance comes back.
	pauseRefill = time.Minute
)

// brake holds up the streams that feed a binding while more waits than the binding's memory budget: so one that is
// slower than the wire for a while gets everything from memory, and at its own pace. One that hangs uses up the
// allowance, and holds up nobody any more until it has made room again.
type brake struct {
	room   func() <-chan struct{} // of the engine: nil while there is some
	paused func(time.Duration)
	log    logr.Logger

	tight atomic.Bool // there was no room when a stream asked last

	mu    sync.Mutex
	left  time.Duration // of the allowance, at the beginning of the pause or at the end of the last one
	began time.Time     // of the pause; zero: there is none
	ended time.Time     // the last one
}

func newBrake(room func() <-chan struct{}, paused func(time.Duration), log logr.Logger) *brake {
	return &brake{room: room, paused: paused, log: log, left: pauseAllowance}
}

// press is called by each stream of the binding before it hands out a frame. While the stream has to wait, it
// returns a channel that is closed when there is room, and until when to wait at most.
func (b *brake) press() (room <-chan struct{}, latest time.Time) {
	room = b.room()
	if room == nil && !b.tight.Load() {
		return nil, time.Time{}
	}
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if over := b.began.Add(b.left); !b.began.IsZero() && (room == nil || !now.Before(over)) {
		b.end(now)
	}
	if room == nil {
		b.tight.Store(false)
		return nil, time.Time{}
	}
	if !b.tight.Swap(true) {
		b.refill(now)
	}
	if b.left <= 0 {
		return nil, time.Time{}
	}
	if b.began.IsZero() {
		b.began = now
		b.log.V(1).Info("reading pauses: more waits than the memory budget", "atMost", b.left.String())
	}
	return room, b.began.Add(b.left)
}

// end takes the time of a pause off the allowance.
func (b *brake) end(now time.Time) {
	took := min(now.Sub(b.began), b.left)
	b.left -= took
	b.began, b.ended = time.Time{}, now
	b.paused(took)
	if b.left <= 0 {
		b.log.V(1).Info("reading goes on: what does not fit the memory budget is merged, and read again")
	}
}

func (b *brake) refill(now time.Time) {
	if b.ended.IsZero() {
		return
	}
	back := float64(now.Sub(b.ended)) / pauseRefill.Seconds()
	b.left = min(b.left+time.Duration(back), pauseAllowance)
}
