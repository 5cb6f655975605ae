package queue

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// TestModel drives two queues of one capability, over the same objects, with
// random events, results, hangs and shutdown, in virtual time, and compares each
// call, each count, and what may and must run, with the model.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rapid.SyncTest(t, func(t *rapid.T) {
			w := newWorld(t)
			defer w.stop()
			t.Repeat(map[string]func(*rapid.T){
				"create": w.create,
				"change": w.change,
				"delete": w.delete,
				"wake":   w.wake,
				"finish": w.finish,
				"sleep":  w.sleep,
				"":       w.check,
			})
			w.end(t)
		})
	})
}

// world is the truth about the objects, and the two queues that watch them.
type world struct {
	objects map[Key]*thing
	version int
	arms    []*arm
}

type thing struct {
	uid        int
	exists, in bool
	gen        int64
}

// arm is a queue with its model. Its handler hangs until it is told a result.
type arm struct {
	*model
	name    int
	q       *Queue[string]
	takes   map[EventType]bool
	mu      sync.Mutex
	started []Call[string]
	times   []time.Time // when they did
	backlog time.Time   // when one of the backlog did
	running map[Key]chan Result
	since   map[Key]time.Time // the calls that run
	ended   chan struct{}
}

var modelKeys = []Key{key("a/x"), key("a/y"), key("b/x"), key("b/z")}

func newWorld(t *rapid.T) *world {
	w := &world{objects: make(map[Key]*thing)}
	for _, k := range modelKeys {
		w.objects[k] = &thing{}
	}
	locks := NewLocks()
	for i := range 2 {
		a := &arm{name: i, takes: make(map[EventType]bool), running: make(map[Key]chan Result), since: make(map[Key]time.Time), ended: make(chan struct{})}
		for _, e := range []EventType{Added, Modified, Deleted, Left} {
			a.takes[e] = rapid.Bool().Draw(t, fmt.Sprintf("queue %d takes %s", i, e))
		}
		o := Options{
			Strategy:    Strategy(rapid.IntRange(0, int(Global)).Draw(t, "strategy")),
			InOrder:     rapid.Bool().Draw(t, "inOrder"),
			Concurrency: rapid.IntRange(1, 3).Draw(t, "concurrency"),
			MaxAttempts: rapid.SampledFrom([]int{0, 0, 2, 3}).Draw(t, "maxAttempts"),
			Backoff:     Backoff{Min: time.Second, Max: 3 * time.Second},
			Rand:        func() float64 { return 1 },
			Locks:       locks,
		}
		l := limited(rapid.SampledFrom([]int64{0, 1, 40, 300, 700, 1500}).Draw(t, "budget"))
		a.model, a.q = newModel(o, l), New(o, a.handle)
		a.q.Limit(l)
		go func() {
			defer close(a.ended)
			a.q.Run(context.Background())
		}()
		w.arms = append(w.arms, a)
	}
	return w
}

// String names the arm in rapid's log.
func (a *arm) String() string { return fmt.Sprintf("queue %d", a.name) }

// GoString does the same.
func (a *arm) GoString() string { return a.String() }

func (a *arm) handle(_ context.Context, c Call[string]) Result {
	answer := make(chan Result)
	a.mu.Lock()
	a.started, a.times = append(a.started, c), append(a.times, time.Now())
	a.running[c.Key] = answer
	a.mu.Unlock()
	res := <-answer
	if res.Outcome == Retry && res.Err == nil {
		panic("as told")
	}
	return res
}

// add gives an event to both queues.
func (w *world) add(t *rapid.T, e Event[string]) {
	for _, a := range w.arms {
		e.Passed = a.takes[e.Type] && (e.Type != Modified || rapid.IntRange(0, 3).Draw(t, "passes") > 0)
		a.q.Add(e)
		a.model.add(e, time.Now())
	}
}

func (w *world) event(t *rapid.T, k Key, typ EventType, was bool) Event[string] {
	w.version++
	o := w.objects[k]
	e := Event[string]{Key: k, UID: strconv.Itoa(o.uid), Type: typ, Was: was, Generation: o.gen, Payload: strconv.Itoa(w.version)}
	if rapid.IntRange(0, 9).Draw(t, "bare") == 0 {
		e.Bare, e.Payload = true, ""
	}
	if was && rapid.Bool().Draw(t, "before") {
		e.Before = strconv.Itoa(w.version)
	}
	return e
}

func (w *world) pick(t *rapid.T) (Key, *thing) {
	k := rapid.SampledFrom(modelKeys).Draw(t, "key")
	return k, w.objects[k]
}

func (w *world) create(t *rapid.T) {
	k, o := w.pick(t)
	if o.exists {
		t.Skip() // the action does not apply now: rapid picks another
	}
	o.uid++
	o.exists, o.gen = true, someGeneration(t)
	if o.in = rapid.Bool().Draw(t, "in"); o.in {
		e := w.event(t, k, Added, false)
		e.Initial = o.uid == 1 && rapid.Bool().Draw(t, "initial") // the list comes first
		w.add(t, e)
	}
}

// someGeneration is that of a new object: 0 or less if it has none.
func someGeneration(t *rapid.T) int64 {
	return rapid.SampledFrom([]int64{1, 1, 0, -1}).Draw(t, "generation of the first state")
}

func nextGeneration(n int64) int64 {
	switch {
	case n > 0:
		return n + 1
	case n < 0:
		return n - 1
	}
	return 0
}

func (w *world) change(t *rapid.T) {
	k, o := w.pick(t)
	if !o.exists {
		t.Skip() // the action does not apply now: rapid picks another
	}
	was := o.in
	o.in = rapid.IntRange(0, 4).Draw(t, "in") > 0
	if rapid.IntRange(0, 2).Draw(t, "generation") == 0 {
		o.gen = nextGeneration(o.gen)
	}
	switch {
	case was && o.in:
		w.add(t, w.event(t, k, Modified, true))
	case was:
		w.add(t, w.event(t, k, Left, true))
	case o.in:
		w.add(t, w.event(t, k, Added, false))
	}
}

func (w *world) delete(t *rapid.T) {
	k, o := w.pick(t)
	if !o.exists {
		t.Skip() // the action does not apply now: rapid picks another
	}
	e := w.event(t, k, Deleted, o.in)
	o.exists = false
	if o.in {
		w.add(t, e)
		return
	}
	// It had left, and is no business of the queues: told, it changes nothing but
	// for what is up to date.
	for _, a := range w.arms {
		a.q.Add(e)
		a.model.add(e, time.Now())
	}
}

func (w *world) wake(t *rapid.T) {
	k, _ := w.pick(t)
	a := rapid.SampledFrom(w.arms).Draw(t, "queue")
	a.q.Add(triggered[string](k, Cause{Via: ViaMapped}))
	a.model.add(Event[string]{Key: k, Type: Unchanged, Bare: true, Passed: true}, time.Now())
}

func (w *world) finish(t *rapid.T) {
	a := rapid.SampledFrom(w.arms).Draw(t, "queue")
	keys := a.runs()
	if len(keys) == 0 {
		t.Skip() // the action does not apply now: rapid picks another
	}
	k := rapid.SampledFrom(keys).Draw(t, "running")
	after := time.Duration(rapid.IntRange(1, 40).Draw(t, "after")) * 100 * time.Millisecond
	res := rapid.SampledFrom([]Result{
		{}, {}, {Outcome: Retry}, {Outcome: Retry, Err: errTest}, {Outcome: RetryAfter, After: after, Err: errTest},
		{Outcome: Requeue, After: after}, {Outcome: Permanent, Err: errTest}, {Outcome: Drop}, {Outcome: Postpone, After: after},
		{Outcome: Conflict, Err: errTest},
	}).Draw(t, "result")
	a.answer(k, res)
}

// runs are the keys of the running calls, sorted.
func (a *arm) runs() []Key {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.SortedFunc(maps.Keys(a.running), Key.compare)
}

// let lets a call return.
func (a *arm) let(k Key, res Result) {
	a.mu.Lock()
	answer := a.running[k]
	delete(a.running, k)
	delete(a.since, k)
	a.mu.Unlock()
	answer <- res
}

func (a *arm) answer(k Key, res Result) {
	a.let(k, res)
	a.model.finish(k, res, time.Now())
}

func (w *world) sleep(t *rapid.T) {
	time.Sleep(time.Duration(rapid.IntRange(1, 30).Draw(t, "for")) * 100 * time.Millisecond)
}

// check compares what happened since the last action.
func (w *world) check(t *rapid.T) {
	synctest.Wait()
	for i, a := range w.arms {
		a.model.tick(time.Now())
		w.starts(t, i, a)
	}
	for i, a := range w.arms {
		w.liveFirst(t, i, a)
		w.mustRun(t, i, a)
		if got, want := a.q.Stats(), a.model.counts(); got != want {
			t.Fatalf("queue %d: stats %+v, want %+v\n%s", i, got, want, a.model)
		}
		if got, want := a.q.Idle(), a.idle(); got != want {
			t.Fatalf("queue %d: idle %v, want %v\n%s", i, got, want, a.model)
		}
	}
}

func (a *arm) idle() bool {
	for _, k := range a.keys {
		if k.run != nil || a.startable(k) {
			return false
		}
	}
	return true
}

// starts checks the calls that started: that each could, and what each says.
func (w *world) starts(t *rapid.T, i int, a *arm) {
	a.mu.Lock()
	started, times := a.started, a.times
	a.started, a.times = nil, nil
	a.mu.Unlock()
	a.backlog = time.Time{}
	for j, c := range started {
		k := a.keys[c.Key]
		if k == nil || !a.startable(k) || !a.laneFree(c.Key) || !a.mayRun(c.Key) {
			t.Fatalf("queue %d: %s started, and could not\n%s", i, tell(c), a.model)
		}
		if other := w.arms[1-i].keys[c.Key]; other != nil && other.run != nil {
			t.Fatalf("queue %d: %s started while the other queue runs a call for it", i, c.Key)
		}
		a.since[c.Key] = times[j]
		if k.backlog() {
			a.backlog = times[j]
		}
		if want := a.model.start(c.Key); tell(c) != want {
			t.Fatalf("queue %d: call %s\nwant %s\n%s", i, tell(c), want, a.model)
		}
	}
}

// mayRun says whether a call that started has a slot, or an extra one.
func (a *arm) mayRun(k Key) bool {
	hangs := map[string]int{}
	runs := a.runs()
	for _, r := range runs {
		if at, ok := a.since[r]; ok && r != k && time.Since(at) >= hangAfter {
			hangs[r.Namespace]++
		}
	}
	slots := a.opts.Concurrency
	for namespace, n := range hangs {
		if n > a.opts.Concurrency/2 && namespace != k.Namespace && a.opts.Concurrency > 1 && a.opts.Strategy == PerObject {
			slots += n
		}
	}
	return len(runs) <= min(slots, 2*a.opts.Concurrency)
}

// liveFirst checks that nothing of the backlog started in place of live work.
func (w *world) liveFirst(t *rapid.T, i int, a *arm) {
	for name, k := range a.keys {
		if a.startable(k) && !k.units[0].due.After(a.backlog) && a.laneFree(name) && !w.locked(i, name) && !k.backlog() {
			t.Fatalf("queue %d: one of the backlog started before the live %s\n%s\nother queue:\n%s", i, name, a.model, w.arms[1-i].model)
		}
	}
}

func (a *arm) laneFree(k Key) bool {
	for other, have := range a.keys {
		if have.run != nil && a.opts.Strategy.lane(other) == a.opts.Strategy.lane(k) {
			return false
		}
	}
	return true
}

func (w *world) locked(i int, k Key) bool {
	other := w.arms[1-i].keys[k]
	return other != nil && other.run != nil
}

// mustRun checks that nothing waits that could run.
func (w *world) mustRun(t *rapid.T, i int, a *arm) {
	if len(a.runs()) >= a.opts.Concurrency {
		return
	}
	for name, k := range a.keys {
		if a.startable(k) && a.laneFree(name) && !w.locked(i, name) {
			t.Fatalf("queue %d: %s could run and does not\n%s", i, name, a.model)
		}
	}
}

// end either shuts the queues down, in the middle of it all, or lets all work
// come to its end.
func (w *world) end(t *rapid.T) {
	w.check(t)
	if rapid.Bool().Draw(t, "shutdown") {
		w.shutdown(t)
		return
	}
	for range 1000 {
		for _, a := range w.arms {
			for _, k := range a.runs() {
				a.answer(k, Result{})
				w.check(t)
			}
		}
		if len(w.arms[0].runs())+len(w.arms[1].runs()) > 0 {
			continue
		}
		time.Sleep(time.Minute) // all that is delayed
		if w.check(t); len(w.arms[0].runs())+len(w.arms[1].runs()) == 0 {
			break
		}
	}
	for _, k := range modelKeys { // the parked go with their objects
		for _, a := range w.arms {
			e := Event[string]{Key: k, UID: strconv.Itoa(w.objects[k].uid), Type: Deleted}
			a.q.Add(e)
			a.model.add(e, time.Now())
		}
	}
	w.check(t)
	for i, a := range w.arms {
		if n := len(a.q.unsaid.M); n != len(a.owed) {
			t.Fatalf("queue %d owes %v, want %v", i, a.q.unsaid.M, a.owed)
		}
		if n := len(a.q.objects.M) + len(a.q.lanes.M) + len(a.q.delays.Heap) + a.q.order.Len() + a.q.items + a.q.workers; n != 0 {
			t.Fatalf("queue %d keeps something at rest: %+v\n%s", i, a.q.Stats(), a.model)
		}
	}
	if n := len(w.arms[0].opts.Locks.held.M); n != 0 {
		t.Fatalf("%d locks are held at rest", n)
	}
}

func (w *world) shutdown(t *rapid.T) {
	for _, a := range w.arms {
		a.q.Shutdown()
	}
	w.add(t, w.event(t, modelKeys[0], Added, false))
	for i, a := range w.arms {
		before := a.q.Stats()
		time.Sleep(time.Hour)
		for _, k := range a.runs() {
			a.let(k, Result{})
		}
		synctest.Wait()
		if len(a.started) > 0 {
			t.Fatalf("queue %d: %d calls started after Shutdown", i, len(a.started))
		}
		got := a.q.Stats()
		before.Running, before.Bytes = 0, got.Bytes
		if got != before {
			t.Fatalf("queue %d: stats %+v after Shutdown, want %+v", i, got, before)
		}
		<-a.ended
	}
}

// stop ends everything also when a check failed.
func (w *world) stop() {
	for _, a := range w.arms {
		a.q.Shutdown()
	}
	synctest.Wait()
	for _, a := range w.arms {
		for _, k := range a.runs() {
			a.let(k, Result{})
		}
		<-a.ended
	}
}
