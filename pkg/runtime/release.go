package runtime

import (
	"context"
	"errors"
	"io"

	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/cli"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/environment"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/patience"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/rights"
)

// errNotReleased says that objects still carry finalizers.
var errNotReleased = errors.New("some finalizers were not removed: see above, and run it again")

// ReleaseFinalizers removes the finalizers of all bindings from all objects in the namespaces that the bindings watch, without
// calling any cleanup, and writes its progress to w: for uninstalling a program. Stop the program first: it would add them again.
// If an object fails, ReleaseFinalizers names it, continues with the others, and returns an error.
func (r *Runtime) ReleaseFinalizers(ctx context.Context, w io.Writer) error {
	return r.releaseAll(ctx, w, false)
}

// releaseAll is ReleaseFinalizers. A dry run names the objects, and changes none.
func (r *Runtime) releaseAll(ctx context.Context, w io.Writer, dry bool) error {
	some, failed := false, false
	for _, b := range r.bindings {
		if b.Finalizer == "" {
			continue
		}
		some = true
		complete, err := b.ReleaseFinalizers(ctx, r.plan.Targets[b.Compiled], w, dry)
		if err != nil {
			return err
		}
		failed = failed || !complete
	}
	switch {
	case !some:
		return rights.ErrNoFinalizer
	case failed:
		return errNotReleased
	}
	return nil
}

// releaseFinalizers removes what Finalize has added to objects. A signal ends it.
func releaseFinalizers(f *cli.Flags, cfg *rest.Config, program string, o Options, stdout, stderr io.Writer) int {
	useLogger(o.Logger)
	r, err := New(cfg, o)
	if _, wrong := errors.AsType[*environment.DeclarationError](err); wrong {
		return fail(stderr, ExitDeclared, err)
	}
	if err != nil {
		return fail(stderr, ExitFailed, err)
	}
	ctx, stop := untilSignal(o)
	defer stop()
	if !f.DryRun && !f.Force {
		if err := f.RefuseWhileHeld(ctx, cfg, program, stderr); err != nil {
			return fail(stderr, ExitFailed, err)
		}
	}
	switch err := patience.Within(ctx, func() error { return r.releaseAll(ctx, stdout, f.DryRun) }); {
	case errors.Is(err, rights.ErrNoFinalizer):
		return fail(stderr, ExitDeclared, err)
	case err != nil:
		return fail(stderr, ExitFailed, err)
	}
	return ExitStopped
}
