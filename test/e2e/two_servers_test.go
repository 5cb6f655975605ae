//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho/internal/testenv"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// twoServers starts two API servers on one etcd behind one address for a test.
func twoServers(t *testing.T) *testenv.Pair {
	t.Helper()
	pair, err := testenv.StartPair(t.Context(), testenv.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, pair.Stop()) })
	return pair
}

// refused waits until a server has answered n more requests for a resource, so that a program cannot miss what it says.
func (s *wireSpy) refused(t *testing.T, resource string, n int) {
	t.Helper()
	n += len(s.gets("/" + resource))
	waitUntil(t, "requests for "+resource, func() bool { return len(s.gets("/"+resource)) >= n })
}

// TestTwoServersOneUnaware: the second server lost etcd before a definition was made. To a program whose connections
// move there its objects seem never to have existed. Nothing is reported deleted, and what happens meanwhile is
// delivered after the return.
func TestTwoServersOneUnaware(t *testing.T) {
	t.Parallel()
	pair := twoServers(t)
	c := newClient(t, pair.Config)
	ns := newNamespace(t, c)
	gvk := schema.GroupVersionKind{Group: "unaware.example.com", Version: "v1", Kind: "Thing"}
	pair.Etcd.Cut()
	serve(t, pair.Config, custom{kind: gvk, plural: "things"})
	name := func(i int) string { return fmt.Sprintf("thing-%d", i) }
	const objects = 20
	var all []*unstructured.Unstructured
	for i := range objects {
		all = append(all, customObject(gvk, ns, name(i)))
		create(t, c, all[i])
	}

	cfg, spy := spied(pair.Behind(pair.Config))
	var seen, watched, triggered calls[*unstructured.Unstructured]
	things := capability.When(kind.Unstructured(gvk)).InNamespace(ns)
	p := run(t, cfg, runtime.Options{},
		things.IsCreatedOrUpdated().IsDeleted().Reconcile(seen.handle),
		things.IsCreatedOrUpdated().IsDeleted().Concurrency(1).Watch(watched.handle),
		things.Alias("triggered").IsCreatedOrUpdated().IsDeleted().Owns(kind.ConfigMap).Reconcile(triggered.handle))
	p.unblocked(t)
	for i := range objects {
		for _, r := range []*calls[*unstructured.Unstructured]{&seen, &watched, &triggered} {
			r.waitType(t, name(i), added)
		}
	}

	path := "/apis/unaware.example.com/v1/namespaces/" + ns + "/things"
	for round := range 3 {
		pair.UseSecond()
		p.waitLine(t, "/readyz", "blocked ", path, "not_served")
		spy.refused(t, "things", 1) // two minutes of 404 would be proof
		if round == 0 {
			edit(t, c, all[0], func(o *unstructured.Unstructured) { o.SetLabels(map[string]string{"k": "v"}) })
			must(t, c.Delete(t.Context(), all[1]))
			create(t, c, customObject(gvk, ns, "new"))
		}
		if round == 1 {
			pair.Etcd.Stall() // it does not even answer in time
		}
		pair.UseFirst()
		p.unblocked(t)
	}
	pair.Etcd.Restore()
	for label, r := range map[string]*calls[*unstructured.Unstructured]{"Reconcile": &seen, "Watch": &watched, "with triggers": &triggered} {
		r.waitType(t, name(0), modified)
		r.waitType(t, name(1), deleted)
		r.waitType(t, "new", added)
		r.wantTypes(t, name(0), added, modified)
		r.wantTypes(t, name(1), added, deleted)
		for i := 2; i < objects; i++ {
			r.wantTypes(t, name(i), added)
		}
		if t.Failed() {
			t.Fatalf("of a binding %s", label)
		}
	}
}

// waitLine waits until a line of one of the program's pages holds all of what is wanted.
func (p *program) waitLine(t *testing.T, page string, want ...string) {
	t.Helper()
	waitUntil(t, fmt.Sprintf("a line of %s with %q", page, want), func() bool {
		for l := range strings.Lines(p.text(page)) {
			missing := func(w string) bool { return !strings.Contains(l, w) }
			if !slices.ContainsFunc(want, missing) {
				return true
			}
		}
		return false
	})
}

// TestTwoServersOneBehind: the second server stands still at an old state, later it lags. A program that comes from
// the first is ahead of it. Time does not go backwards for it, and nothing is lost.
func TestTwoServersOneBehind(t *testing.T) {
	t.Parallel()
	pair := twoServers(t)
	c := newClient(t, pair.Config)
	ns := newNamespace(t, c)
	waitUntil(t, "the second server to know the namespace", func() bool {
		return newClient(t, pair.Second(pair.Config)).Get(t.Context(), keyOf(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}}), &corev1.Namespace{}) == nil
	})
	seen := &witnesses{}
	p := run(t, pair.Behind(pair.Config), runtime.Options{}, seen.bindings(capability.When(kind.ConfigMap).InNamespace(ns))...)
	p.ready(t)
	w := &churn{c: c, ns: ns, names: 30}
	for _, behind := range []func(){
		pair.Etcd.Stall,
		func() { pair.Etcd.Delay(300 * time.Millisecond) },
	} {
		behind()
		stop := w.start(t)
		w.more(t, 200)
		for range 4 {
			opened := pair.Front.Opened()
			pair.UseSecond()
			waitUntil(t, "a connection to the second server", func() bool { return pair.Front.Opened() > opened })
			w.more(t, 50)
			opened = pair.Front.Opened()
			pair.UseFirst()
			waitUntil(t, "a connection to the first server", func() bool { return pair.Front.Opened() > opened })
			w.more(t, 50)
		}
		stop()
		seen.settle(t, c, ns)
		pair.Etcd.Restore()
		pair.Etcd.Delay(0)
	}
}

// TestTwoServersAtTheStart: connections move to a server that does not know the objects while the first snapshot is
// under way, and back.
func TestTwoServersAtTheStart(t *testing.T) {
	t.Parallel()
	pair := twoServers(t)
	c := newClient(t, pair.Config)
	ns := newNamespace(t, c)
	gvk := schema.GroupVersionKind{Group: "start.example.com", Version: "v1", Kind: "Sooner"}
	pair.Etcd.Cut()
	serve(t, pair.Config, custom{kind: gvk, plural: "sooners"})
	const objects = 300
	name := func(i int) string { return fmt.Sprintf("early-%03d", i) }
	for i := range objects {
		o := customObject(gvk, ns, name(i))
		o.Object["spec"] = map[string]any{"filler": strings.Repeat("x", 2000)}
		create(t, c, o)
	}
	cfg, spy := spied(pair.Behind(pair.Config))
	move := sync.OnceFunc(pair.UseSecond)
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil && resp.StatusCode == http.StatusOK && strings.HasSuffix(r.URL.Path, "/sooners") {
				move() // the body of the answer is still to be read
			}
			return resp, err
		})
	})
	var seen calls[*unstructured.Unstructured]
	p := run(t, cfg, runtime.Options{}, capability.When(kind.Unstructured(gvk)).InNamespace(ns).IsCreatedOrUpdated().IsDeleted().Reconcile(seen.handle))
	p.waitLine(t, "/readyz", "blocked ", "/sooners", "not_served")
	spy.refused(t, "sooners", 2)
	pair.UseFirst()
	p.unblocked(t)
	for i := range objects {
		seen.waitType(t, name(i), added)
		seen.wantTypes(t, name(i), added)
	}
}

// TestTwoServersDuringACleanup: connections move while cleanups run, so that the finalizers cannot be removed there.
func TestTwoServersDuringACleanup(t *testing.T) {
	t.Parallel()
	pair := twoServers(t)
	c := newClient(t, pair.Config)
	ns := newNamespace(t, c)
	gvk := schema.GroupVersionKind{Group: "cleanup.example.com", Version: "v1", Kind: "Cleaned"}
	pair.Etcd.Cut()
	serve(t, pair.Config, custom{kind: gvk, plural: "cleaneds"})
	cfg, spy := spied(pair.Behind(pair.Config))
	var seen, cleaned calls[*unstructured.Unstructured]
	proceed := make(chan struct{})
	cleaned.do = func(ctx context.Context, _ capability.Event[*unstructured.Unstructured]) error {
		select {
		case <-proceed:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	p := run(t, cfg, runtime.Options{}, capability.When(kind.Unstructured(gvk)).InNamespace(ns).
		Backoff(50*time.Millisecond, time.Second).Reconcile(seen.handle).Finalize(ours, cleaned.handle))
	p.unblocked(t)
	kept, goes := customObject(gvk, ns, "kept"), customObject(gvk, ns, "goes")
	create(t, c, kept, goes)
	seen.waitType(t, "kept", added)
	seen.waitType(t, "goes", added)
	must(t, c.Delete(t.Context(), goes))
	cleaned.wait(t, 1)
	pair.UseSecond()
	p.waitLine(t, "/readyz", "blocked ", "/cleaneds", "not_served")
	close(proceed)
	spy.refused(t, "cleaneds", 2)
	must(t, c.Get(t.Context(), keyOf(goes), goes)) // its finalizer cannot be removed from there
	pair.UseFirst()
	waitUntil(t, "the cleaned object to be gone", func() bool {
		return apierrors.IsNotFound(c.Get(t.Context(), keyOf(goes), goes.DeepCopy()))
	})
	must(t, c.Get(t.Context(), keyOf(kept), kept))
	if f := kept.GetFinalizers(); !slices.Equal(f, []string{ours}) {
		t.Errorf("the other object has the finalizers %v", f)
	}
	cleaned.only(t, "cleanup", ns+"/goes")
	seen.only(t, "reconcile", ns+"/goes", ns+"/kept")
	must(t, c.Delete(t.Context(), kept)) // the definition goes with its last object
	waitUntil(t, "the other object to be gone", func() bool {
		return apierrors.IsNotFound(c.Get(t.Context(), keyOf(kept), kept.DeepCopy()))
	})
}
