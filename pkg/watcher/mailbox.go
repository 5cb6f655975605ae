package watcher

import (
	"context"
	"sync"
	"time"
)

// item is one thing that a request brought: first the answer, then frames, last the end.
type item struct {
	frame *Frame
	bad   *BadFrameError
	end   *ending
	open  bool // the answer is there, and it is not a refusal
	at    time.Time
}

// mailbox hands items from the goroutine that reads a response to the one that decides. The reader may be
// ahead by a number of bytes, so that a handler that takes its time does not make the client look slow to the
// server, and no further, so that memory is bounded.
type mailbox struct {
	limit int
	ready chan struct{} // holds a token while there may be items
	room  chan struct{} // holds a token after items were taken

	mu    sync.Mutex
	items []item
	bytes int
}

func newMailbox(limit int) *mailbox {
	return &mailbox{limit: limit, ready: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// put waits for room, except for an end, which is always taken. It returns false when ctx is done first.
func (b *mailbox) put(ctx context.Context, it item) bool {
	for !b.tryPut(it) {
		select {
		case <-b.room:
		case <-ctx.Done():
			return false
		}
	}
	leave(b.ready)
	return true
}

func (b *mailbox) tryPut(it item) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bytes >= b.limit && it.end == nil {
		return false
	}
	b.items = append(b.items, it)
	if it.frame != nil {
		b.bytes += len(it.frame.Raw) + frameOverhead
	}
	return true
}

// frameOverhead stands for what a frame takes beside its bytes, so that small ones are bounded too.
const frameOverhead = 256

// keepItems is the size above which a slice is left to the collector: a stream is quiet for most of its life.
const keepItems = 64

// take returns all items, and keeps the emptied slice that it is given for the next ones.
func (b *mailbox) take(emptied []item) []item {
	clear(emptied)
	if cap(emptied) > keepItems {
		emptied = nil
	}
	b.mu.Lock()
	taken := b.items
	b.items, b.bytes = emptied[:0], 0
	b.mu.Unlock()
	leave(b.room)
	return taken
}

// leave leaves a token in c, if there is none.
func leave(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
