package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// errFinalizer marks a failure to put the finalizer on an object, or to take it off.
var errFinalizer = errors.New("the finalizer cannot be written")

// manyConflicts is how often a patch is made anew at once because the object has changed.
const manyConflicts = 8

// finalizer is what a binding with Finalize knows of objects that it has work with at the moment.
type finalizer struct {
	name string

	mu sync.Mutex
	// added are the UIDs of objects that the finalizer is being put on, until the stream brings that.
	added table[queue.Key, string]
	// cleaned are the UIDs of objects whose clean-up has succeeded, until they are gone and no call is left that has to know.
	cleaned table[queue.Key, string]
	// leaving are the UIDs of objects that are gone while a call of theirs ran.
	leaving table[queue.Key, string]
}

func newFinalizer(name string) *finalizer {
	if name == "" {
		return nil
	}
	return &finalizer{name: name}
}

func (f *finalizer) on(m *watcher.Meta) bool { return slices.Contains(m.Finalizers, f.name) }

// due says whether an object is to be cleaned up, whatever the selection makes of it. Nil is never due.
func (f *finalizer) due(m *watcher.Meta) bool { return f != nil && m.Deleting && f.on(m) }

// member says whether an object is in the binding's set, of which it was a member, and which its selection takes or not: one
// that carries the finalizer stays until it is gone, and one without can get it only if it is not being deleted.
func (f *finalizer) member(within, was, selected bool, m *watcher.Meta) bool {
	switch {
	case f.on(m):
		return within
	case m.Deleting:
		return was
	default:
		return selected
	}
}

// passes says of a change of a member whether the binding is called for it: always for the clean-up, never for what is being
// deleted without the finalizer, nor for the finalizer itself; else what the event steps say. Carried is whether the state
// before had the finalizer.
func (f *finalizer) passes(says bool, d *watcher.Delta, carried bool) bool {
	m := &d.Frame.Meta
	on := f.on(m)
	echo := on && f.echo(m) && !carried && !d.Relist // a list may bring more with it
	switch {
	case m.Deleting:
		return on
	case echo:
		return false
	default:
		return says
	}
}

// echo says whether the stream may bring nothing but the finalizer that was just put on. It is asked of the first state that
// carries it.
func (f *finalizer) echo(m *watcher.Meta) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := queue.Key{Namespace: m.Namespace, Name: m.Name}
	uid, ok := f.added.m[k]
	f.added.delete(k)
	return ok && uid == m.UID
}

// epoch is the generation by which the queue sees that waiting work is due at once: a deletion makes it so too.
func (f *finalizer) epoch(m *watcher.Meta) int64 {
	g := 2*m.Generation + 2
	if m.Deleting {
		g++
	}
	return g
}

// forget drops what is known of an object that nobody is called for any more.
func (f *finalizer) forget(k queue.Key) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.added.delete(k)
	f.cleaned.delete(k)
	f.leaving.delete(k)
}

// left is called when an object is gone and the binding's engine has heard of that, which leaves the call that runs, if any;
// or where deletions are told, all calls that wait, up to that of the deletion. Until these are over it is known that the
// clean-up has succeeded.
func (b *binding) left(k queue.Key, uid string) {
	f := b.finalizer
	f.unset(&f.added, k)
	if b.Takes(queue.Deleted, false) {
		return
	}
	f.set(&f.leaving, k, uid)
	if !b.engine.Knows(k, uid) {
		f.forget(k)
	}
}

// over is called after each call.
func (f *finalizer) over(c *queue.Call[*work]) {
	if f == nil {
		return
	}
	f.mu.Lock()
	uid, gone := f.leaving.m[c.Key]
	f.mu.Unlock()
	if gone && uid == c.UID || c.Type == queue.Deleted {
		f.forget(c.Key)
	}
}

// set remembers a UID in one of the two tables.
func (f *finalizer) set(in *table[queue.Key, string], k queue.Key, uid string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	in.set(strippedKey(k), strings.Clone(uid))
}

func (f *finalizer) unset(in *table[queue.Key, string], k queue.Key) {
	f.mu.Lock()
	defer f.mu.Unlock()
	in.delete(k)
}

func (f *finalizer) isCleaned(k queue.Key, uid string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	known, ok := f.cleaned.m[k]
	return ok && known == uid
}

func strippedKey(k queue.Key) queue.Key {
	return queue.Key{Namespace: strings.Clone(k.Namespace), Name: strings.Clone(k.Name)}
}

// guarded calls Reconcile for an object once the finalizer is on, and the clean-up when it is being deleted.
func (b *binding) guarded(ctx context.Context, c queue.Call[*work], frame *watcher.Frame) queue.Result {
	f, m := b.finalizer, &frame.Meta
	switch on := f.on(m); {
	case m.Deleting && !on:
		return queue.Result{Outcome: queue.Drop}
	case m.Deleting:
		return b.cleanUp(ctx, c, frame)
	case f.isCleaned(c.Key, m.UID): // a live read was ahead of the stream
		return queue.Result{Outcome: queue.Drop}
	case !on:
		with, err := b.addFinalizer(ctx, c.Key, frame)
		switch {
		case err != nil:
			return c.Payload.postpone(err)
		case with == nil: // gone, or going: the stream tells
			return queue.Result{Outcome: queue.Drop}
		case !b.Settings.InOrder:
			frame = with
		}
	}
	return b.hand(ctx, c, c.Type, frame)
}

// addFinalizer gives the object with the finalizer, and nil for one that is gone, going or of no interest any more. In order,
// what came before the deletion is told before the clean-up.
func (b *binding) addFinalizer(ctx context.Context, k queue.Key, frame *watcher.Frame) (*watcher.Frame, error) {
	f := b.finalizer
	f.set(&f.added, k, frame.Meta.UID)
	with, patched, err := b.editFinalizers(ctx, k, frame, func(m *watcher.Meta) ([]string, bool) {
		if f.on(m) || m.Deleting || !b.Match(m) {
			return nil, false
		}
		return append(slices.Clone(m.Finalizers), f.name), true
	})
	if !patched {
		f.unset(&f.added, k)
	}
	if err != nil || with == nil || !f.on(&with.Meta) || with.Meta.Deleting && !b.Settings.InOrder {
		return nil, err
	}
	return with, nil
}

// cleanUp calls the clean-up, once, and takes the finalizer off.
func (b *binding) cleanUp(ctx context.Context, c queue.Call[*work], frame *watcher.Frame) queue.Result {
	f, uid := b.finalizer, frame.Meta.UID
	if !b.fence.open() { // reading again takes its time, and nothing is written then either
		return noLease()
	}
	if !f.isCleaned(c.Key, uid) {
		if res, held := b.held(); held {
			return res
		}
		res := capability.ResultOf(b.Cleanup(logr.NewContext(ctx, callLogger(b.log, c.Key, c.Type)), b.delivery(c, c.Type, frame)))
		res.Forever = true
		switch res.Outcome {
		case queue.Done:
			f.set(&f.cleaned, c.Key, uid)
		case queue.Permanent:
			res.Outcome, res.After = queue.RetryAfter, b.Settings.Backoff.Max
			return res
		default:
			return res
		}
	}
	_, _, err := b.editFinalizers(ctx, c.Key, frame, f.without)
	if err != nil {
		return c.Payload.postpone(err)
	}
	return queue.Result{}
}

// editFinalizers writes what change makes of an object's finalizers, on that state of it alone: where somebody else was faster,
// it is read again. It returns the object as it is then, nil where there is none any more with this UID.
func (b *binding) editFinalizers(
	ctx context.Context, k queue.Key, frame *watcher.Frame, change func(*watcher.Meta) (finalizers []string, needed bool),
) (now *watcher.Frame, patched bool, err error) {
	o := watcher.ReaderOptions{CutManagedFields: !b.Settings.ManagedFields}
	uid := frame.Meta.UID
	for range manyConflicts {
		to, needed := change(&frame.Meta)
		if !needed {
			return frame, false, nil
		}
		now, err = b.server.Patch(ctx, b.Resource, k.Namespace, k.Name, finalizersPatch(&frame.Meta, to), o)
		switch {
		case err == nil:
			return now, true, nil
		case apierrors.IsNotFound(err):
			return nil, false, nil
		case !apierrors.IsConflict(err):
			return nil, false, fmt.Errorf("%w: %w", errFinalizer, forWantOf("patch", b.Resource, err))
		}
		var found bool
		frame, found, err = b.server.Read(ctx, b.Resource, k.Namespace, k.Name, o)
		switch {
		case err != nil:
			return nil, false, fmt.Errorf("%w: %w", errFinalizer, forWantOf("get", b.Resource, err))
		case !found || frame.Meta.UID != uid:
			return nil, false, nil
		}
	}
	return nil, false, fmt.Errorf("%w: the object changes too often", errFinalizer)
}

// finalizersPatch holds the resourceVersion, so that it is refused on any other state of the object.
func finalizersPatch(m *watcher.Meta, to []string) []byte {
	type metadata struct {
		UID             string   `json:"uid,omitempty"`
		ResourceVersion string   `json:"resourceVersion"`
		Finalizers      []string `json:"finalizers"`
	}
	out, err := json.Marshal(map[string]metadata{"metadata": {UID: m.UID, ResourceVersion: m.ResourceVersion, Finalizers: to}})
	if err != nil { // of strings: there is no way
		return nil
	}
	return out
}
