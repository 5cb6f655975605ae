package queue

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// entrances is a pool whose handler does what its payload says before it enters its callback, and observations the order.
type entrances struct {
	t    *testing.T
	p    *Pool[string]
	mu   sync.Mutex
	seen []string
	wait map[string]chan struct{} // by payload: before entering
	in   map[string]chan struct{} // by payload: within the callback
}

func newEntrances(t *testing.T, o Options) *entrances {
	t.Helper()
	n := &entrances{t: t, wait: map[string]chan struct{}{}, in: map[string]chan struct{}{}}
	o.Rand = func() float64 { return 1 }
	n.p = NewPool(o, n.handle)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		n.p.Run(context.Background())
	}()
	t.Cleanup(func() {
		n.p.Shutdown()
		n.mu.Lock()
		for _, c := range []map[string]chan struct{}{n.wait, n.in} {
			for _, held := range c {
				close(held)
			}
		}
		n.mu.Unlock()
		<-ended
	})
	return n
}

func (n *entrances) note(what string, of map[string]chan struct{}) chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.seen = append(n.seen, what)
	return of[strings.Fields(what)[1]]
}

func (n *entrances) handle(ctx context.Context, c Call[string]) Result {
	if held := n.note("starts "+c.Payload, n.wait); held != nil {
		select {
		case <-held:
		case <-ctx.Done():
			return retry()
		}
	}
	switch word, _, _ := strings.Cut(c.Payload, "-"); {
	case c.Attempt > 1:
	case word == "panics":
		panic("before it entered")
	case word == "exits":
		runtime.Goexit()
	case word == "undecodable":
		return permanent()
	case word == "drops":
		return Result{Outcome: Drop}
	case word == "postpones" && c.Causes[len(c.Causes)-1].Via != ViaRetry:
		return Result{Outcome: Postpone, After: time.Minute}
	}
	c.Enter()
	if held := n.note("enters "+c.Payload+" as "+string(c.Type), n.in); held != nil {
		<-held
	}
	return Result{}
}

// holds has the handler wait before it enters the callback with that payload.
func (n *entrances) holds(payload string) { n.wait[payload] = make(chan struct{}) }

// stays has that callback stay in.
func (n *entrances) stays(payload string) { n.in[payload] = make(chan struct{}) }

func (n *entrances) lets(payload string) {
	n.mu.Lock()
	held := n.wait[payload]
	delete(n.wait, payload)
	n.mu.Unlock()
	close(held)
}

func (n *entrances) expect(want ...string) {
	n.t.Helper()
	synctest.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	if !slices.Equal(n.seen, want) {
		n.t.Errorf("saw\n\t%s\nwant\n\t%s", strings.Join(n.seen, "\n\t"), strings.Join(want, "\n\t"))
	}
	n.seen = nil
}

// What is slow to prepare, as a large object is to decode, is entered before the later events of its object, which run
// while it does; other objects wait for neither.
func TestAPoolEntersCallsOfOneObjectInOrder(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := newEntrances(t, Options{Concurrency: 3})
		n.holds("large")
		for _, p := range []string{"large", "small", "last"} {
			n.stays(p)
		}
		n.p.Add(added("a/x", "large"))
		n.p.Add(modified("a/x", "small"))
		n.p.Add(modified("a/x", "last"))
		n.p.Add(added("a/y", "other")) // there is a slot for it: those that wait hold none
		n.expect("starts large", "starts other", "enters other as Added")
		if s := n.p.Stats(); s.Waiting != 2 || s.Running != 1 {
			t.Errorf("%+v", s)
		}
		n.lets("large")
		n.expect("enters large as Added", "starts small", "enters small as Modified", "starts last", "enters last as Modified")
		if s := n.p.Stats(); s.Running != 3 {
			t.Errorf("%+v: calls for one object run concurrently", s)
		}
	})
}

// A call that ends without having entered its callback holds nothing back any more.
func TestAPoolEntersTheNextAfterACallThatDidNot(t *testing.T) {
	for payload, as := range map[string]string{
		"panics": "Modified", "exits": "Modified", "undecodable": "Added", "drops": "Added",
	} {
		t.Run(payload, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n := newEntrances(t, Options{Concurrency: 2})
				n.holds(payload)
				n.p.Add(added("a/x", payload))
				n.p.Add(modified("a/x", "next"))
				n.expect("starts " + payload)
				n.lets(payload)
				n.expect("starts next", "enters next as "+as)
			})
		})
	}
	t.Run("timeout", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			n := newEntrances(t, Options{Concurrency: 2, Timeout: time.Minute, Backoff: Backoff{Min: time.Hour}})
			n.holds("hangs")
			n.p.Add(added("a/x", "hangs"))
			n.p.Add(modified("a/x", "next"))
			n.expect("starts hangs")
			time.Sleep(time.Minute)
			n.expect("starts next", "enters next as Modified")
		})
	})
	t.Run("dropped", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			n := newEntrances(t, Options{Concurrency: 2})
			n.holds("first")
			n.p.Add(added("a/x", "first"))
			n.p.Add(modified("a/x", "next"))
			n.expect("starts first")
			n.p.Add(hasLeft("a/x", "", filtered))
			n.p.Add(added("a/x", "back")) // what was dropped runs, and comes first
			n.expect()
			n.lets("first")
			n.expect("enters first as Added", "starts back", "enters back as Added")
		})
	})
}

// A call that could not be made yet, since its object could not be read, is entered before the next of its object.
func TestAPoolEntersAPostponedCallFirst(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := newEntrances(t, Options{Concurrency: 2})
		n.p.Add(added("a/x", "postpones"))
		n.p.Add(modified("a/x", "next"))
		n.p.Add(added("a/y", "other"))
		n.expect("starts postpones", "starts other", "enters other as Added")
		time.Sleep(time.Minute)
		n.expect("starts postpones", "enters postpones as Added", "starts next", "enters next as Modified")
	})
}

// A call that had to wait for an earlier one of its object starts before the events that came after it.
func TestAPoolKeepsThePlaceOfAHeldCall(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n := newEntrances(t, Options{Concurrency: 1})
		n.holds("first")
		n.p.Add(added("a/x", "first"))
		n.p.Add(added("a/y", "second"))
		n.p.Add(modified("a/x", "third"))
		n.p.Add(added("a/z", "fourth"))
		n.expect("starts first")
		n.lets("first")
		n.expect("enters first as Added", "starts second", "enters second as Added", "starts third", "enters third as Modified",
			"starts fourth", "enters fourth as Added")
	})
}
