//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

const (
	largeObjects = 1500
	largeSize    = 20 << 10
	smallBudget  = 1 << 20
)

// TestMemoryBudget: callbacks block while many more objects arrive than their budgets have room for. The program is ready
// all the same, and another binding is told of everything. Then objects change, go, and come back under their names. Once
// the callbacks go on, what was not kept is read again from the server: each is called with the last state of every
// object, and their calls stand for every event.
func TestMemoryBudget(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	large := func(i int) *corev1.ConfigMap {
		return configMap(ns, fmt.Sprintf("large-%04d", i), "pad", strings.Repeat("x", largeSize))
	}
	atOnce(t, largeObjects, func(i int) error { return c.Create(t.Context(), large(i)) })

	gate := make(chan struct{})
	open := sync.OnceFunc(func() { close(gate) })
	t.Cleanup(open)
	blocked := map[string]*calls[*corev1.ConfigMap]{}
	for _, name := range []string{"reconcile", "watch", "inorder"} {
		blocked[name] = &calls[*corev1.ConfigMap]{do: func(context.Context, capability.Event[*corev1.ConfigMap]) error {
			<-gate
			return nil
		}}
	}
	maps := capability.When(kind.ConfigMap).InNamespace(ns).IsCreatedOrUpdated().IsDeleted()
	tight := maps.MemoryBudget(smallBudget)
	free := &calls[*corev1.ConfigMap]{}
	p := run(t, env.Config, runtime.Options{Capabilities: []capability.Func{
		only("reconcile", tight.Reconcile(blocked["reconcile"].handle)),
		only("watch", tight.Watch(blocked["watch"].handle)),
		only("inorder", tight.InOrder().Reconcile(blocked["inorder"].handle)),
		only("free", maps.Watch(free.handle)),
	}})
	p.ready(t)

	const changed, gone, back = 300, 100, 50 // the last of these belong to those before
	atOnce(t, changed, func(i int) error {
		for n := range 2 {
			cm := large(i)
			cm.Data["n"] = fmt.Sprint(n)
			if err := c.Update(t.Context(), cm); err != nil {
				return err
			}
		}
		return nil
	})
	atOnce(t, gone, func(i int) error {
		cm := large(i * 3)
		if err := c.Delete(t.Context(), cm); err != nil || i >= back {
			return err
		}
		return c.Create(t.Context(), large(i*3))
	})
	var now corev1.ConfigMapList
	must(t, c.List(t.Context(), &now, client.InNamespace(ns)))
	const events = largeObjects + 2*changed + gone + back
	free.wait(t, events)

	open()
	p.idle(t)
	for name, b := range blocked {
		checkTold(t, name, b.list(), now.Items, events)
		if n := p.metric(t, "ancho_binding_reread_total", "capability", name); n == 0 {
			t.Errorf("%s: nothing was read again", name)
		}
		if n := p.metric(t, "ancho_binding_bytes", "capability", name); n != 0 {
			t.Errorf("%s: %v bytes held at rest", name, n)
		}
		if n := p.metric(t, "ancho_binding_paused_seconds_total", "capability", name); n <= 0 || n > 10 {
			t.Errorf("%s: reading paused for %v seconds", name, n)
		}
	}
	if n := p.metric(t, "ancho_binding_merged_total", "capability", "free"); n != 0 {
		t.Errorf("%v merged of the binding that has room", n)
	}
}

// TestMemoryBudgetWithoutGet: who may list, but not get, has what did not fit read again by a list of its name; a Deleted that did
// not fit is its identity alone.
func TestMemoryBudgetWithoutGet(t *testing.T) {
	t.Parallel()
	const objects = 60
	c := newClient(t, cluster(t).Config)
	ns := newNamespace(t, c)
	cfg, user := somebody(t, "frugal")
	rights{user: "frugal", namespace: ns, verbs: []string{"list", "watch"}}.give(t, c, user)
	cfg, spy := spied(cfg)
	name := func(i int) string { return fmt.Sprintf("large-%02d", i) }
	gate := make(chan struct{})
	open := sync.OnceFunc(func() { close(gate) })
	seen := &calls[*corev1.ConfigMap]{do: func(context.Context, capability.Event[*corev1.ConfigMap]) error {
		<-gate
		return nil
	}}
	p := run(t, cfg, runtime.Options{}, capability.When(kind.ConfigMap).InNamespace(ns).IsCreatedOrUpdated().IsDeleted().
		MemoryBudget(largeSize).Concurrency(1).Reconcile(seen.handle))
	t.Cleanup(open)
	p.ready(t)
	atOnce(t, objects, func(i int) error {
		return c.Create(t.Context(), configMap(ns, name(i), "pad", strings.Repeat("x", largeSize)))
	})
	first := seen.wait(t, 1)[0].Object.Name
	gone := 0 // one that waits
	if first == name(gone) {
		gone++
	}
	p.waitCount(t, "ancho_binding_waiting", "configmaps", objects-1)
	must(t, c.Delete(t.Context(), configMap(ns, name(gone))))
	waitUntil(t, "the stream has told of it", func() bool { return p.metric(t, "ancho_stream_objects") == objects-1 })
	open()
	p.idle(t)
	for i := range objects {
		told := seen.of(name(i))
		if len(told) != 1 {
			t.Errorf("%d calls for %s, want 1", len(told), name(i))
			continue
		}
		e := told[0]
		if is := i == gone; (e.Type == deleted) != is || e.Partial != is || (len(e.Object.Data["pad"]) == largeSize) == is {
			t.Errorf("%s of %s, partial %v, with %d bytes of data", e.Type, name(i), e.Partial, len(e.Object.Data["pad"]))
		}
	}
	listed := 0
	for _, r := range spy.gets("/configmaps") {
		if strings.Contains(r.query, "metadata.name%3D") && !strings.Contains(r.query, "watch=") {
			listed++
		}
	}
	if n := p.count(t, "ancho_binding_reread_total", "configmaps"); n < objects/2 || listed != n {
		t.Errorf("%d read again, %d by a list of their name", n, listed)
	}
}

// checkTold checks the calls of a binding whose callback was held up while all this happened.
func checkTold(t *testing.T, name string, all []call[*corev1.ConfigMap], now []corev1.ConfigMap, events int) {
	t.Helper()
	stands, merged := 0, 0
	last := map[types.UID]uint64{}
	began := map[types.UID]int64{}
	left := map[string]call[*corev1.ConfigMap]{} // calls for objects that went, by name
	for _, one := range all {
		stands += 1 + one.Merged
		merged += one.Merged
		uid := one.Object.UID
		last[uid] = max(last[uid], version(t, one.Object))
		if one.Type == deleted {
			left[one.Object.Name] = one
		} else if _, known := began[uid]; !known {
			began[uid] = one.Begin
		}
	}
	if stands != events || merged == 0 {
		t.Errorf("%s: the calls stand for %d events (%d merged), want %d", name, stands, merged, events)
	}
	for i := range now {
		cm := &now[i]
		if last[cm.UID] != version(t, cm) {
			t.Errorf("%s: %s was told in version %d last, want %s", name, cm.Name, last[cm.UID], cm.ResourceVersion)
		}
		if old, recreated := left[cm.Name]; recreated && name != "watch" && (old.Object.UID == cm.UID || old.End > began[cm.UID]) {
			t.Errorf("%s: %s was handled before the end of the object that had its name", name, cm.Name)
		}
	}
	if len(left) != 100 {
		t.Errorf("%s: %d told as deleted, want 100", name, len(left))
	}
}

// only is a capability with one binding.
func only(name string, b capability.Binding) capability.Func {
	return func(capability.Env) *capability.Capability { return capability.New(name, b) }
}

// atOnce does something n times, a few at once, and fails the test with the first error.
func atOnce(t *testing.T, n int, do func(i int) error) {
	t.Helper()
	var wg sync.WaitGroup
	const workers = 8
	errs := make(chan error, workers)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				if err := do(i); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	select {
	case err := <-errs:
		t.Fatal(err)
	default:
	}
}
