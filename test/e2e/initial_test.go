//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// barrier is a callback that opens only when n calls are in it at the same time.
func barrier(n int64) func(context.Context, capability.Event[*corev1.ConfigMap]) error {
	var in atomic.Int64
	open := make(chan struct{})
	return func(ctx context.Context, _ capability.Event[*corev1.ConfigMap]) error {
		if in.Add(1) == n {
			close(open)
		}
		select {
		case <-open:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// TestInitialListInParallel: what is there at the start is handled by as many calls at once as Concurrency
// says, by Watch and Reconcile alike.
func TestInitialListInParallel(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	const n = 24
	for i := range n {
		create(t, c, configMap(ns, fmt.Sprintf("o-%d", i)))
	}
	reconciled := &calls[*corev1.ConfigMap]{do: barrier(n)}
	watched := &calls[*corev1.ConfigMap]{do: barrier(n)}
	maps := capability.When(kind.ConfigMap).InNamespace(ns).Concurrency(n)
	p := run(t, env.Config, runtime.Options{GracePeriod: -1},
		maps.Alias("reconcile").Reconcile(reconciled.handle),
		maps.Alias("watch").Watch(watched.handle))
	reconciled.wait(t, n)
	watched.wait(t, n)
	p.idle(t) // the barriers opened
	for _, one := range append(reconciled.list(), watched.list()...) {
		if !one.Initial || one.Type != capability.Added || one.Attempt != 1 {
			t.Errorf("%s: %s, initial %v, attempt %d", one.Object.Name, one.Type, one.Initial, one.Attempt)
		}
	}
}

// TestLiveEventsBeforeBacklog: with one slot and a backlog of the initial list, a live event is next, and
// namespaces take turns in the backlog.
func TestLiveEventsBeforeBacklog(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	many, few := newNamespace(t, c), newNamespace(t, c)
	const large, small = 180, 20
	for i := range large {
		create(t, c, configMap(many, fmt.Sprintf("o-%03d", i)))
	}
	for i := range small {
		create(t, c, configMap(few, fmt.Sprintf("o-%03d", i)))
	}
	gate := newTurnstile()
	seen := &calls[*corev1.ConfigMap]{do: func(ctx context.Context, _ capability.Event[*corev1.ConfigMap]) error { return gate.pass(ctx) }}
	p := run(t, env.Config, runtime.Options{GracePeriod: -1},
		capability.When(kind.ConfigMap).InNamespace(many, few).Wide().Concurrency(1).Alias("slow").Reconcile(seen.handle))
	seen.wait(t, 1)
	p.waitCount(t, "ancho_binding_waiting", "slow", large+small-1)

	create(t, c, configMap(many, "live"))
	p.waitCount(t, "ancho_binding_waiting", "slow", large+small)
	target := "o-177" // of the backlog, which a change brings to the front
	if seen.list()[0].Object.Name == target {
		target = "o-178"
	}
	moved := configMap(many, target)
	must(t, c.Get(t.Context(), keyOf(moved), moved))
	edit(t, c, moved, func(o *corev1.ConfigMap) { o.Data = map[string]string{"k": "v"} })
	p.waitCount(t, "ancho_binding_merged_total", "slow", 1)
	close(gate.opened)

	got := seen.wait(t, large+small+1)
	if second := got[1]; second.Object.Name != "live" || second.Initial {
		t.Errorf("the call after the one that ran was for %s, initial %v; want the live one", second.Object.Name, second.Initial)
	}
	if third := got[2]; third.Object.Name != target || third.Object.Data["k"] != "v" || third.Merged != 1 {
		t.Errorf("then came %s, merged %d; want the one that changed, in its latest state", third.Object.Name, third.Merged)
	}
	ofFew := 0
	for _, one := range got[3 : 3+2*small] { // the small namespace is done when the large one has had as many turns
		if one.Object.Namespace == few {
			ofFew++
		}
	}
	if ofFew < small-1 { // one of them may have run first
		t.Errorf("of the small namespace %d objects had their turn among the first %d, want all", ofFew, 2*small)
	}
}

// TestInitialAndTheEventSteps: initial objects satisfy any created or updated filter of a Reconcile, and the
// created ones of a Watch.
func TestInitialAndTheEventSteps(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	old := configMap(ns, "old")
	create(t, c, old)
	maps := capability.When(kind.ConfigMap).InNamespace(ns).Concurrency(1)
	type recorder = calls[*corev1.ConfigMap]
	var watchUpdated, watchCreated, watchGone, reconcileUpdated, reconcileCreated, reconcileGone recorder
	p := run(t, env.Config, runtime.Options{},
		maps.IsUpdated().Alias("w-updated").Watch(watchUpdated.handle),
		maps.IsCreated().Alias("w-created").Watch(watchCreated.handle),
		maps.IsDeleted().Alias("w-gone").Watch(watchGone.handle),
		maps.IsUpdated().Alias("r-updated").Reconcile(reconcileUpdated.handle),
		maps.IsCreated().Alias("r-created").Reconcile(reconcileCreated.handle),
		maps.IsDeleted().Alias("r-gone").Reconcile(reconcileGone.handle))
	p.ready(t)
	reconcileUpdated.wait(t, 1)
	p.idle(t)
	fresh := configMap(ns, "fresh")
	create(t, c, fresh)
	edit(t, c, old, func(o *corev1.ConfigMap) { o.Data = map[string]string{"k": "1"} })
	watchUpdated.waitType(t, "old", modified)
	edit(t, c, fresh, func(o *corev1.ConfigMap) { o.Data = map[string]string{"k": "1"} })
	watchUpdated.waitType(t, "fresh", modified)
	p.idle(t)
	must(t, c.Delete(t.Context(), old))
	watchGone.waitType(t, "old", deleted)
	reconcileGone.waitType(t, "old", deleted)
	p.idle(t)

	watchUpdated.wantTypes(t, "old", modified)
	watchUpdated.wantTypes(t, "fresh", modified)
	watchCreated.wantTypes(t, "old", added)
	watchCreated.wantTypes(t, "fresh", added)
	watchGone.wantTypes(t, "old", deleted)
	watchGone.wantTypes(t, "fresh")
	reconcileUpdated.wantTypes(t, "old", added, modified)
	reconcileUpdated.wantTypes(t, "fresh", modified)
	reconcileCreated.wantTypes(t, "old", added)
	reconcileCreated.wantTypes(t, "fresh", added)
	reconcileGone.wantTypes(t, "old", deleted)
	for name, r := range map[string]*recorder{"w-created": &watchCreated, "r-updated": &reconcileUpdated, "r-created": &reconcileCreated} {
		if !r.of("old")[0].Initial {
			t.Errorf("%s: what was there at the start is not Initial", name)
		}
	}
	for name, r := range map[string]*recorder{"w-created": &watchCreated, "r-updated": &reconcileUpdated, "r-created": &reconcileCreated} {
		if r.of("fresh")[0].Initial {
			t.Errorf("%s: what was created while it ran is Initial", name)
		}
	}
	if r := reconcileUpdated.of("old")[1]; r.Initial {
		t.Error("a change of an initial object is Initial")
	}
}
