package binding

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-logr/logr"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/live"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/logs"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// The delays after which such a read is tried again, the second twice as long as the first and so on.
const (
	postponeMin = time.Second
	postponeMax = time.Minute
)

// postponeBlind is the delay of a call for which nothing is kept but its reason.
const postponeBlind = 5 * time.Second

// errReadAgain marks a failure to read an object that did not fit the memory budget.
var errReadAgain = errors.New("the object was not kept in memory (see MemoryBudget) and cannot be read again")

// errWoken marks a failure to read an object that a trigger has woken.
var errWoken = errors.New("the object was woken by a trigger and cannot be read")

// ErrNoLease is about a call that came after the lease had expired.
var ErrNoLease = errors.New("the lease is over: another replica may have it, and makes this call")

// Call runs on a worker of the binding's engine.
func (b *Binding) Call(ctx context.Context, c queue.Call[*Work]) queue.Result {
	if !b.fence.Open() {
		return noLease()
	}
	res := b.deliver(ctx, c)
	if res.Outcome == queue.Done || res.Outcome == queue.Drop {
		c.Payload.release() // the callback's object shares no memory with it
	}
	return res
}

// deliver decodes, and calls the user's function.
func (b *Binding) deliver(ctx context.Context, c queue.Call[*Work]) queue.Result {
	if c.Type == queue.Deleted && b.ordered() {
		b.deleted(c.Key, c.UID)
	}
	if c.Type == queue.Deleted || c.Type == queue.Left {
		return b.deliverOut(ctx, c)
	}
	frame, why := c.Payload.object(), errReadAgain
	if woken(&c) {
		frame, why = nil, errWoken
	}
	switch {
	case frame == nil:
	case b.Ahead.outdates(c.Key, frame.Meta.UID, frame.Meta.ResourceVersion):
		frame, why = nil, errAhead
		if b.ordered() { // the call stands for the newer events, too
			c.Merged++
		}
	case b.ordered():
		b.reached(c.Key, frame.Meta.UID, frame.Meta.ResourceVersion)
	}
	if frame == nil {
		var err error
		frame, err = b.readAgain(ctx, c, why)
		switch {
		case errors.Is(err, errUndelivered):
			return c.Payload.postpone(nil)
		case errors.Is(err, why):
			return c.Payload.postpone(err)
		case frame == nil:
			return queue.Result{Outcome: queue.Drop, Err: err}
		}
	}
	if b.Guarded != nil {
		return b.guarded(ctx, c, frame)
	}
	return b.hand(ctx, c, c.Type, frame)
}

// deliverOut is deliver for an object that was deleted or left the selection.
func (b *Binding) deliverOut(ctx context.Context, c queue.Call[*Work]) queue.Result {
	if c.Type == queue.Deleted && b.Guarded != nil {
		if res, done := b.vanished(ctx, c); !done || !b.Takes(c.Type, false) {
			return res
		}
	}
	if !b.Takes(c.Type, false) {
		return queue.Result{Outcome: queue.Drop} // it went another way than the binding asks for
	}
	if c.Type == queue.Left && !b.ordered() && b.Ahead.outdates(c.Key, c.UID, c.Payload.RV) {
		return c.Payload.postpone(nil) // it is back: the stream brings that, which merges with this call
	}
	return b.hand(ctx, c, c.Type, c.Payload.object())
}

// woken says whether the call is made for a trigger alone. Then the object is read live: what was kept of it for another
// reason may be older than what woke it.
func woken(c *queue.Call[*Work]) bool {
	if c.Bare {
		return true
	}
	return c.Type == queue.Unchanged && slices.ContainsFunc(c.Causes, func(why queue.Cause) bool {
		return why.Via == queue.ViaOwned || why.Via == queue.ViaUsed || why.Via == queue.ViaMapped
	})
}

// hand calls the user's function.
func (b *Binding) hand(ctx context.Context, c queue.Call[*Work], typ queue.EventType, frame *watcher.Frame) queue.Result {
	res, err := b.invoke(ctx, c, typ, frame)
	if b.Guarded == nil && capability.IsReleaseFinalizer(err) {
		b.misreleased.Do(func() { b.log.Error(errNoFinalize, "ReleaseFinalizer has no effect", "declared", b.Location) })
	}
	return res
}

// invoke calls the user's function, and also gives its error.
func (b *Binding) invoke(ctx context.Context, c queue.Call[*Work], typ queue.EventType, frame *watcher.Frame) (queue.Result, error) {
	if res, held := b.held(); held { // reading again, and the finalizer, take their time
		return res, nil
	}
	err := b.Invoke(logr.NewContext(ctx, logs.ForCall(b.log, c.Key, typ)), b.delivery(c, typ, frame))
	return resultOf(err), err
}

func (b *Binding) delivery(c queue.Call[*Work], typ queue.EventType, frame *watcher.Frame) declare.Delivery {
	d := declare.Delivery{
		Type:    typ,
		Frame:   frame,
		Initial: c.Initial,
		Attempt: c.Attempt,
		Merged:  c.Merged,
		Causes:  c.Causes,

		Entering: c.Entering,
	}
	if old, ok := c.Before.(*state); ok {
		d.Old = old.frame()
	}
	if typ == queue.Left {
		d.Frame = nil // the last state that matched says nothing of the state that does not
	}
	if d.Frame == nil {
		d.Frame = c.Payload.last.frame()
	}
	if d.Frame == nil {
		d.Identity = watcher.Meta{Namespace: c.Key.Namespace, Name: c.Key.Name, UID: c.UID, ResourceVersion: c.Payload.RV}
	}
	return d
}

// readAgain reads an object that was not kept while it waited. It returns nil and no error for one that is
// gone, or does not match any more: the stream tells that, or has told it already. why marks a failure.
func (b *Binding) readAgain(ctx context.Context, c queue.Call[*Work], why error) (*watcher.Frame, error) {
	if b.Cached != nil && !errors.Is(why, errWoken) {
		f := b.Cached.latest(c.Key, c.UID) // that of a live read, if it is ahead of the stream
		if f != nil && b.ordered() && b.Engine.Waits(c.Key, c.UID) {
			b.Ahead.Set(c.Key, &f.Meta) // the older events that wait are not to bring older states
		}
		return f, nil
	}
	ctx, cancel := context.WithTimeout(ctx, live.Timeout)
	defer cancel()
	b.Metrics.Reread.Inc()
	f, found, err := b.readLive(ctx, c.Key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", why, live.NeedsVerb("get", b.Resource, err))
	}
	if !found || c.UID != "" && f.Meta.UID != c.UID {
		return nil, nil
	}
	if in, err := b.selects(f); err != nil || !in {
		return nil, err
	}
	if err := b.raise(ctx, &c, f); err != nil {
		return nil, fmt.Errorf("%w: %w", why, err)
	}
	return f, nil
}

// readLive reads an object of the binding's resource from the server.
func (b *Binding) readLive(ctx context.Context, k queue.Key) (*watcher.Frame, bool, error) {
	return live.Read(ctx, b.server, b.Resource, k.Namespace, k.Name, watcher.ReaderOptions{CutManagedFields: !b.Settings.ManagedFields})
}

// selects says whether an object that was read live is the binding's business.
func (b *Binding) selects(f *watcher.Frame) (bool, error) {
	switch {
	case b.Guarded != nil && b.Guarded.On(&f.Meta):
		return true, nil
	case !b.Match(&f.Meta):
		return false, nil
	case b.Inspect == nil:
		return true, nil
	}
	in, _, err := b.Inspect(f)
	return in && err == nil, err
}

// held says whether no callback may start now, and what becomes of the call then.
func (b *Binding) held() (res queue.Result, held bool) {
	switch {
	case !b.fence.Open():
		return noLease(), true
	case b.stopping != nil && b.stopping.Load():
		return queue.Result{Outcome: queue.Postpone, After: postponeMax}, true
	}
	return queue.Result{}, false
}

// noLease is the result of a call that another replica is to make. The program is about to end.
func noLease() queue.Result {
	return queue.Result{Outcome: queue.Postpone, After: postponeMax, Err: ErrNoLease}
}

// postpone has the call made later, since something could not be read that it needs: this object waits. It is
// no attempt of the callback's.
func (w *Work) postpone(err error) queue.Result {
	if w == nil {
		return queue.Result{Outcome: queue.Postpone, After: postponeBlind, Err: err}
	}
	after := min(postponeMin<<w.postponed, postponeMax)
	if after < postponeMax {
		w.postponed++
	}
	return queue.Result{Outcome: queue.Postpone, After: after, Err: err}
}

// overtaken is postpone for a state that a patch of Ancho's made, where the stream was faster than the answer: another writer has changed
// the object since. The call is made at once with the newer state. A server that is behind answers like that again.
func (w *Work) overtaken(err error) queue.Result {
	if w == nil || w.postponed > 0 || !errors.Is(err, errStale) {
		return w.postpone(err)
	}
	w.postponed++
	return queue.Result{Outcome: queue.Postpone}
}
