package fake

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// errBroken is what a client reads that has lost its connection.
var errBroken = io.ErrUnexpectedEOF

// exchange is one request and its answer, on the way to which faults may happen. It is the http.ResponseWriter of the
// handler.
type exchange struct {
	http.ResponseWriter
	faults  *faults
	request *http.Request
	subject subject
	ctx     context.Context //nolint:containedctx // the request's, which others than the handler look at
	cancel  context.CancelFunc
	// refusals has what a watch is to end with.
	refusals chan *metav1.Status
	old      bool // the server knows no bookmark that ends a snapshot

	stalledBy []*Active // with the lock of faults

	mu       sync.Mutex
	broken   error // why nothing is written any more
	answered bool  // a fault answered
	ended    bool  // the writer is not ours any more
}

// aborter is the http.ResponseWriter of a request in the process.
type aborter interface{ abort(err error) }

// ServeHTTP answers one request. It returns when the request is answered, for a watch when that has ended.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	x := &exchange{
		ResponseWriter: w, faults: &s.faults, request: r.WithContext(ctx), subject: subjectOf(r), ctx: ctx, cancel: cancel,
		refusals: make(chan *metav1.Status, 1),
	}
	x.enter()
	defer x.leave()
	for a := range s.faults.happening(x, func(k *faultKind) bool { return k.begin != nil }) {
		if a.kind.begin(x); x.settled() {
			break
		}
	}
	if x.hold() == nil && !x.settled() {
		s.answer(x, x.request)
	}
	_ = x.hold() // the end is held back too
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ended = true
	if x.broken != nil {
		panic(http.ErrAbortHandler) // how handlers break a connection off
	}
}

func (x *exchange) enter() {
	x.faults.mu.Lock()
	defer x.faults.mu.Unlock()
	x.faults.running = append(x.faults.running, x)
}

func (x *exchange) leave() {
	x.faults.mu.Lock()
	defer x.faults.mu.Unlock()
	i := slices.Index(x.faults.running, x)
	x.faults.running = slices.Delete(x.faults.running, i, i+1)
}

// settled tells whether there is nothing left to answer.
func (x *exchange) settled() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.answered || x.broken != nil
}

// alive tells whether the connection is there, on both sides.
func (x *exchange) alive() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.broken == nil && !x.ended && x.ctx.Err() == nil
}

// breakOff breaks the connection off. The client reads err if it is in this process.
func (x *exchange) breakOff(err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ended || x.broken != nil {
		return
	}
	x.broken = err
	x.cancel()
	if w, ok := x.ResponseWriter.(aborter); ok {
		w.abort(err)
		return
	}
	// A handler that waits for a slow reader does not wait any more.
	_ = http.NewResponseController(x.ResponseWriter).SetWriteDeadline(time.Now())
}

// hold waits as long as bytes are held back. The error says that there is no connection any more.
func (x *exchange) hold() error {
	for {
		stall, held := x.faults.any(x, func(k *faultKind) bool { return k.stalls })
		if !held {
			return x.failure()
		}
		select {
		case <-stall.stopped:
		case <-x.ctx.Done():
			return x.ctx.Err()
		}
	}
}

// WriteHeader implements http.ResponseWriter.
func (x *exchange) WriteHeader(code int) {
	_ = x.hold() // the next Write says what came of it
	x.ResponseWriter.WriteHeader(code)
}

// failure is why nothing is written any more; nil: it is.
func (x *exchange) failure() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.broken
}

// Write implements http.ResponseWriter.
func (x *exchange) Write(b []byte) (int, error) {
	if err := x.hold(); err != nil {
		return 0, err
	}
	if x.subject.verb != "watch" && len(b) > 0 && x.breaks() {
		return 0, x.breakAfter(b[:len(b)/2])
	}
	if a, ok := x.faults.any(x, func(k *faultKind) bool { return k.chunk > 0 && len(b) > 0 }); ok {
		return x.writeChunks(b, a.kind.chunk)
	}
	return x.ResponseWriter.Write(b)
}

// writeChunks sends each piece by itself.
func (x *exchange) writeChunks(b []byte, size int) (n int, err error) {
	for piece := range slices.Chunk(b, size) {
		done, err := x.ResponseWriter.Write(piece)
		if n += done; err != nil {
			return n, err
		}
		if err := x.FlushError(); err != nil {
			return n, err
		}
	}
	return n, nil
}

// breaks tells whether what is written next is to break off.
func (x *exchange) breaks() bool {
	_, ok := x.faults.any(x, func(k *faultKind) bool { return k.breaks })
	return ok
}

// breakAfter sends some last bytes, and breaks off.
func (x *exchange) breakAfter(b []byte) error {
	_, err := x.ResponseWriter.Write(b)
	err = errors.Join(err, x.FlushError())
	x.breakOff(errBroken)
	return errors.Join(err, errBroken)
}

// FlushError implements what http.ResponseController looks for.
func (x *exchange) FlushError() error {
	if err := x.hold(); err != nil {
		return err
	}
	return http.NewResponseController(x.ResponseWriter).Flush()
}

// Unwrap implements what http.ResponseController looks for.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// refuseWith has a watch end with an ERROR event. The first that comes counts.
func (x *exchange) refuseWith(status *metav1.Status) {
	select {
	case x.refusals <- status:
	default:
	}
}
