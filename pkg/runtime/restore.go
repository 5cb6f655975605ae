package runtime

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

	b     *binding
	queue *queue.Queue[*watcher.Frame]
}

func newRestorer(b *binding) *restorer {
	if b.finalizer == nil {
		return nil
	}
	r := &restorer{b: b}
	r.queue = queue.New(queue.Options{
		Concurrency: restorers, Backoff: queue.Backoff{Min: postponeMin, Max: postponeMax}, Observer: r, Kind: b.Resource.Kind,
	}, r.add)
	return r
}

// run adds finalizers until ctx ends or the restorer is shut down. A nil restorer has nothing to do.
func (r *restorer) run(ctx context.Context) {
	if r != nil {
		r.queue.Run(ctx)
	}
}

func (r *restorer) shutdown() {
	if r != nil {
		r.queue.Shutdown()
	}
}

// restore has the finalizer added to an object of the set that does not carry it.
func (b *binding) restore(m *watcher.Meta) {
	id := idOf(m)
	if b.finalizer.busy(id) {
		return
	}
	id = id.clone()
	b.restorer.queue.Add(queue.Event[*watcher.Frame]{
		Key: id.Key, UID: id.uid, Type: queue.Modified, Passed: true, Was: true, Payload: &watcher.Frame{Meta: m.Clone()},
	})
}

// add adds the finalizer to one object.
func (r *restorer) add(ctx context.Context, c queue.Call[*watcher.Frame]) queue.Result {
	b := r.b
	if _, held := b.held(); held {
		return queue.Result{Outcome: queue.Drop}
	}
	id := objectID{c.Key, c.UID}
	w := b.finalizer.get(id)
	if wait := w.patience(time.Now()); wait > 0 {
		return queue.Result{Outcome: queue.Postpone, After: wait}
	}
	if _, err := b.addFinalizer(ctx, id, c.Payload); err != nil {
		return queue.Result{Outcome: queue.Retry, Err: err}
	}
	return queue.Result{}
}

// Finished implements queue.Observer.
func (r *restorer) Finished(f queue.Finish) {
	if f.Err != nil {
		r.b.log.Error(f.Err, "the finalizer is missing, and is added again later", "object", f.Key.String(), "retryIn", f.Next.String())
	}
}

// patience is how long to wait before the finalizer is added again.
func (w *ward) patience(now time.Time) time.Duration {
	if w.restored == 0 || !w.lost {
		return 0
	}
	ago := now.Sub(w.last)
	if ago > 2*restoreMax {
		return 0
	}
	return max(min(restoreMin<<min(w.restored-1, 10), restoreMax)-ago, 0)
}

// wasRestored counts a finalizer that was added again.
func (w *ward) wasRestored(now time.Time) {
	if now.Sub(w.last) > 2*restoreMax {
		w.restored = 0
	}
	w.restored, w.last = w.restored+1, now
}

// tellRestored counts a finalizer that was added again, and logs a fight.
func (b *binding) tellRestored(id objectID) {
	f := b.finalizer
	b.metrics.Restored.Inc()
	f.mu.Lock()
	w, now := f.wards.M[id], time.Now()
	fight := w != nil && w.restored >= fightAfter && (f.warned.IsZero() || now.Sub(f.warned) >= fightPause)
	n := 0
	if fight {
		f.warned, n = now, w.restored
	}
	f.mu.Unlock()
	if fight {
		b.log.Error(errFight, "the finalizer was added again", "object", id.Key.String(), "finalizer", f.name, "times", n)
	}
}
