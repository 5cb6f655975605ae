package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/live"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// manyConflicts is how often a patch is repeated at once because the object has changed.
const manyConflicts = 8

// editFinalizers writes what change makes of an object's finalizers, on that state of it alone: where another writer was faster,
// it reads the object again. It returns the object as it is then, nil where there is none any more with this UID.
func (b *binding) editFinalizers(
	ctx context.Context, k queue.Key, frame *watcher.Frame, change func(*watcher.Meta) (finalizers []string, needed bool),
) (now *watcher.Frame, patched bool, err error) {
	ctx, cancel := ownTime(ctx)
	defer cancel()
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
			return nil, false, fmt.Errorf("%w: %w", errFinalizer, live.NeedsVerb("patch", b.Resource, err))
		}
		var found bool
		frame, found, err = b.server.Read(ctx, b.Resource, k.Namespace, k.Name, o)
		switch {
		case err != nil:
			return nil, false, fmt.Errorf("%w: %w", errFinalizer, live.NeedsVerb("get", b.Resource, err))
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

// without is what is left of an object's finalizers.
func (f *finalizer) without(m *watcher.Meta) ([]string, bool) {
	if !f.on(m) {
		return nil, false
	}
	return slices.DeleteFunc(slices.Clone(m.Finalizers), func(s string) bool { return s == f.name }), true
}

// unanswered says of a request that failed whether the server may have done what it asked for.
func unanswered(err error) bool {
	status, ok := errors.AsType[*apierrors.StatusError](err)
	return err != nil && (!ok || status.ErrStatus.Code >= http.StatusInternalServerError)
}
