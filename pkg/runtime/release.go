package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// errNotReleased says that objects still carry finalizers.
var errNotReleased = errors.New("some finalizers are still on: see above, and run it again")

// errNothingToRelease is about a program without finalizers.
var errNothingToRelease = errors.New("no binding of this program has a finalizer")

// ReleaseFinalizers takes the finalizers of all bindings off all objects where the bindings look, without calling any
// clean-up, and tells w how far it has come: for uninstalling a program, which must not be running any more. What could not
// be released is told, and does not keep it from the rest; then the error says so.
func (r *Runtime) ReleaseFinalizers(ctx context.Context, w io.Writer) error {
	some, failed := false, false
	for _, b := range r.bindings {
		if b.finalizer == nil {
			continue
		}
		some = true
		released, objects := 0, 0
		for _, t := range r.plan.targets[b.Compiled] {
			err := b.release(ctx, t, &released, &objects, w)
			if err != nil {
				failed = true
				if _, err := fmt.Fprintf(w, "%s: %s: %v\n", b.id, t.Path(), err); err != nil {
					return err
				}
			}
		}
		if _, err := fmt.Fprintf(w, "%s: %s taken off %d of %d objects\n", b.id, b.Finalizer, released, objects); err != nil {
			return err
		}
	}
	switch {
	case !some:
		return errNothingToRelease
	case failed:
		return errNotReleased
	}
	return nil
}

// release takes the finalizer off the objects of one target.
func (b *binding) release(ctx context.Context, t watcher.Target, released, objects *int, w io.Writer) error {
	p := watcher.ListParams{Limit: joinPageLimit}
	var failed error
	for {
		page, next, err := b.carriers(ctx, t, p, objects)
		if err != nil {
			return errors.Join(failed, err)
		}
		for _, f := range page {
			switch off, err := b.takeOff(ctx, f); {
			case err != nil:
				failed = errors.Join(failed, fmt.Errorf("%s: %w", f.Meta.Key(), err))
			case off:
				*released++
			}
		}
		if next == "" {
			return failed
		}
		p.Continue = next
		if _, err := fmt.Fprintf(w, "%s: %d of %d objects so far\n", b.id, *released, *objects); err != nil {
			return err
		}
	}
}

// carriers are the objects of one page that carry the finalizer.
func (b *binding) carriers(ctx context.Context, t watcher.Target, p watcher.ListParams, objects *int) (out []*watcher.Frame, next string, err error) {
	resp, err := b.server.List(ctx, t, p)
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, resp.Close()) }()
	if !resp.OK() {
		return nil, "", forWantOf("list", b.Resource, &apierrors.StatusError{ErrStatus: *resp.Status()})
	}
	items, err := resp.Items(watcher.ReaderOptions{})
	if err != nil {
		return nil, "", err
	}
	for {
		f, err := items.Next()
		if errors.Is(err, io.EOF) {
			return out, items.Meta().Continue, nil
		}
		if err != nil {
			return nil, "", err
		}
		*objects++
		if b.finalizer.on(&f.Meta) {
			out = append(out, &watcher.Frame{Meta: f.Meta.Clone()})
		}
		f.Release()
	}
}

// takeOff removes the finalizer, and says whether it was still on.
func (b *binding) takeOff(ctx context.Context, f *watcher.Frame) (bool, error) {
	k := queue.Key{Namespace: f.Meta.Namespace, Name: f.Meta.Name}
	_, patched, err := b.editFinalizers(ctx, k, f, b.finalizer.without)
	return patched, err
}
