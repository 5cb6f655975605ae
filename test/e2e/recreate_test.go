//go:build e2e

package e2e

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/internal/testenv"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// TestRecreatedWhileCutOff: an object is deleted and made again under its name while nobody looks. The old one's
// deletion is handled, however often that takes, before the new one is told of; also where a call for the old one runs
// all the while.
func TestRecreatedWhileCutOff(t *testing.T) {
	t.Parallel()
	env := ownCluster(t, testenv.Options{})
	for name, forget := range map[string]bool{"remembered": false, "forgotten": true} {
		t.Run(name, func(t *testing.T) { recreate(t, env, forget) })
	}
}

// tiredOf fails the first two calls for a deletion.
func tiredOf(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
	if e.Type == deleted && e.Attempt < 3 {
		return errors.New("not yet")
	}
	return nil
}

func recreate(t *testing.T, env *testenv.Env, forget bool) {
	t.Helper()
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	seen, tired := &witnesses{}, &witnesses{}
	for _, r := range tired.all() {
		r.do = tiredOf
	}
	runs, release := make(chan struct{}), make(chan struct{})
	busy := &calls[*corev1.ConfigMap]{do: func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
		if e.Type == modified && e.Attempt == 1 {
			close(runs)
			<-release
		}
		return nil
	}}
	maps := capability.When(kind.ConfigMap).InNamespace(ns)
	group := func(name string, bindings ...capability.Binding) capability.Func {
		return func(capability.Env) *capability.Capability { return capability.New(name, bindings...) }
	}
	cfg, proxy := proxied(t, env.Config, 0)
	p := run(t, cfg, runtime.Options{Capabilities: []capability.Func{
		group("seen", seen.bindings(maps)...),
		group("tired", tired.bindings(maps.Backoff(10*time.Millisecond, 50*time.Millisecond))[:2]...), // a Watch is retried out of order
		group("busy", maps.WithName("busy").IsCreatedOrUpdated().IsDeleted().Reconcile(busy.handle)),
	}})
	p.ready(t)
	uids := map[string][]types.UID{}
	fresh := func(name string) {
		t.Helper()
		if len(uids[name]) > 0 {
			must(t, c.Delete(t.Context(), configMap(ns, name)))
		}
		o := configMap(ns, name)
		create(t, c, o)
		uids[name] = append(uids[name], o.UID)
	}
	for _, name := range []string{"once", "twice", "busy"} {
		fresh(name)
	}
	waitUntil(t, "the first", func() bool {
		return len(busy.list()) == 1 && len(tired.latest.list()) == 3 && len(tired.ordered.list()) == 3
	})
	o := configMap(ns, "busy")
	must(t, c.Get(t.Context(), keyOf(o), o))
	edit(t, c, o, func(o *corev1.ConfigMap) { o.Data = map[string]string{"k": "v"} })
	<-runs
	seen.settle(t, c, ns)

	p.cutOff(t, proxy)
	for _, name := range []string{"once", "twice", "twice", "busy"} {
		fresh(name)
	}
	if forget {
		must(t, env.Compact())
		must(t, env.KillAPIServer())
		must(t, env.StartAPIServer())
	}
	proxy.restore(t)
	seen.settle(t, c, ns)
	for binding, r := range map[string]*calls[*corev1.ConfigMap]{"tired/latest": &tired.latest, "tired/ordered": &tired.ordered} {
		settled(t, c, ns, binding, r)
		retriedFirst(t, binding, r, "once", uids["once"])
	}
	if n := len(busy.list()); n != 2 {
		t.Errorf("%d calls for the busy one while the second runs, want 2", n)
	}
	close(release)
	busy.waitType(t, "busy", added)
	settledBusy(t, c, busy, ns)

	for binding, r := range seen.all() {
		for name, all := range uids {
			wantLives(t, binding, r.of(name), all, forget)
		}
	}
	if got := p.metric(t, "ancho_stream_relists_total", "reason", "expired") == 1; got != forget {
		t.Errorf("the history was lost: %v, want %v", got, forget)
	}
}

func settledBusy(t *testing.T, c client.Client, busy *calls[*corev1.ConfigMap], ns string) {
	t.Helper()
	inOrder(t, "busy", busy.list())
	busy.wantTypes(t, "busy", added, modified, deleted, added)
	o := configMap(ns, "busy")
	must(t, c.Get(t.Context(), keyOf(o), o))
	if last := busy.of("busy")[3]; last.Object.UID != o.UID {
		t.Errorf("the last call is for %s, want %s", last.Object.UID, o.UID)
	}
}

// retriedFirst: the deletion of the first is tried three times before the second is told of.
func retriedFirst(t *testing.T, binding string, r *calls[*corev1.ConfigMap], name string, uids []types.UID) {
	t.Helper()
	var attempts []int
	for i, one := range r.of(name) {
		if one.Object.UID == uids[0] && one.Type == deleted {
			attempts = append(attempts, one.Attempt)
		}
		if one.Object.UID == uids[1] && i < 4 {
			t.Errorf("%s: the new object was told of in call %d", binding, i)
		}
	}
	if !slices.Equal(attempts, []int{1, 2, 3}) {
		t.Errorf("%s: attempts at the deletion: %v, want 3", binding, attempts)
	}
}

// wantLives: the first of a name was told of and its deletion, then the last; those between only where the server
// remembers them.
func wantLives(t *testing.T, binding string, all []call[*corev1.ConfigMap], uids []types.UID, forgotten bool) {
	t.Helper()
	var order []types.UID
	ended := map[types.UID]bool{}
	for _, one := range all {
		if !slices.Contains(order, one.Object.UID) {
			order = append(order, one.Object.UID)
		}
		if one.Type == deleted {
			ended[one.Object.UID] = true
			if one.Partial != forgotten {
				t.Errorf("%s: the deletion of %s: partial %v, want %v", binding, one.Object.Name, one.Partial, forgotten)
			}
		}
	}
	want := uids
	if len(order) < len(uids) && (forgotten || binding == "latest") { // what came and went may be merged to nothing
		want = []types.UID{uids[0], uids[len(uids)-1]}
	}
	if !slices.Equal(order, want) || len(ended) != len(want)-1 || ended[want[len(want)-1]] {
		t.Errorf("%s: told of %v, the deletion of %v; want %v in order, deleted but the last", binding, order, ended, want)
	}
}
