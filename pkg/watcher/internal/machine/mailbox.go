package machine

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// item is one thing that a request brought: first the answer, then frames, last the end.
type item struct {
	frame  *wire.Frame
	bad    *wire.BadFrameError
	end    *ending
	open   bool // the answer is there, and it is not a refusal
	packed bool // and compressed
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
	at    time.Time // when the last of them came
}

func newMailbox(limit int) *mailbox {
	return &mailbox{limit: limit, ready: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// put waits for room, except for an end, which is always taken. It returns false when ctx is done first.
func (b *mailbox) put(ctx context.Context, bytes int, items ...item) bool {
	for !b.tryPut(bytes, items) {
		select {
		case <-b.room:
		case <-ctx.Done():
			return false
		}
	}
	leave(b.ready)
	return true
}

func (b *mailbox) tryPut(bytes int, items []item) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bytes >= b.limit && items[0].end == nil {
		return false
	}
	b.items = append(b.items, items...)
	b.bytes += bytes
	b.at = time.Now()
	return true
}

// keepItems is the size above which a slice is left to the collector: a stream is quiet for most of its life.
const keepItems = 64

// reusable is the slice without items, if it is worth to be kept.
func reusable(items []item) []item {
	if cap(items) > keepItems {
		return nil
	}
	clear(items)
	return items[:0]
}

// take returns all items and when the last of them came, and keeps the slice that it is given, whose items are
// not needed any more, for the next ones.
func (b *mailbox) take(used []item) ([]item, time.Time) {
	used = reusable(used)
	b.mu.Lock()
	taken := b.items
	b.items, b.bytes = used, 0
	at := b.at
	b.mu.Unlock()
	leave(b.room)
	return taken, at
}

// empty says whether all items were taken.
func (b *mailbox) empty() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.items) == 0
}

// leave leaves a token in c, if there is none.
func leave(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// outbox gathers the items that one read of a response brought, so that they are handed over together. It is used
// by the goroutine that reads.
type outbox struct {
	ctx   context.Context
	box   *mailbox
	serve func([]item) int // uses up the first of these items, if they need not be handed over at all
	items []item
	bytes int
}

const (
	// handOver is after how many bytes of frames no more are gathered.
	handOver = 32 << 10
	// frameOverhead stands for what a frame takes beside its bytes, so that small ones are bounded too.
	frameOverhead = 256
)

// add takes an item. It returns false, as flush does, when ctx is done before there is room.
func (o *outbox) add(it item) bool {
	o.items = append(o.items, it)
	o.bytes += it.held()
	return o.bytes < handOver || o.flush()
}

// held is how many bytes the item takes.
func (it item) held() int {
	if it.frame == nil {
		return frameOverhead
	}
	return it.frame.Held() + frameOverhead
}

// flush hands over what was gathered.
func (o *outbox) flush() bool {
	if len(o.items) == 0 {
		return true
	}
	items := o.items
	if o.serve != nil {
		items = items[o.serve(items):]
	}
	ok := true
	if len(items) > 0 {
		held := 0
		for _, it := range items {
			held += it.held()
		}
		ok = o.box.put(o.ctx, held, items...)
	}
	o.items, o.bytes = reusable(o.items), 0
	return ok
}

// flushing is the body of a response: before it waits for more to come, what came is handed over.
type flushing struct {
	io.ReadCloser
	out *outbox
}

// Read implements io.Reader.
func (f flushing) Read(p []byte) (int, error) {
	if !f.out.flush() {
		return 0, f.out.ctx.Err()
	}
	return f.ReadCloser.Read(p)
}
