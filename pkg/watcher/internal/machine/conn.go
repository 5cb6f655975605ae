package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/internal/redirect"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// ending is how a request ended.
type ending struct {
	what   happening
	err    error           // of a gotNoAnswer, gotBadAnswer, gotCut ...: for the message
	status *metav1.Status  // of a gotStatus
	after  time.Duration   // of a gotStatus: its Retry-After header
	list   wire.ListMeta   // of a gotPage
	media  apiclient.Media // what was asked for, once there was an answer
	opened bool            // there was an answer that is not a refusal
}

// conn is one request and the reading of its response, by a goroutine of its own.
type conn struct {
	box    *mailbox
	cancel context.CancelFunc
	done   chan struct{} // closed when the goroutine has ended and the body is closed

	batch []item    // taken from the box
	at    int       // the next of them; the one before is in use
	came  time.Time // when the last of them came

	begun  time.Time // when the request was made
	opened time.Time // when the answer came; zero before
	last   time.Time // when something came that was waited for; used where progress is demanded
	packed bool      // the answer is compressed

	timeout time.Duration // when the server was asked to end the watch
	live    time.Time     // when what comes began to count as a watch
	frames  int           // events and bookmarks of the watch that could be used
	events  int           // events of the watch that were news

	// Of the machine's turn, see lend.
	ask      request            // what the frames are to be taken as
	lends    bool               // there is nothing to wait for but frames
	lent     bool               // the goroutine of the conn may take the turn
	panicked *HandlerPanicError // with which it came back
}

// send makes a request; its goroutine ends when the response does, or after close.
func (m *machine) send(ctx context.Context, list bool, request func(context.Context) (*apiclient.Response, error)) *conn {
	ctx, cancel := context.WithCancel(ctx)
	c := &conn{box: newMailbox(m.o.ReadAhead), cancel: cancel, done: make(chan struct{}), begun: time.Now()}
	o := wire.ReaderOptions{Bytes: m.o.Observer.Bytes, MaxFrame: m.o.MaxFrame, CutManagedFields: m.o.CutManagedFields}
	r := reading{out: &outbox{ctx: ctx, box: c.box}, o: o, list: list}
	r.out.serve = func(items []item) int { return m.serve(c, items) }
	go func() {
		defer close(c.done)
		defer cancel()
		end := r.run(ctx, request)
		r.out.flush()
		c.box.put(ctx, 0, item{end: end})
	}()
	return c
}

// close ends the request and waits until nothing of it is left. Frames that nobody took are left to the collector.
func (c *conn) close() {
	c.cancel()
	<-c.done
	c.used()
}

// used releases the frame of the item that was taken last.
func (c *conn) used() {
	if c.at > 0 {
		c.batch[c.at-1].frame.Release()
		c.batch[c.at-1] = item{}
	}
}

// inHand is how many items wait behind the one that is in use.
func (c *conn) inHand() int { return len(c.batch) - c.at }

// lived is for how long the answer has been open.
func (c *conn) lived() time.Duration {
	if c.opened.IsZero() {
		return 0
	}
	return time.Since(c.opened)
}

// reading is the work of a conn's goroutine.
type reading struct {
	out  *outbox
	o    wire.ReaderOptions
	list bool
}

// errPanicked is about bytes that a reader could not cope with. What it panicked with is not told: it may hold a
// part of an object.
var errPanicked = errors.New("reading the answer panicked, which is a defect")

func (r reading) run(ctx context.Context, request func(context.Context) (*apiclient.Response, error)) (end *ending) {
	defer func() {
		if recover() != nil { // it must not end the process
			end = &ending{what: gotBadAnswer, err: fmt.Errorf("%w: %s", errPanicked, panicPlace())}
		}
	}()
	resp, err := request(ctx)
	if refused, ok := errors.AsType[*redirect.Error](err); ok { // 62: an answer, and no outage
		return &ending{what: gotStatus, status: &metav1.Status{Code: int32(refused.Code), Message: refused.Error()}} //nolint:gosec // three digits
	}
	if err != nil {
		return &ending{what: gotNoAnswer, err: err}
	}
	resp.Body = flushing{resp.Body, r.out}
	// Whatever the transport does with a context, a read of a closed body returns.
	stop := context.AfterFunc(ctx, func() { _ = resp.Close() })
	defer func() { _ = resp.Close() }()
	defer stop()
	end = r.answer(ctx, resp)
	end.media = resp.Media
	return end
}

// panicPlace names the function and line that panicked. It is called by the deferred function.
func panicPlace() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") || !more {
			return fmt.Sprintf("%s, %s:%d", f.Function, filepath.Base(f.File), f.Line)
		}
	}
}

func (r reading) answer(ctx context.Context, resp *apiclient.Response) *ending {
	if !resp.OK() {
		after, _ := resp.RetryAfter(time.Now())
		return &ending{what: gotStatus, status: resp.Status(), after: after}
	}
	next, meta, err := r.open(resp)
	if err != nil {
		return &ending{what: gotBadAnswer, err: err}
	}
	if !r.out.add(item{open: true, packed: resp.Compressed}) || !r.out.flush() {
		return &ending{what: gotCut, err: ctx.Err(), opened: true}
	}
	end := r.frames(ctx, next)
	end.opened = true
	if end.what == gotEnd && r.list {
		end.what, end.list = gotPage, meta()
	}
	return end
}

func (r reading) open(resp *apiclient.Response) (next func() (*wire.Frame, error), meta func() wire.ListMeta, err error) {
	if r.list {
		items, err := resp.Items(r.o)
		if err != nil {
			return nil, nil, err
		}
		return items.Next, items.Meta, nil
	}
	events, err := resp.Frames(r.o)
	if err != nil {
		return nil, nil, err
	}
	return events.Next, nil, nil
}

// frames reads until nothing more can be read.
func (r reading) frames(ctx context.Context, next func() (*wire.Frame, error)) *ending {
	for {
		f, err := next()
		it := item{frame: f}
		if err != nil {
			bad, ok := errors.AsType[*wire.BadFrameError](err)
			if !ok {
				return endOf(err)
			}
			if bad.Type == wire.Error {
				return &ending{what: gotError, status: wire.NoStatus(bad)}
			}
			it = item{bad: bad}
		}
		var last *ending
		if f != nil && f.Type == wire.Error { // 18: whatever follows does not count
			last = &ending{what: gotError, status: wire.FrameStatus(f)}
		}
		if !r.out.add(it) { // after which the frame is not ours
			return &ending{what: gotCut, err: ctx.Err()}
		}
		if last != nil {
			return last
		}
	}
}

// endOf says what a reader's error means.
func endOf(err error) *ending {
	end := &ending{what: gotCut, err: err}
	if document, ok := errors.AsType[*wire.NotAWatchError](err); ok && document.Status != nil { // a refusal under a code of 200
		end.what, end.status = gotError, document.Status
		return end
	}
	_, tooLarge := errors.AsType[*wire.FrameTooLargeError](err)
	switch {
	case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		end.what = gotEnd
	case tooLarge:
		end.what = gotTooLarge
	case isCorrupt(err), isForeign(err), errors.Is(err, wire.ErrEmpty):
		end.what = gotBadAnswer
	}
	return end
}

// isForeign says whether an answer is something else than was asked for, however it may be written.
func isForeign(err error) bool {
	_, list := errors.AsType[*wire.NotAListError](err)
	_, watch := errors.AsType[*wire.NotAWatchError](err)
	return list || watch
}

func isCorrupt(err error) bool {
	if errors.Is(err, errPanicked) {
		return true
	}
	_, ok := errors.AsType[*wire.CorruptError](err)
	return ok
}
