package finalize

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"

	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/live"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// manyConflicts is how often a patch is repeated at once because the object has changed.
const manyConflicts = 8

// patch writes what change makes of an object's finalizers, on that state of it alone: where another writer was faster,
// it reads the object again. It returns the object as it is then, nil where there is none any more with this UID.
func (f *Finalizer) patch(
	ctx context.Context, k queue.Key, frame *watcher.Frame, change func(*watcher.Meta) (finalizers []string, needed bool),
) (now *watcher.Frame, patched bool, err error) {
	ctx, cancel := ownTime(ctx)
	defer cancel()
	o := watcher.ReaderOptions{CutManagedFields: !f.o.ManagedFields}
	uid := frame.Meta.UID
	for range manyConflicts {
		to, needed := change(&frame.Meta)
		if !needed {
			return frame, false, nil
		}
		now, err = f.o.Server.Patch(ctx, f.o.Resource, k.Namespace, k.Name, finalizersPatch(&frame.Meta, to), o)
		switch {
		case err == nil:
			return now, true, nil
		case apierrors.IsNotFound(err):
			return nil, false, nil
		case !apierrors.IsConflict(err):
			return nil, false, fmt.Errorf("%w: %w", errFinalizer, live.NeedsVerb("patch", f.o.Resource, err))
		}
		var found bool
		frame, found, err = f.o.Server.Read(ctx, f.o.Resource, k.Namespace, k.Name, o)
		switch {
		case err != nil:
			return nil, false, fmt.Errorf("%w: %w", errFinalizer, live.NeedsVerb("get", f.o.Resource, err))
		case !found || frame.Meta.UID != uid:
			return nil, false, nil
		}
	}
	return nil, false, fmt.Errorf("%w: the object changes too often", errFinalizer)
}

// ownTime is the context of a write that Ancho makes itself within a call. The callback's Timeout does not count for it: a callback that
// has used up the time must not keep the finalizer on, or off. Everything else that cancels the call does.
func ownTime(ctx context.Context) (context.Context, context.CancelFunc) {
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), live.Timeout)
	stop := context.AfterFunc(ctx, func() {
		if _, late := errors.AsType[*queue.TimeoutError](context.Cause(ctx)); !late {
			cancel()
		}
	})
	return own, func() {
		stop()
		cancel()
	}
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

// Remove removes the finalizer from an object, and reports whether it was still there.
func (f *Finalizer) Remove(ctx context.Context, k queue.Key, frame *watcher.Frame) (bool, error) {
	_, patched, err := f.patch(ctx, k, frame, f.without)
	return patched, err
}

// RemoveReleased removes the finalizer from an object that Reconcile released. It has to be the state that Reconcile has seen, or one of
// the same generation.
func (f *Finalizer) RemoveReleased(ctx context.Context, k queue.Key, frame *watcher.Frame) error {
	generation := frame.Meta.Generation
	f.release(IDOf(&frame.Meta), generation)
	_, _, err := f.patch(ctx, k, frame, func(m *watcher.Meta) ([]string, bool) {
		if m.Generation != generation {
			return nil, false
		}
		return f.without(m)
	})
	return err
}

// without is what is left of an object's finalizers.
func (f *Finalizer) without(m *watcher.Meta) ([]string, bool) {
	if !f.On(m) {
		return nil, false
	}
	return slices.DeleteFunc(slices.Clone(m.Finalizers), func(s string) bool { return s == f.o.Name }), true
}

// unanswered says of a request that failed whether the server may have done what it asked for.
func unanswered(err error) bool {
	if errors.Is(err, watcher.ErrUnnamedNotFound) || utilnet.IsConnectionRefused(err) {
		return false
	}
	status, ok := errors.AsType[*apierrors.StatusError](err)
	return err != nil && (!ok || status.ErrStatus.Code >= http.StatusInternalServerError)
}

// Add gives the object with the finalizer, and nil for one that is deleted, being deleted or not selected any more. In order,
// what came before the deletion is delivered before the cleanup.
func (f *Finalizer) Add(ctx context.Context, id ID, frame *watcher.Frame) (*watcher.Frame, error) {
	w := f.beginAdding(id)
	with, patched, err := f.patch(ctx, id.Key, frame, func(m *watcher.Meta) ([]string, bool) {
		if w := f.Get(id); f.On(m) || m.Deleting || !f.o.Match(m) || w.ReleasedAt(m.Generation) {
			return nil, false
		}
		return append(slices.Clip(m.Finalizers), f.o.Name), true
	})
	rv := ""
	if patched {
		rv = with.Meta.ResourceVersion
	}
	again, robbed := f.endAdding(id, w, rv, err)
	if again {
		f.tellRestored(id)
	}
	if robbed && with != nil { // before the answer to the patch came: the event found the patch in progress
		m := with.Meta
		if f.On(&m) {
			m.Finalizers, _ = f.without(&m)
		}
		f.restore(&m)
	}
	if err != nil || with == nil || !f.On(&with.Meta) || with.Meta.Deleting && !f.o.InOrder {
		return nil, err
	}
	return with, nil
}
