package finalize

import (
	"context"
	"errors"
	"time"

	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// Something else that keeps removing the finalizer is answered with growing delays, up to restoreMax. After twice that time
// without a removal they begin again.
const (
	restoreMin = time.Second
	restoreMax = 5 * time.Minute
)

// The delays after which a finalizer that could not be added is added again.
const (
	retryMin = time.Second
	retryMax = time.Minute
)

// restorers is how many finalizers of one binding are added again at once.
const restorers = 4

// fightAfter is after how many removals in a row the log says so, and fightPause how long it then says nothing.
const (
	fightAfter = 3
	fightPause = 10 * time.Minute
)

// errFight is about another program that does not leave the finalizer in place.
var errFight = errors.New("something else keeps removing the finalizer: see the managedFields of the object for who")

// restorer adds finalizers again that something else removed. That is not left to the calls of Reconcile, which event steps may
// hide, a failure may delay, and a callback that hangs may hold up.
type restorer struct {
	queue.NopObserver

	f     *Finalizer
	queue *queue.Queue[*watcher.Frame]
}

func newRestorer(f *Finalizer) *restorer {
	r := &restorer{f: f}
	r.queue = queue.New(queue.Options{
		Concurrency: restorers, Backoff: queue.Backoff{Min: retryMin, Max: retryMax}, Observer: r, Kind: f.o.Resource.Kind,
	}, r.add)
	return r
}

// Run adds missing finalizers until ctx ends or the finalizer is shut down. A nil finalizer has nothing to do.
func (f *Finalizer) Run(ctx context.Context) {
	if f != nil {
		f.restorer.queue.Run(ctx)
	}
}

// Shutdown ends run when the work in progress is done.
func (f *Finalizer) Shutdown() {
	if f != nil {
		f.restorer.queue.Shutdown()
	}
}

// restore has the finalizer added to an object of the set that does not carry it.
func (f *Finalizer) restore(m *watcher.Meta) {
	id := IDOf(m)
	if f.busy(id) {
		return
	}
	id = id.clone()
	f.restorer.queue.Add(queue.Event[*watcher.Frame]{
		Key: id.Key, UID: id.UID, Type: queue.Modified, Passed: true, Was: true, Payload: &watcher.Frame{Meta: m.Clone()},
	})
}

// Restores has the numbers of missing finalizers that are added.
func (f *Finalizer) Restores() queue.Stats { return f.restorer.queue.Stats() }

// add adds the finalizer to one object.
func (r *restorer) add(ctx context.Context, c queue.Call[*watcher.Frame]) queue.Result {
	f := r.f
	if f.o.Held() {
		return queue.Result{Outcome: queue.Drop}
	}
	id := ID{c.Key, c.UID}
	w := f.Get(id)
	if wait := w.Patience(time.Now()); wait > 0 {
		return queue.Result{Outcome: queue.Postpone, After: wait}
	}
	if _, err := f.Add(ctx, id, c.Payload); err != nil {
		return queue.Result{Outcome: queue.Retry, Err: err}
	}
	return queue.Result{}
}

// Finished implements queue.Observer.
func (r *restorer) Finished(f queue.Finish) {
	if f.Err != nil {
		r.f.o.Log.Error(f.Err, "the finalizer is missing, and is added again later", "object", f.Key.String(), "retryIn", f.Next.String())
	}
}

// Patience is how long to wait before the finalizer is added again.
func (w *Ward) Patience(now time.Time) time.Duration {
	if w.restored == 0 || !w.Lost {
		return 0
	}
	ago := now.Sub(w.last)
	if ago > 2*restoreMax {
		return 0
	}
	return max(min(restoreMin<<min(w.restored-1, 10), restoreMax)-ago, 0)
}

// wasRestored counts a finalizer that was added again.
func (w *Ward) wasRestored(now time.Time) {
	if now.Sub(w.last) > 2*restoreMax {
		w.restored = 0
	}
	w.restored, w.last = w.restored+1, now
}

// tellRestored counts a finalizer that was added again, and logs a fight.
func (f *Finalizer) tellRestored(id ID) {
	f.o.Restored.Inc()
	f.mu.Lock()
	w, now := f.wards.M[id], time.Now()
	fight := w != nil && w.restored >= fightAfter && (f.warned.IsZero() || now.Sub(f.warned) >= fightPause)
	n := 0
	if fight {
		f.warned, n = now, w.restored
	}
	f.mu.Unlock()
	if fight {
		f.o.Log.Error(errFight, "the finalizer was added again", "object", id.Key.String(), "finalizer", f.o.Name, "times", n)
	}
}
