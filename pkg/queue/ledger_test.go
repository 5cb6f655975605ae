package queue

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
)

// ledger adds up what the calls that succeeded stand for.
type ledger struct {
	t       *testing.T
	inOrder bool

	mu     sync.Mutex
	stands int
	last   map[Key]int // the latest state that was told
	read   map[Key]int // the latest state of all, which a call without its payload reads
}

func (l *ledger) handle(_ context.Context, c Call[string]) Result {
	l.mu.Lock()
	defer l.mu.Unlock()
	if rand.IntN(4) == 0 {
		return retry()
	}
	state := l.read[c.Key]
	if n, err := strconv.Atoi(c.Payload); err == nil {
		state = n
	}
	if l.inOrder && state < l.last[c.Key] && c.Payload != strconv.Itoa(state) {
		l.t.Errorf("%s: state %d after %d", c.Key, state, l.last[c.Key])
	}
	l.last[c.Key] = max(l.last[c.Key], state)
	l.stands += 1 + c.Merged
	return Result{}
}

// Whatever the budget, and however often calls fail: those that succeed stand for every event that was taken, each
// once, and the last state is told. In real time, for the race detector.
func TestMergedAddsUp(t *testing.T) {
	const objects, rounds = 30, 200
	for name, o := range map[string]struct {
		Options
		pool bool
	}{
		"merging": {}, "in order": {Options: Options{InOrder: true}}, "pool": {pool: true},
	} {
		for _, budget := range []int64{0, 1, 5 * CallOverhead, 1 << 30} {
			t.Run(name+" "+strconv.FormatInt(budget, 10), func(t *testing.T) {
				l := &ledger{t: t, inOrder: o.InOrder, last: make(map[Key]int), read: make(map[Key]int)}
				o.Options.Backoff = Backoff{Min: 1, Max: 1000}
				seen := &counter{}
				o.Options.Observer = seen
				var e interface {
					Add(Event[string])
					Run(context.Context)
					Shutdown()
					Limit(Limit[string])
					Stats() Stats
					WaitIdle(context.Context) error
				}
				if o.pool {
					e = NewPool(o.Options, l.handle)
				} else {
					e = New(o.Options, l.handle)
				}
				e.Limit(limited(budget))
				var running, adding sync.WaitGroup
				running.Go(func() { e.Run(t.Context()) })
				for n := range objects {
					adding.Go(func() {
						k := Key{Namespace: strconv.Itoa(n % 3), Name: strconv.Itoa(n)}
						for round := range rounds {
							l.mu.Lock()
							l.read[k] = round
							l.mu.Unlock()
							e.Add(Event[string]{Key: k, UID: "1", Type: Modified, Payload: strconv.Itoa(round), Passed: true, Was: true})
						}
					})
				}
				adding.Wait()
				for s := e.Stats(); s.Waiting+s.Running+s.Retrying > 0; s = e.Stats() {
					if err := e.WaitIdle(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				e.Shutdown()
				running.Wait()
				if l.stands != objects*rounds {
					t.Errorf("the calls stand for %d events, and %d were taken", l.stands, objects*rounds)
				}
				for k, n := range l.last {
					if n != rounds-1 {
						t.Errorf("%s: the last state told is %d, want %d", k, n, rounds-1)
					}
				}
				if unlimited := budget == 0 || budget == 1<<30; unlimited && (o.pool || o.InOrder) && seen.merged > 0 {
					t.Errorf("%d merged, and there is room", seen.merged)
				}
				if s := e.Stats(); s.Bytes != 0 {
					t.Errorf("%d bytes held at rest", s.Bytes)
				}
			})
		}
	}
}
