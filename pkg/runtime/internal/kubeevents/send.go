package kubeevents

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
)

const (
	mostEvents   = 1250             // that wait in one sender
	mostSeries   = 1000             // Events that one sender remembers, to count those that are the same
	seriesEnds   = 6 * time.Minute  // after which the same Event is a new one, as in client-go
	seriesPause  = 30 * time.Second // between two updates of one count
	eventTries   = 5
	eventTimeout = 10 * time.Second
	eventPause   = time.Second // before the second attempt; twice as long before the third, and so on
)

// eventSender sends Events, one after the other.
type eventSender struct {
	sink events.EventSink
	of   *Recorder
	wake chan struct{} // has a token when there is something to do
	done chan struct{} // closed when run has ended
	end  chan struct{} // closed when no more Events come

	mu     sync.Mutex
	queue  []*eventsv1.Event
	closed bool

	known   map[eventKey]*series // of run alone
	failing bool                 // the last request failed, and the log says so
}

// series are Events that are the same.
type series struct {
	event *eventsv1.Event // as it was written
	count int32
	last  time.Time // one came
	wrote time.Time // the count was written
	news  bool      // the count is not written
}

func newEventSender(sink events.EventSink, of *Recorder) *eventSender {
	return &eventSender{
		sink: sink, of: of, wake: make(chan struct{}, 1), done: make(chan struct{}), end: make(chan struct{}), known: map[eventKey]*series{},
	}
}

func (s *eventSender) add(e *eventsv1.Event) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.queue) >= mostEvents {
		return false
	}
	s.queue = append(s.queue, e)
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return true
}

// close has run end when all is sent.
func (s *eventSender) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	close(s.end)
}

// take returns the next Event; last says that no more come.
func (s *eventSender) take() (e *eventsv1.Event, last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		s.queue = nil
		return nil, s.closed
	}
	e = s.queue[0]
	s.queue[0] = nil
	s.queue = s.queue[1:]
	return e, false
}

// run sends what comes until close, then what is left; the end of ctx cuts that short.
func (s *eventSender) run(ctx context.Context) {
	defer close(s.done)
	for ctx.Err() == nil {
		e, last := s.take()
		switch {
		case e != nil:
			s.send(ctx, e)
			continue
		case last:
			s.settle(ctx, 0)
			return
		}
		var tick <-chan time.Time
		if s.settle(ctx, seriesPause) {
			tick = time.After(seriesPause)
		}
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-s.end:
		case <-tick:
		}
	}
}

// send writes a new Event, or counts one that was written.
func (s *eventSender) send(ctx context.Context, e *eventsv1.Event) {
	k, now := keyOf(e), time.Now()
	if one := s.known[k]; one != nil && now.Sub(one.last) < seriesEnds {
		one.count++
		one.last, one.news = now, true
		if one.count == 2 || now.Sub(one.wrote) >= seriesPause {
			s.update(ctx, one)
		}
		return
	}
	s.forget(now)
	if s.try(ctx, func(ctx context.Context) error { _, err := s.sink.Create(ctx, e); return err }) {
		s.known[k] = &series{event: e, count: 1, last: now, wrote: now}
	}
}

// settle writes the counts that are not written and were not for a while. It reports whether some are left.
func (s *eventSender) settle(ctx context.Context, pause time.Duration) (left bool) {
	for _, one := range s.known {
		switch {
		case !one.news:
		case time.Since(one.wrote) >= pause && ctx.Err() == nil:
			s.update(ctx, one)
		default:
			left = true
		}
	}
	return left
}

// update writes a count.
func (s *eventSender) update(ctx context.Context, one *series) {
	one.wrote, one.news = time.Now(), false
	e := one.event.DeepCopy()
	e.Series = &eventsv1.EventSeries{Count: one.count, LastObservedTime: metav1.NewMicroTime(one.last)}
	patch, err := seriesPatch(e)
	if err != nil {
		return
	}
	s.try(ctx, func(ctx context.Context) error {
		_, err := s.sink.Patch(ctx, e, patch)
		if apierrors.IsNotFound(err) { // it expired
			_, err = s.sink.Create(ctx, e)
		}
		return err
	})
}

// seriesPatch is a strategic merge patch.
func seriesPatch(e *eventsv1.Event) ([]byte, error) {
	return json.Marshal(map[string]any{"series": e.Series})
}

// forget makes room for one more.
func (s *eventSender) forget(now time.Time) {
	if len(s.known) < mostSeries {
		return
	}
	for k, one := range s.known {
		if now.Sub(one.last) >= seriesEnds {
			delete(s.known, k)
		}
	}
	for k := range s.known { // any
		if len(s.known) < mostSeries {
			return
		}
		delete(s.known, k)
	}
}

// try makes a request, and again if that may help; not, though, once the program ends. It reports whether it succeeded.
func (s *eventSender) try(ctx context.Context, request func(context.Context) error) bool {
	for n := range eventTries {
		bounded, cancel := context.WithTimeout(ctx, eventTimeout)
		err := request(bounded)
		cancel()
		if err == nil {
			s.failing = false
			return true
		}
		if ctx.Err() == nil && !s.failing {
			s.failing = true
			s.of.log.Error(err, "a Kubernetes Event cannot be written; further failures are counted until one is written")
		}
		if !passing(err) || !s.pause(ctx, eventPause<<n) {
			break
		}
	}
	s.of.dropped.Add(1)
	return false
}

// passing tells whether the failure may pass.
func passing(err error) bool {
	if apierrors.ReasonForError(err) == metav1.StatusReasonUnknown {
		return true // no answer of an API server
	}
	return apierrors.IsTooManyRequests(err) || apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) ||
		apierrors.IsServiceUnavailable(err) || apierrors.IsInternalError(err)
}

// pause waits; false: the program ends.
func (s *eventSender) pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-s.end:
		return false
	case <-t.C:
		return true
	}
}
