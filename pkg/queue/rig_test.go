package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var errTest = errors.New("it failed")

// counter is a test's observer: it counts.
type counter struct {
	mu                                sync.Mutex
	received, merged, parked, started int
	dropped                           map[Reason]int
	waits                             []time.Duration
	finished, gaveUp                  []Finish
	overflowed                        int
	hanging                           []Hanging
}

func (c *counter) Received()    { c.count(&c.received, 1) }
func (c *counter) Merged()      { c.count(&c.merged, 1) }
func (c *counter) Parked(n int) { c.count(&c.parked, n) }

func (c *counter) count(n *int, by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*n += by
}

func (c *counter) Started(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.started++
	c.waits = append(c.waits, d)
}

func (c *counter) Finished(f Finish) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finished = append(c.finished, f)
}

func (c *counter) Dropped(r Reason, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dropped == nil {
		c.dropped = make(map[Reason]int)
	}
	c.dropped[r] += n
}

func (c *counter) GaveUp(f Finish) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gaveUp = append(c.gaveUp, f)
}

func (c *counter) Overflowed() { c.count(&c.overflowed, 1) }

func (c *counter) Hanging(h Hanging) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hanging = append(c.hanging, h)
}

// rig is a queue whose handler writes down its calls, can be held, and answers
// as the test says.
type rig struct {
	t      *testing.T
	add    func(Event[string])
	q      *Queue[string] // one of them
	p      *Pool[string]
	seen   counter
	mu     sync.Mutex
	calls  []Call[string]
	lines  []string
	held   map[Key]chan struct{}
	answer map[Key][]Result // first come first served, then Done
	now    []Key            // running
	most   int              // running at once
	begun  time.Time
	ended  chan struct{}
}

func newRig(t *testing.T, o Options) *rig {
	t.Helper()
	r := bareRig(t)
	r.options(&o)
	r.q = New(o, r.handle)
	r.add = r.q.Add
	r.run(r.q.Run, r.q.Shutdown)
	return r
}

func newPoolRig(t *testing.T, o Options) *rig {
	t.Helper()
	r := bareRig(t)
	r.options(&o)
	r.p = NewPool(o, r.handle)
	r.add = r.p.Add
	r.run(r.p.Run, r.p.Shutdown)
	return r
}

func bareRig(t *testing.T) *rig {
	return &rig{
		t: t, held: make(map[Key]chan struct{}), answer: make(map[Key][]Result),
		begun: time.Now(), ended: make(chan struct{}),
	}
}

// options makes the delays exact: the random number is the largest.
func (r *rig) options(o *Options) {
	if o.Observer == nil {
		o.Observer = &r.seen
	}
	o.Rand = func() float64 { return 1 }
	if o.Backoff == (Backoff{}) {
		o.Backoff = Backoff{Min: time.Second, Max: 8 * time.Second}
	}
}

func (r *rig) run(run func(context.Context), shutdown func()) {
	go func() {
		defer close(r.ended)
		run(r.t.Context())
	}()
	r.t.Cleanup(func() {
		shutdown()
		r.mu.Lock()
		for k, c := range r.held {
			close(c)
			delete(r.held, k)
		}
		r.mu.Unlock()
		<-r.ended
	})
	synctest.Wait()
}

func (r *rig) handle(_ context.Context, c Call[string]) Result {
	c.Enter()
	r.mu.Lock()
	r.calls = append(r.calls, c)
	r.lines = append(r.lines, describe(c))
	r.now = append(r.now, c.Key)
	r.most = max(r.most, len(r.now))
	held := r.held[c.Key]
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		r.now = slices.Delete(r.now, slices.Index(r.now, c.Key), slices.Index(r.now, c.Key)+1)
		r.mu.Unlock()
	}()
	if held != nil {
		<-held
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.answer[c.Key]) == 0 {
		return Result{}
	}
	res := r.answer[c.Key][0]
	r.answer[c.Key] = r.answer[c.Key][1:]
	if e := (*PanicError)(nil); errors.As(res.Err, &e) {
		panic(e.Message)
	}
	return res
}

// describe tells a call in one line: "Added a/x=1", then what is not as usual.
func describe(c Call[string]) string {
	s := fmt.Sprintf("%s %s=%s", c.Type, c.Key, c.Payload)
	if c.Bare {
		s += " bare"
	}
	if c.Before != nil {
		s += fmt.Sprintf(" before=%s", c.Before)
	}
	if c.Initial {
		s += " initial"
	}
	if c.Attempt != 1 {
		s += fmt.Sprintf(" attempt %d", c.Attempt)
	}
	if c.Merged != 0 {
		s += fmt.Sprintf(" merged %d", c.Merged)
	}
	return s
}

// hold makes the calls of a key wait until release.
func (r *rig) hold(keys ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, k := range keys {
		r.held[key(k)] = make(chan struct{})
	}
}

func (r *rig) release(keys ...string) {
	r.t.Helper()
	r.mu.Lock()
	for _, k := range keys {
		close(r.held[key(k)])
		delete(r.held, key(k))
	}
	r.mu.Unlock()
	synctest.Wait()
}

// one lets the running call of a key return, and holds the next.
func (r *rig) one(k string) {
	r.mu.Lock()
	old := r.held[key(k)]
	r.held[key(k)] = make(chan struct{})
	r.mu.Unlock()
	close(old)
	synctest.Wait()
}

// answers says how the next calls of a key end.
func (r *rig) answers(k string, res ...Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer[key(k)] = append(r.answer[key(k)], res...)
}

// on adds events, all at the same moment, and waits for what comes of it.
func (r *rig) on(events ...Event[string]) {
	for _, e := range events {
		r.add(e)
	}
	synctest.Wait()
}

// after lets time pass.
func (r *rig) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// expect compares the calls since the last expect.
func (r *rig) expect(want ...string) {
	r.t.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.lines, want) {
		r.t.Errorf("calls:\n\t%s\nwant:\n\t%s", strings.Join(r.lines, "\n\t"), strings.Join(want, "\n\t"))
	}
	r.lines = nil
}

// sorted sorts the calls since the last expect, where their order is free.
func (r *rig) sorted() {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.Sort(r.lines)
}

// count is the number of all calls.
func (r *rig) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.calls)
}

// last is the latest call.
func (r *rig) last() Call[string] {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls[len(r.calls)-1]
}

func (r *rig) stats(want Stats) {
	r.t.Helper()
	synctest.Wait()
	var got Stats
	if r.q != nil {
		got = r.q.Stats()
	} else {
		got = r.p.Stats()
	}
	if got != want {
		r.t.Errorf("stats: %+v, want %+v", got, want)
	}
}

// atRest fails the test if the queue or pool keeps anything.
func (r *rig) atRest() {
	r.t.Helper()
	synctest.Wait()
	if r.p != nil {
		p := r.p
		p.mu.Lock()
		defer p.mu.Unlock()
		if n := []int{p.line.N, len(p.delays.Heap), len(p.origins.M), p.waits[0], p.waits[1], p.running.N, p.workers, int(p.load.held)}; slices.Max(n) != 0 || slices.Min(n) != 0 {
			r.t.Errorf("not at rest: line, delays, origins, retries, requeues, running, workers, bytes: %v", n)
		}
		return
	}
	q := r.q
	q.mu.Lock()
	defer q.mu.Unlock()
	n := []int{len(q.objects.M), len(q.lanes.M), len(q.delays.Heap), q.order.Len(), q.items, q.running.N, q.workers, int(q.load.held)}
	for s := ready; s < states; s++ {
		n = append(n, q.counts[s])
	}
	if q.opts.Locks != nil {
		n = append(n, len(q.opts.Locks.held.M))
	}
	if slices.Max(n) != 0 || slices.Min(n) != 0 {
		r.t.Errorf("not at rest: objects, lanes, delays, order, items, running, workers, bytes, states, locks: %v", n)
	}
}

// key reads "namespace/name" or "name".
func key(s string) Key {
	if ns, name, ok := strings.Cut(s, "/"); ok {
		return Key{Namespace: ns, Name: name}
	}
	return Key{Name: s}
}

// Events: the key may carry a UID, "a/x#2"; without one it is "1".
func event(t EventType, k, payload string, was bool, opts ...func(*Event[string])) Event[string] {
	k, uid, ok := strings.Cut(k, "#")
	if !ok {
		uid = "1"
	}
	e := Event[string]{
		Key: key(k), UID: uid, Type: t, Payload: payload, Passed: true, Was: was,
		Cause: Cause{Type: t, Via: ViaWatch, Kind: "Thing", Name: k},
	}
	for _, o := range opts {
		o(&e)
	}
	return e
}

type opt = func(*Event[string])

func added(k, v string, o ...opt) Event[string]    { return event(Added, k, v, false, o...) }
func modified(k, v string, o ...opt) Event[string] { return event(Modified, k, v, true, o...) }
func deleted(k, v string, o ...opt) Event[string]  { return event(Deleted, k, v, true, o...) }
func hasLeft(k, v string, o ...opt) Event[string]  { return event(Left, k, v, true, o...) }

func initial(e *Event[string])  { e.Initial = true }
func filtered(e *Event[string]) { e.Passed = false }

func before(v string) opt { return func(e *Event[string]) { e.Before = v } }

func generation(n int64) opt { return func(e *Event[string]) { e.Generation = n } }

func retry() Result                       { return Result{Outcome: Retry, Err: errTest} }
func retryAfter(d time.Duration) Result   { return Result{Outcome: RetryAfter, After: d, Err: errTest} }
func requeueAfter(d time.Duration) Result { return Result{Outcome: Requeue, After: d} }
func permanent() Result                   { return Result{Outcome: Permanent, Err: errTest} }

// inBubble runs a test in virtual time.
func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// triggered is what a trigger adds: an event that brings no state.
func triggered[P any](k Key, c Cause) Event[P] {
	return Event[P]{Key: k, Type: Unchanged, Bare: true, Passed: true, Cause: c}
}
