package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-logr/logr"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/live"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/logs"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// cleanUpLabel is what logs, metrics and call records say of a clean-up in place of Reconcile.
const cleanUpLabel = "Finalize"

// errNoFinalize is about ReleaseFinalizer from a callback whose binding has no finalizer.
var errNoFinalize = errors.New("the callback returned ReleaseFinalizer, and its binding has no Finalize: Ancho treats it as nil")

// errFound is about an object that a list did not show.
var errFound = errors.New("a list did not show this object, and it exists: the clean-up is not called")

// guarded calls Reconcile for an object that carries the finalizer, and the clean-up for one that is being deleted.
func (b *binding) guarded(ctx context.Context, c queue.Call[*work], frame *watcher.Frame) queue.Result {
	f, m := b.finalizer, &frame.Meta
	on, id := f.on(m), objectID{c.Key, m.UID}
	w := f.get(id)
	switch {
	case m.Deleting && on && w.releasedAt(m.Generation):
		return b.releaseObject(ctx, c, frame)
	case m.Deleting && (on || w.lost):
		return b.cleanUp(ctx, c, frame)
	case m.Deleting, w.cleaned: // a live read may be ahead of the stream
		return queue.Result{Outcome: queue.Drop}
	case on, w.releasedAt(m.Generation):
	default:
		if wait := w.patience(time.Now()); wait > 0 {
			return queue.Result{Outcome: queue.Postpone, After: wait}
		}
		with, err := b.addFinalizer(ctx, id, frame)
		switch {
		case err != nil:
			return c.Payload.postpone(err)
		case with == nil || f.get(id).gone: // the stream delivers the deletion, or has done so
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
func (b *binding) reconcile(ctx context.Context, c queue.Call[*work], frame *watcher.Frame) queue.Result {
	res, err := b.invoke(ctx, c, c.Type, frame)
	if capability.IsReleaseFinalizer(err) {
		return b.releaseObject(ctx, c, frame)
	}
	if res.Outcome != queue.Postpone {
		b.reclaim(frame)
	}
	return res
}

// reclaim ends the release of an object for which Reconcile returned something else, where no generation says that it changed, or
// the finalizer was not removed yet.
func (b *binding) reclaim(frame *watcher.Frame) {
	f, m := b.finalizer, &frame.Meta
	on := f.on(m)
	if w := f.get(idOf(m)); !w.released || m.Generation != 0 && !on {
		return
	}
	f.edit(idOf(m), func(w *ward) { w.released, w.since = false, 0 })
	if !on {
		b.restore(m)
	}
}

// releaseObject removes the finalizer without a clean-up. It has to be the state that Reconcile has seen, or one of the same generation.
func (b *binding) releaseObject(ctx context.Context, c queue.Call[*work], frame *watcher.Frame) queue.Result {
	f, generation := b.finalizer, frame.Meta.Generation
	f.edit(idOf(&frame.Meta), func(w *ward) {
		if !w.gone {
			w.released, w.since, w.lost = true, generation, false
		}
	})
	_, _, err := b.editFinalizers(ctx, c.Key, frame, func(m *watcher.Meta) ([]string, bool) {
		if m.Generation != generation {
			return nil, false
		}
		return f.without(m)
	})
	if err != nil {
		return c.Payload.postpone(err)
	}
	return queue.Result{}
}

// addFinalizer gives the object with the finalizer, and nil for one that is deleted, being deleted or not selected any more. In order,
// what came before the deletion is delivered before the clean-up.
func (b *binding) addFinalizer(ctx context.Context, id objectID, frame *watcher.Frame) (*watcher.Frame, error) {
	f := b.finalizer
	w := f.beginAdding(id)
	with, patched, err := b.editFinalizers(ctx, id.Key, frame, func(m *watcher.Meta) ([]string, bool) {
		if w := f.get(id); f.on(m) || m.Deleting || !b.Match(m) || w.releasedAt(m.Generation) {
			return nil, false
		}
		return append(slices.Clip(m.Finalizers), f.name), true
	})
	rv := ""
	if patched {
		rv = with.Meta.ResourceVersion
	}
	again, robbed := f.endAdding(id, w, rv, err)
	if again {
		b.tellRestored(id)
	}
	if robbed && with != nil { // before the answer to the patch came: the event found the patch in progress
		m := with.Meta
		if f.on(&m) {
			m.Finalizers, _ = f.without(&m)
		}
		b.restore(&m)
	}
	if err != nil || with == nil || !f.on(&with.Meta) || with.Meta.Deleting && !b.Settings.InOrder {
		return nil, err
	}
	return with, nil
}

// cleanUp calls the clean-up, once, and removes the finalizer.
func (b *binding) cleanUp(ctx context.Context, c queue.Call[*work], frame *watcher.Frame) queue.Result {
	f, id := b.finalizer, objectID{c.Key, frame.Meta.UID}
	if !b.fence.Open() { // reading again takes its time, and nothing is written then either
		return noLease()
	}
	if !f.get(id).cleaned {
		if res, done := b.clean(ctx, c, id, frame); !done {
			return res
		}
	}
	if _, _, err := b.editFinalizers(ctx, c.Key, frame, f.without); err != nil {
		return asCleanUp(c.Payload.postpone(err))
	}
	return asCleanUp(queue.Result{})
}

// clean calls the clean-up. A failure of any kind, a panic included, has it called again: no MaxAttempts holds.
func (b *binding) clean(ctx context.Context, c queue.Call[*work], id objectID, frame *watcher.Frame) (res queue.Result, done bool) {
	if res, held := b.held(); held {
		return res, false
	}
	f := b.finalizer
	f.edit(id, func(w *ward) { w.cleaning = true })
	d := b.delivery(c, c.Type, frame)
	ctx = logr.NewContext(ctx, logs.ForCall(b.log.WithValues("action", cleanUpLabel), c.Key, c.Type))
	res = asCleanUp(capability.ResultOf(queue.Guard(func() error { return b.Cleanup(ctx, d) })))
	done = res.Outcome == queue.Done
	f.amend(id, func(w *ward) { w.cleaning, w.cleaned = false, done }) // the object may be forgotten
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
func (b *binding) vanished(ctx context.Context, c queue.Call[*work]) (res queue.Result, done bool) {
	id := objectID{c.Key, c.UID}
	w := b.finalizer.get(id)
	switch {
	case w.adding > 0: // the answer says whether the object carried the finalizer
		return queue.Result{Outcome: queue.Postpone, After: postponeMin}, false
	case !w.owes():
		return res, true
	case w.absent:
		found, err := b.exists(ctx, id)
		if err != nil {
			return asCleanUp(c.Payload.postpone(err)), false
		}
		if found {
			b.log.Error(errFound, "the stream will deliver it again", "object", c.Key.String(), "uid", c.UID)
			return queue.Result{Outcome: queue.Drop}, false
		}
		b.finalizer.edit(id, func(w *ward) { w.absent = false })
	}
	return b.clean(ctx, c, id, c.Payload.object())
}

// exists reads whether an object exists that the stream did not see being deleted.
func (b *binding) exists(ctx context.Context, id objectID) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, live.Timeout)
	defer cancel()
	frame, found, err := b.readLive(ctx, id.Key)
	if err != nil {
		return false, fmt.Errorf("%w: %w", errGone, live.NeedsVerb("get", b.Resource, err))
	}
	return found && frame.Meta.UID == id.uid, nil
}

// errGone marks a failure to find out whether an object was deleted.
var errGone = errors.New("the clean-up waits, since it is not certain that the object was deleted")
