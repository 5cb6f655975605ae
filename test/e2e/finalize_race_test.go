//go:build e2e

package e2e

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// patchHold keeps the next patch of a program back, so that something can happen before it, and counts conflicts.
type patchHold struct {
	mu        sync.Mutex
	armed     bool
	conflicts int
	holds     chan struct{} // a patch is held back
	letGo     chan struct{}
}

// heldPatches returns a configuration whose patches of single objects can be held back.
func heldPatches(cfg *rest.Config) (*rest.Config, *patchHold) {
	h := &patchHold{holds: make(chan struct{}), letGo: make(chan struct{})}
	cfg = rest.CopyConfig(cfg)
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method != http.MethodPatch || !strings.Contains(r.URL.Path, "/configmaps/") {
				return next.RoundTrip(r)
			}
			h.mu.Lock()
			armed := h.armed
			h.armed = false
			h.mu.Unlock()
			if armed {
				h.holds <- struct{}{}
				<-h.letGo
			}
			resp, err := next.RoundTrip(r)
			if err == nil && resp.StatusCode == http.StatusConflict {
				h.mu.Lock()
				h.conflicts++
				h.mu.Unlock()
			}
			return resp, err
		})
	})
	return cfg, h
}

// during does something while the next patch, which begin brings about, is on its way.
func (h *patchHold) during(begin, something func()) {
	h.mu.Lock()
	h.armed = true
	h.mu.Unlock()
	begin()
	<-h.holds
	something()
	h.letGo <- struct{}{}
}

// TestFinalizerWrittenMeanwhile: what others do to an object's finalizers while ours is on its way, on or off, stays done.
func TestFinalizerWrittenMeanwhile(t *testing.T) {
	t.Parallel()
	c := newClient(t, cluster(t).Config)
	ns := newNamespace(t, c)
	cfg, hold := heldPatches(cluster(t).Config)
	f := &finalizing{}
	p := run(t, cfg, runtime.Options{}, f.binding(capability.When(kind.ConfigMap).InNamespace(ns).WithName("o")))
	p.ready(t)
	const more = "another.example.com/hold"
	o := configMap(ns, "o")
	o.Finalizers = []string{more}
	hold.during(func() { create(t, c, o) }, func() {
		edit(t, c, o, func(o *corev1.ConfigMap) { o.Finalizers = []string{more, theirs} })
	})
	// What came between may be told by a call of its own.
	if first := f.reconciled.wait(t, 1)[0]; first.Type != added || !slices.Equal(first.Object.Finalizers, []string{more, theirs, ours}) {
		t.Errorf("the first call is %s with the finalizers %q", first.Type, first.Object.Finalizers)
	}
	p.idle(t)
	hold.during(func() { must(t, c.Delete(t.Context(), o)) }, func() {
		must(t, c.Get(t.Context(), keyOf(o), o))
		edit(t, c, o, func(o *corev1.ConfigMap) { o.Finalizers = []string{theirs, ours} })
	})
	waitUntil(t, "only the finalizer that others left is on", func() bool {
		on, _ := finalizersOf(t, c, ns, "o")
		return slices.Equal(on, []string{theirs})
	})
	must(t, c.Get(t.Context(), keyOf(o), o))
	edit(t, c, o, func(o *corev1.ConfigMap) { o.Finalizers = nil })
	waitGone(t, c, ns, "o")
	p.idle(t)
	f.cleaned.wantTypes(t, "o", modified)
	hold.mu.Lock()
	defer hold.mu.Unlock()
	if hold.conflicts < 2 {
		t.Errorf("%d conflicts, want one at each patch: nothing came between", hold.conflicts)
	}
}

// TestFinalizeAnswers: RequeueAfter keeps the finalizer and is no failure, Permanent keeps it and does not end the tries.
func TestFinalizeAnswers(t *testing.T) {
	t.Parallel()
	c := newClient(t, cluster(t).Config)
	ns := newNamespace(t, c)
	let := make(chan struct{})
	f := &finalizing{fail: func(name string) error {
		select {
		case <-let:
			return nil
		default:
		}
		if name == "later" {
			return capability.RequeueAfter(time.Millisecond)
		}
		return capability.Permanent(errBroken)
	}}
	p := run(t, cluster(t).Config, runtime.Options{}, f.binding(capability.When(kind.ConfigMap).InNamespace(ns).WithNameRegex("^later$|^never$")))
	p.ready(t)
	later, never := configMap(ns, "later"), configMap(ns, "never")
	create(t, c, later, never)
	for _, o := range []*corev1.ConfigMap{later, never} {
		f.reconciled.waitType(t, o.Name, added)
		must(t, c.Delete(t.Context(), o))
	}
	for _, name := range []string{"later", "never"} {
		waitUntil(t, "three clean-ups of "+name, func() bool { return len(f.cleaned.of(name)) >= 3 })
		if on, gone := finalizersOf(t, c, ns, name); gone || !slices.Equal(on, []string{ours}) {
			t.Errorf("%s has the finalizers %q, gone %v", name, on, gone)
		}
	}
	for i, attempt := range attempts(f.cleaned.of("later")) {
		if attempt != 1 {
			t.Errorf("call %d after RequeueAfter is attempt %d", i, attempt)
		}
	}
	if got := attempts(f.cleaned.of("never"))[:3]; !slices.Equal(got, []int{1, 2, 3}) {
		t.Errorf("the clean-ups that failed are the attempts %v", got)
	}
	close(let)
	waitGone(t, c, ns, "later")
	waitGone(t, c, ns, "never")
}

// TestFinalizeWaitsForReconcile: the clean-up of an object does not begin while Reconcile runs for it, though it is due.
func TestFinalizeWaitsForReconcile(t *testing.T) {
	t.Parallel()
	c := newClient(t, cluster(t).Config)
	ns := newNamespace(t, c)
	reconciled := make(chan struct{})
	f := &finalizing{}
	f.reconciled.do = func(ctx context.Context, _ capability.Event[*corev1.ConfigMap]) error {
		select {
		case <-reconciled:
		case <-ctx.Done():
		}
		return ctx.Err()
	}
	p := run(t, cluster(t).Config, runtime.Options{}, f.binding(capability.When(kind.ConfigMap).InNamespace(ns).WithName("o")))
	p.ready(t)
	o := configMap(ns, "o")
	create(t, c, o)
	f.reconciled.wait(t, 1)
	must(t, c.Delete(t.Context(), o))
	p.waitCount(t, "ancho_binding_waiting", "configmaps", 1)
	if n := len(f.cleaned.list()); n > 0 {
		t.Errorf("%d clean-ups while Reconcile runs", n)
	}
	close(reconciled)
	waitGone(t, c, ns, "o")
	f.cleaned.wantTypes(t, "o", modified)
	f.reconciled.wantTypes(t, "o", added)
}
