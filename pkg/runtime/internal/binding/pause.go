package binding

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

// Pauser holds up the streams that feed a binding while more waits than the binding's memory budget: so one that is
// slower than the wire for a while gets everything from memory, and at its own pace. One that hangs uses up the
// allowance, and no longer holds up streams until it has made room again.
type Pauser struct {
	engine roomEngine
	paused func(time.Duration)
	log    logr.Logger

	full atomic.Bool // there was no room when a stream asked last

	mu    sync.Mutex
	left  time.Duration   // of the allowance, at the beginning of the pause or at the end of the last one
	began time.Time       // of the pause; zero: there is none
	lacks <-chan struct{} // what the pause began with: the engine gives another when there was room since
	ended time.Time       // the last one
}

// roomEngine says of an engine whether it has room, as queue.Queue and queue.Pool do.
type roomEngine interface {
	Room() <-chan struct{} // nil while there is some
	Roomy() time.Time      // when there was some again for the last time
}

// NewPauser makes the pauses of one binding; paused is called with the length of each.
func NewPauser(of roomEngine, paused func(time.Duration), log logr.Logger) *Pauser {
	return &Pauser{engine: of, paused: paused, log: log, left: pauseAllowance}
}

// Pause is called by each stream of the binding before it hands out a frame. While the stream has to wait, it
// returns a channel that is closed when there is room, and until when to wait at most.
func (b *Pauser) Pause() (room <-chan struct{}, latest time.Time) {
	if !b.full.Load() && b.engine.Room() == nil {
		return nil, time.Time{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	room = b.engine.Room()
	now := time.Now()
	switch {
	case b.began.IsZero():
	case room != b.lacks:
		b.end(b.engine.Roomy()) // not now: the stream may have stood still for another binding since
	case !now.Before(b.began.Add(b.left)):
		b.end(now)
	}
	if room == nil {
		b.full.Store(false)
		return nil, time.Time{}
	}
	if !b.full.Swap(true) {
		b.refill(now)
	}
	if b.left <= 0 {
		return nil, time.Time{}
	}
	if b.began.IsZero() {
		b.began, b.lacks = now, room
		b.log.V(1).Info("reading pauses: more waits than the memory budget", "atMost", b.left.String())
	}
	return room, b.began.Add(b.left)
}

// end takes the time of a pause, which was over at a moment, off the allowance.
func (b *Pauser) end(at time.Time) {
	took := min(max(at.Sub(b.began), 0), b.left)
	b.left -= took
	b.began, b.lacks, b.ended = time.Time{}, nil, b.began.Add(took)
	b.paused(took)
	if b.left <= 0 {
		b.log.V(1).Info("reading goes on: what does not fit the memory budget is merged, and read again")
	}
}

func (b *Pauser) refill(now time.Time) {
	if b.ended.IsZero() {
		return
	}
	back := float64(now.Sub(b.ended)) / pauseRefill.Seconds()
	b.left = min(b.left+time.Duration(back), pauseAllowance)
}
