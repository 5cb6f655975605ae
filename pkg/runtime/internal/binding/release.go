package binding

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/live"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// ReleaseFinalizers removes the finalizer from all objects of some targets without a cleanup, and writes to w how far it is. A dry run
// names the objects, and changes none. complete reports whether the finalizer is off all objects; the error is that of w.
func (b *Binding) ReleaseFinalizers(ctx context.Context, targets []watcher.Target, w io.Writer, dry bool) (complete bool, err error) {
	complete = true
	one := release{b: b, w: w, dry: dry}
	for _, t := range targets {
		if err := one.target(ctx, t); err != nil {
			complete = false
			one.sayf("%s: %v", t.Path(), err)
		}
	}
	what := "removed"
	if dry {
		what = "would be removed"
	}
	one.sayf("%s %s from %d of %d objects", b.Finalizer, what, one.released, one.objects)
	return complete, one.err
}

// release removes the finalizer of one binding.
type release struct {
	b                 *Binding
	w                 io.Writer
	dry               bool
	released, objects int
	err               error // of w
}

func (r *release) sayf(format string, args ...any) {
	if _, err := fmt.Fprintf(r.w, r.b.ID+": "+format+"\n", args...); err != nil && r.err == nil {
		r.err = err
	}
}

// target removes the finalizer from the objects of one target.
func (r *release) target(ctx context.Context, t watcher.Target) error {
	p := watcher.ListParams{Limit: live.PageLimit}
	var failed error
	for {
		page, next, err := r.b.carriers(ctx, t, p, &r.objects)
		if err != nil {
			return errors.Join(failed, err)
		}
		for _, f := range page {
			if err := r.object(ctx, f); err != nil {
				failed = errors.Join(failed, fmt.Errorf("%s: %w", f.Meta.Key(), err))
			}
		}
		if next == "" || r.err != nil {
			return failed
		}
		p.Continue = next
		r.sayf("%d of %d objects so far", r.released, r.objects)
	}
}

func (r *release) object(ctx context.Context, f *watcher.Frame) error {
	if r.dry {
		r.released++
		r.sayf("would remove %s from %s", r.b.Finalizer, f.Meta.Key())
		return nil
	}
	off, err := r.b.Guarded.Remove(ctx, queue.Key{Namespace: f.Meta.Namespace, Name: f.Meta.Name}, f)
	if off {
		r.released++
	}
	return err
}

// carriers are the objects of one page that carry the finalizer.
func (b *Binding) carriers(ctx context.Context, t watcher.Target, p watcher.ListParams, objects *int) (out []*watcher.Frame, next string, err error) {
	meta, err := live.Page(ctx, b.server, t, p, watcher.ReaderOptions{}, func(f *watcher.Frame) {
		*objects++
		if b.Guarded.On(&f.Meta) {
			out = append(out, &watcher.Frame{Meta: f.Meta.Clone()})
		}
	})
	if err != nil {
		return nil, "", live.NeedsVerb("list", b.Resource, err)
	}
	return out, meta.Continue, nil
}
