//go:build e2e

package e2e

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

const (
	ours   = "e2e.example.com/cleanup"
	theirs = "other.example.com/hold"
)

// finalizing are the calls of a binding with a finalizer.
type finalizing struct {
	reconciled, cleaned calls[*corev1.ConfigMap]
	fail                func(name string) error // what the clean-up returns; nil: it succeeds
}

func (f *finalizing) binding(s capability.Selection[*corev1.ConfigMap]) capability.Binding {
	return s.Backoff(50*time.Millisecond, 200*time.Millisecond).Reconcile(f.reconciled.handle).Finalize(ours,
		func(ctx context.Context, e capability.Event[*corev1.ConfigMap]) error {
			if err := f.cleaned.handle(ctx, e); err != nil || f.fail == nil {
				return err
			}
			return f.fail(e.Object.Name)
		})
}

// finalizersOf are those on the server; gone says that there is no such object.
func finalizersOf(t *testing.T, c client.Client, ns, name string) (on []string, gone bool) {
	t.Helper()
	o := configMap(ns, name)
	err := c.Get(t.Context(), keyOf(o), o)
	if apierrors.IsNotFound(err) {
		return nil, true
	}
	must(t, err)
	return o.Finalizers, false
}

func waitGone(t *testing.T, c client.Client, ns, name string) {
	t.Helper()
	waitUntil(t, name+" is gone", func() bool {
		_, gone := finalizersOf(t, c, ns, name)
		return gone
	})
}

// TestFinalize: the finalizer is on before the first call, others stay, and the clean-up runs once, also for what
// matches no longer.
func TestFinalize(t *testing.T) {
	t.Parallel()
	c := newClient(t, cluster(t).Config)
	ns := newNamespace(t, c)
	in := map[string]string{"in": ""}
	f := &finalizing{}
	p := run(t, cluster(t).Config, runtime.Options{}, f.binding(capability.When(kind.ConfigMap).InNamespace(ns).WithLabel("in")))
	p.ready(t)

	plain, held, leaver, never := labelled(ns, "plain", in), labelled(ns, "held", in), labelled(ns, "leaver", in), configMap(ns, "never")
	held.Finalizers = []string{theirs}
	create(t, c, plain, held, leaver, never)
	for _, name := range []string{"plain", "held", "leaver"} {
		first := f.reconciled.waitType(t, name, added)
		if !slices.Contains(first.Object.Finalizers, ours) {
			t.Errorf("%s: the first call got the finalizers %q", name, first.Object.Finalizers)
		}
	}
	if on, _ := finalizersOf(t, c, ns, "held"); !slices.Equal(on, []string{theirs, ours}) {
		t.Errorf("held has the finalizers %q", on)
	}
	edit(t, c, leaver, func(o *corev1.ConfigMap) { o.Labels = nil })
	f.reconciled.waitType(t, "leaver", modified)
	for _, o := range []*corev1.ConfigMap{plain, held, leaver, never} {
		must(t, c.Delete(t.Context(), o))
	}
	for _, name := range []string{"plain", "leaver", "never"} {
		waitGone(t, c, ns, name)
	}
	waitUntil(t, "only the finalizer of others is left", func() bool {
		on, _ := finalizersOf(t, c, ns, "held")
		return slices.Equal(on, []string{theirs})
	})
	// A change while others hold it is none of this binding's business any more.
	must(t, c.Get(t.Context(), keyOf(held), held))
	edit(t, c, held, func(o *corev1.ConfigMap) { o.Data = map[string]string{"k": "v"} })
	end := labelled(ns, "end", in)
	create(t, c, end)
	f.reconciled.waitType(t, "end", added)
	edit(t, c, held, func(o *corev1.ConfigMap) { o.Finalizers = nil })
	waitGone(t, c, ns, "held")
	p.idle(t)
	for _, name := range []string{"plain", "held", "leaver"} {
		f.cleaned.wantTypes(t, name, modified)
	}
	f.cleaned.wantTypes(t, "never")
	f.reconciled.wantTypes(t, "never")
	f.reconciled.wantTypes(t, "held", added)
	f.reconciled.wantTypes(t, "leaver", added, modified)
	must(t, c.Delete(t.Context(), end))
	waitGone(t, c, ns, "end")
}

// TestFinalizeFails: an error keeps the object, a concurrent change loses nobody's finalizer, and a success lets it go.
func TestFinalizeFails(t *testing.T) {
	t.Parallel()
	c := newClient(t, cluster(t).Config)
	ns := newNamespace(t, c)
	let := make(chan struct{})
	f := &finalizing{fail: func(string) error {
		select {
		case <-let:
			return nil
		default:
			return errors.New("not yet")
		}
	}}
	p := run(t, cluster(t).Config, runtime.Options{}, f.binding(capability.When(kind.ConfigMap).InNamespace(ns).WithName("o").MaxAttempts(1)))
	p.ready(t)
	o := configMap(ns, "o")
	o.Finalizers = []string{theirs}
	create(t, c, o)
	f.reconciled.waitType(t, "o", added)
	must(t, c.Delete(t.Context(), o))
	waitUntil(t, "five clean-ups that failed", func() bool { return len(f.cleaned.of("o")) >= 5 })
	if on, gone := finalizersOf(t, c, ns, "o"); gone || !slices.Contains(on, ours) {
		t.Errorf("after failures it has the finalizers %q, gone %v", on, gone)
	}
	close(let)
	waitUntil(t, "our finalizer is off", func() bool {
		on, _ := finalizersOf(t, c, ns, "o")
		return slices.Equal(on, []string{theirs})
	})
	must(t, c.Get(t.Context(), keyOf(o), o))
	edit(t, c, o, func(o *corev1.ConfigMap) { o.Finalizers = nil })
	waitGone(t, c, ns, "o")
}

// TestFinalizeAtStart: what is being deleted when the program starts is cleaned up, and --release-finalizers lets all go.
func TestFinalizeAtStart(t *testing.T) {
	t.Parallel()
	c := newClient(t, cluster(t).Config)
	ns := newNamespace(t, c)
	sel := capability.When(kind.ConfigMap).InNamespace(ns)
	before := &finalizing{}
	p := run(t, cluster(t).Config, runtime.Options{}, before.binding(sel.WithNameRegex("^o-")))
	p.ready(t)
	dying, staying := configMap(ns, "o-dying"), configMap(ns, "o-staying")
	create(t, c, dying, staying)
	before.reconciled.waitType(t, "o-dying", added)
	before.reconciled.waitType(t, "o-staying", added)
	p.stop(t)
	must(t, c.Delete(t.Context(), dying))
	after := &finalizing{}
	p = run(t, cluster(t).Config, runtime.Options{}, after.binding(sel.WithNameRegex("^o-")))
	p.ready(t)
	after.cleaned.waitType(t, "o-dying", added)
	waitGone(t, c, ns, "o-dying")
	after.reconciled.wantTypes(t, "o-dying")
	p.stop(t)

	last := &finalizing{}
	r, err := runtime.New(cluster(t).Config, runtime.Options{Capabilities: []capability.Func{
		func(capability.Env) *capability.Capability {
			return capability.New("test", last.binding(sel.WithNameRegex("^o-")))
		},
	}})
	must(t, err)
	var said strings.Builder
	must(t, r.ReleaseFinalizers(t.Context(), &said))
	if on, _ := finalizersOf(t, c, ns, "o-staying"); len(on) > 0 {
		t.Errorf("released, it has the finalizers %q; said %q", on, said.String())
	}
	if !strings.Contains(said.String(), ours+" removed from 1 of ") {
		t.Errorf("said %q", said.String())
	}
}
