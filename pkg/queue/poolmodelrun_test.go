package queue

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// TestPoolModel drives a pool with random events and results, in virtual time, and compares each call and each
// count with the model.
func TestPoolModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rapid.SyncTest(t, func(t *rapid.T) {
			w := newPoolWorld(t)
			defer w.stop()
			t.Repeat(map[string]func(*rapid.T){
				"event":  w.event,
				"event2": w.event,
				"finish": w.finish,
				"enter":  w.enters,
				"enter2": w.enters,
				"sleep":  func(t *rapid.T) { w.sleep(t, rapid.IntRange(1, 30).Draw(t, "for")) },
				"":       w.check,
			})
			w.end(t)
		})
	})
}

// poolWorld is a pool, its model, and the objects that they watch.
type poolWorld struct {
	*poolModel
	p       *Pool[string]
	takes   map[EventType]bool
	objects map[Key]*thing
	version int
	ended   chan struct{}

	mu      sync.Mutex
	started []string
	calls   map[string][]poolCall // that run, by what they say
	outside map[string]bool       // of those, which have not entered their callback
}

// poolCall is a call that runs: its handler enters its callback, or returns.
type poolCall struct {
	enter  chan struct{}
	answer chan Result
}

func newPoolWorld(t *rapid.T) *poolWorld {
	w := &poolWorld{
		takes: make(map[EventType]bool), objects: make(map[Key]*thing),
		calls: make(map[string][]poolCall), outside: make(map[string]bool), ended: make(chan struct{}),
	}
	for _, k := range modelKeys[:2] {
		w.objects[k] = &thing{}
	}
	for _, e := range []EventType{Added, Modified, Deleted, Left} {
		w.takes[e] = rapid.IntRange(0, 3).Draw(t, "takes "+string(e)) > 0
	}
	o := Options{
		Concurrency: rapid.IntRange(1, 3).Draw(t, "concurrency"),
		MaxAttempts: rapid.SampledFrom([]int{0, 0, 2, 3}).Draw(t, "maxAttempts"),
		Backoff:     Backoff{Min: time.Second, Max: 3 * time.Second},
		Rand:        func() float64 { return 1 },
	}
	l := limited(rapid.SampledFrom([]int64{0, 1, 700, 1500, 3000}).Draw(t, "budget"))
	w.poolModel, w.p = newPoolModel(o, l), NewPool(o, w.handle)
	w.p.Limit(l)
	go func() {
		defer close(w.ended)
		w.p.Run(context.Background())
	}()
	return w
}

func (w *poolWorld) handle(_ context.Context, c Call[string]) Result {
	call, says := poolCall{make(chan struct{}), make(chan Result)}, tell(c)
	w.mu.Lock()
	w.started = append(w.started, says)
	w.calls[says] = append(w.calls[says], call)
	w.outside[says] = true
	w.mu.Unlock()
	select {
	case <-call.enter:
		c.Enter()
	case res := <-call.answer:
		return res
	}
	return <-call.answer
}

// enters has a call enter its callback.
func (w *poolWorld) enters(t *rapid.T) {
	w.sleep(t, 0)
	w.mu.Lock()
	says := slices.Sorted(maps.Keys(w.outside))
	w.mu.Unlock()
	if len(says) == 0 {
		t.Skip() // the action does not apply now: rapid picks another
	}
	one := rapid.SampledFrom(says).Draw(t, "enters")
	w.mu.Lock()
	call := w.calls[one][0]
	delete(w.outside, one)
	w.mu.Unlock()
	call.enter <- struct{}{}
	w.poolModel.enter(one)
}

// event makes something happen to an object. No two things happen at the same moment: what comes due at the
// same moment has no order.
func (w *poolWorld) event(t *rapid.T) {
	w.sleep(t, 0)
	k := rapid.SampledFrom(modelKeys[:2]).Draw(t, "key")
	o := w.objects[k]
	e := Event[string]{Key: k, Was: o.in}
	switch {
	case !o.exists:
		o.uid++
		o.exists, o.in, o.gen = true, true, someGeneration(t)
		e.Type, e.Initial = Added, o.uid == 1 && rapid.Bool().Draw(t, "initial")
	case rapid.IntRange(0, 5).Draw(t, "goes") == 0:
		e.Type, o.exists, o.in = Deleted, false, false
	default:
		o.in = rapid.IntRange(0, 4).Draw(t, "in") > 0
		if rapid.Bool().Draw(t, "generation") {
			o.gen = nextGeneration(o.gen)
		}
		switch {
		case e.Was && o.in:
			e.Type = Modified
		case e.Was:
			e.Type = Left
		case o.in:
			e.Type = Added
		default:
			return
		}
	}
	w.version++
	e.UID, e.Generation, e.Payload = strconv.Itoa(o.uid), o.gen, strconv.Itoa(w.version)
	e.Bare = rapid.IntRange(0, 9).Draw(t, "bare") == 0
	if e.Bare {
		e.Payload = ""
	}
	if e.Was && rapid.Bool().Draw(t, "before") {
		e.Before = strconv.Itoa(w.version)
	}
	e.Passed = w.takes[e.Type] && rapid.IntRange(0, 5).Draw(t, "passes") > 0
	w.p.Add(e)
	w.add(e, time.Now())
}

func (w *poolWorld) finish(t *rapid.T) {
	w.sleep(t, 0)
	w.mu.Lock()
	var says []string
	for s := range w.calls {
		says = append(says, s)
	}
	w.mu.Unlock()
	if len(says) == 0 {
		t.Skip() // the action does not apply now: rapid picks another
	}
	slices.Sort(says)
	after := time.Duration(rapid.IntRange(1, 40).Draw(t, "after")) * 100 * time.Millisecond
	w.answer(rapid.SampledFrom(says).Draw(t, "running"), rapid.SampledFrom([]Result{
		{}, {}, {}, {Outcome: Retry, Err: errTest}, {Outcome: RetryAfter, After: after, Err: errTest},
		{Outcome: Requeue, After: after}, {Outcome: Permanent, Err: errTest}, {Outcome: Drop},
		{Outcome: Postpone, After: after}, {Outcome: Conflict, Err: errTest},
	}).Draw(t, "result"))
}

func (w *poolWorld) answer(says string, res Result) {
	w.mu.Lock()
	answer := w.calls[says][0].answer
	delete(w.outside, says)
	if w.calls[says] = w.calls[says][1:]; len(w.calls[says]) == 0 {
		delete(w.calls, says)
	}
	w.mu.Unlock()
	answer <- res
	w.poolModel.finish(says, res, time.Now())
}

// sleep lets time pass, in steps: what comes due starts before the next does.
func (w *poolWorld) sleep(t *rapid.T, tenths int) {
	end := time.Now().Add(time.Duration(tenths)*100*time.Millisecond + time.Nanosecond)
	for time.Now().Before(end) {
		next := end
		for _, u := range w.all {
			if u.wait != waitNone && u.due.Before(next) {
				next = u.due
			}
		}
		time.Sleep(time.Until(next))
		w.check(t)
	}
}

func (w *poolWorld) check(t *rapid.T) {
	synctest.Wait()
	for w.elapse(time.Now()) {
	}
	want := w.poolModel.start()
	w.mu.Lock()
	got := w.started
	w.started = nil
	w.mu.Unlock()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("started %q\nwant %q", got, want)
	}
	if got, want := w.p.Stats(), w.stats(); got != want {
		t.Fatalf("stats %+v, want %+v", got, want)
	}
	if got, want := w.p.Idle(), w.stats().Running+w.stats().Waiting == 0; got != want {
		t.Fatalf("idle %v, want %v", got, want)
	}
	w.bounded(t)
}

// bounded checks that, over the budget, what waits grows with the objects and not with the events: each has one
// call that does not fit, and those that were made of it while it ran.
func (w *poolWorld) bounded(t *rapid.T) {
	if w.limit.Budget == 0 {
		return
	}
	keyOnly := map[identity]int{}
	for _, u := range w.all {
		if stateOf(u.log).keyOnly {
			keyOnly[u.id]++
		}
		if keyOnly[u.id] > 2+w.opts.Concurrency+int(w.limit.Budget/CallOverhead) {
			t.Fatalf("%d calls for %v are not in the budget", keyOnly[u.id], u.id)
		}
	}
	most := w.limit.Budget + int64(1+w.objectsWaiting()*(1+w.opts.Concurrency))*CallOverhead + int64(w.version)
	if w.stats().Bytes > most {
		t.Fatalf("%d bytes held, at most %d can be", w.stats().Bytes, most)
	}
}

func (w *poolWorld) objectsWaiting() int {
	ids := map[identity]bool{}
	for _, u := range w.all {
		ids[u.id] = true
	}
	return len(ids)
}

// end lets all work come to its end.
func (w *poolWorld) end(t *rapid.T) {
	for range 1000 {
		w.check(t)
		w.mu.Lock()
		var says []string
		for s := range w.calls {
			says = append(says, s)
		}
		w.mu.Unlock()
		slices.Sort(says)
		switch {
		case len(says) > 0:
			w.answer(says[0], Result{})
		case len(w.all) > 0:
			w.sleep(t, 50)
		}
	}
	p := w.p
	if n := p.line.N + len(p.delays.Heap) + len(p.freed.Heap) + p.held + len(p.origins.M) + p.workers + int(p.load.held); n != 0 {
		t.Fatalf("the pool keeps something at rest: %+v", p.Stats())
	}
}

func (w *poolWorld) stop() {
	w.p.Shutdown()
	synctest.Wait()
	for _, calls := range w.calls {
		for _, c := range calls {
			c.answer <- Result{}
		}
	}
	<-w.ended
}
