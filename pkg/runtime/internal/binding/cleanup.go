package binding

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-logr/logr"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/finalize"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/live"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/logs"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// cleanUpLabel is what logs, metrics and call records say of a cleanup in place of Reconcile.
const cleanUpLabel = "Finalize"

// errNoFinalize is about ReleaseFinalizer from a callback whose binding has no finalizer.
var errNoFinalize = errors.New("the callback returned ReleaseFinalizer, and its binding has no Finalize: Ancho treats it as nil")

// errFound is about an object that a list did not show.
var errFound = errors.New("a list did not show this object, and it exists: the clean-up is not called")

// guarded calls Reconcile for an object that carries the finalizer, and the cleanup for one that is being deleted.
func (b *Binding) guarded(ctx context.Context, c queue.Call[*Work], frame *watcher.Frame) queue.Result {
	f, m := b.Guarded, &frame.Meta
	on, id := f.On(m), finalize.ID{Key: c.Key, UID: m.UID}
	w := f.Get(id)
	switch {
	case m.Deleting && on && w.ReleasedAt(m.Generation):
		return b.releaseObject(ctx, c, frame)
	case m.Deleting && (on || w.Lost):
		return b.cleanUp(ctx, c, frame)
	case m.Deleting, w.Cleaned: // a live read may be ahead of the stream
		return queue.Result{Outcome: queue.Drop}
	case on, w.ReleasedAt(m.Generation):
	default:
		if wait := w.Patience(time.Now()); wait > 0 {
			return queue.Result{Outcome: queue.Postpone, After: wait}
		}
		with, err := f.Add(ctx, id, frame)
		switch {
		case err != nil:
			return c.Payload.postpone(err)
		case with == nil || f.Get(id).Gone: // the stream delivers the deletion, or has done so
			return queue.Result{Outcome: queue.Drop}
		case !b.Settings.InOrder:
			if err := b.raise(ctx, &c, with); err != nil {
				return c.Payload.overtaken(err)
			}
			frame = with
		}
	}
	return b.reconcile(ctx, c, frame)
}

// reconcile calls Reconcile, which may release the object.
func (b *Binding) reconcile(ctx context.Context, c queue.Call[*Work], frame *watcher.Frame) queue.Result {
	res, err := b.invoke(ctx, c, c.Type, frame)
	if capability.IsReleaseFinalizer(err) {
		return b.releaseObject(ctx, c, frame)
	}
	if res.Outcome != queue.Postpone {
		b.Guarded.Reclaim(&frame.Meta)
	}
	return res
}

// releaseObject removes the finalizer without a cleanup.
func (b *Binding) releaseObject(ctx context.Context, c queue.Call[*Work], frame *watcher.Frame) queue.Result {
	if err := b.Guarded.RemoveReleased(ctx, c.Key, frame); err != nil {
		return c.Payload.postpone(err)
	}
	return queue.Result{}
}

// cleanUp calls the cleanup, once, and removes the finalizer.
func (b *Binding) cleanUp(ctx context.Context, c queue.Call[*Work], frame *watcher.Frame) queue.Result {
	f, id := b.Guarded, finalize.ID{Key: c.Key, UID: frame.Meta.UID}
	if !b.fence.Open() { // reading again takes its time, and nothing is written then either
		return noLease()
	}
	if !f.Get(id).Cleaned {
		if res, done := b.clean(ctx, c, id, frame); !done {
			return res
		}
	}
	if _, err := f.Remove(ctx, c.Key, frame); err != nil {
		return asCleanUp(c.Payload.postpone(err))
	}
	return asCleanUp(queue.Result{})
}

// clean calls the cleanup. A failure of any kind, a panic included, has it called again: no MaxAttempts holds.
func (b *Binding) clean(ctx context.Context, c queue.Call[*Work], id finalize.ID, frame *watcher.Frame) (res queue.Result, done bool) {
	if res, held := b.held(); held {
		return res, false
	}
	f := b.Guarded
	f.BeginCleanUp(id)
	d := b.delivery(c, c.Type, frame)
	ctx = logr.NewContext(ctx, logs.ForCall(b.log.WithValues("action", cleanUpLabel), c.Key, c.Type))
	res = asCleanUp(resultOf(queue.Guard(func() error { return b.Cleanup(ctx, d) })))
	done = res.Outcome == queue.Done
	f.EndCleanUp(id, done)
	res.Forever = true
	if res.Outcome == queue.Permanent {
		res.Outcome, res.After = queue.RetryAfter, b.Settings.Backoff.Max
	}
	return res, done
}

func asCleanUp(res queue.Result) queue.Result {
	res.Label = cleanUpLabel
	return res
}

// vanished cleans up after an object that was deleted although it carried the finalizer: the API server lets a deletion win that
// was in progress while the finalizer was added (rule 64 of the list/watch protocol). It says whether nothing remains to be done.
func (b *Binding) vanished(ctx context.Context, c queue.Call[*Work]) (res queue.Result, done bool) {
	id := finalize.ID{Key: c.Key, UID: c.UID}
	w := b.Guarded.Get(id)
	switch {
	case w.Adding > 0: // the answer says whether the object carried the finalizer
		return queue.Result{Outcome: queue.Postpone, After: postponeMin}, false
	case !w.Owes():
		return res, true
	case w.Absent:
		found, err := b.exists(ctx, id)
		if err != nil {
			return asCleanUp(c.Payload.postpone(err)), false
		}
		if found {
			b.log.Error(errFound, "the stream will deliver it again", "object", c.Key.String(), "uid", c.UID)
			return queue.Result{Outcome: queue.Drop}, false
		}
		b.Guarded.Missed(id)
	}
	return b.clean(ctx, c, id, c.Payload.object())
}

// exists reads whether an object exists that the stream did not see being deleted.
func (b *Binding) exists(ctx context.Context, id finalize.ID) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, live.Timeout)
	defer cancel()
	frame, found, err := b.readLive(ctx, id.Key)
	if err != nil {
		return false, fmt.Errorf("%w: %w", errGone, live.NeedsVerb("get", b.Resource, err))
	}
	return found && frame.Meta.UID == id.UID, nil
}

// errGone marks a failure to find out whether an object was deleted.
var errGone = errors.New("the clean-up waits, since it is not certain that the object was deleted")
