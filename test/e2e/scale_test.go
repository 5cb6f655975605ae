//go:build e2e

package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/internal/testenv"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

const (
	scaleBindings   = 50
	scaleNamespaces = 500
	// A kube-apiserver lets a connection carry so many requests at a time, unless told otherwise.
	streamsPerConnection = 100
)

// shard is an object of a kind that no other test looks at, which belongs to one of many bindings.
func shard(namespace, name string, of int) *corev1.ResourceQuota {
	return &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: name, Annotations: map[string]string{"shard": strconv.Itoa(of)},
		},
		Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{"pods": resource.MustParse("1k")}},
	}
}

// TestFiftyBindingsOneStream: fifty bindings with disjoint filters on one kind open one watch; each object is told to
// the one binding whose it is, and, when it moves, to both: to the old as Left, to the new as Added.
func TestFiftyBindingsOneStream(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	const each = 4
	for i := range scaleBindings * each {
		create(t, c, shard(ns, fmt.Sprintf("q-%d", i), i%scaleBindings))
	}
	seen := make([]calls[*corev1.ResourceQuota], scaleBindings)
	var bindings []capability.Binding
	for i := range seen {
		bindings = append(bindings, capability.When(kind.ResourceQuota).InNamespace(ns).
			IsCreatedOrUpdated().IsDeleted().HasLeft().
			WithAnnotation("shard", strconv.Itoa(i)).Alias(fmt.Sprintf("shard-%d", i)).Reconcile(seen[i].handle))
	}
	cfg, spy := spied(env.Config)
	p := run(t, cfg, runtime.Options{}, bindings...)
	p.ready(t)
	for i := range seen {
		seen[i].wait(t, each)
	}
	moved := shard(ns, "q-0", 0)
	for to := 1; to < scaleBindings; to++ { // round all of them
		edit(t, c, moved, func(o *corev1.ResourceQuota) { o.Annotations["shard"] = strconv.Itoa(to) })
	}
	seen[scaleBindings-1].waitType(t, "q-0", added)
	must(t, c.Delete(t.Context(), moved))
	seen[scaleBindings-1].waitType(t, "q-0", deleted)
	p.idle(t)

	for i := range seen {
		var want []string
		for n := range each {
			want = append(want, fmt.Sprintf("%s/q-%d", ns, i+n*scaleBindings))
		}
		if i > 0 {
			want = append(want, ns+"/q-0")
		}
		seen[i].only(t, fmt.Sprintf("shard-%d", i), want...)
		for _, one := range seen[i].of("q-0") { // events that are merged may have gone unnoticed, wrong ones not
			if !one.Partial && one.Object.Annotations["shard"] != strconv.Itoa(i) {
				t.Errorf("binding %d was told %s of an object of binding %s", i, one.Type, one.Object.Annotations["shard"])
			}
		}
	}
	if got := spy.gets("/resourcequotas"); len(got) != 1 {
		t.Errorf("%d requests, want one watch: %v", len(got), got)
	}
	if n := p.metric(t, "ancho_streams"); n != 1 {
		t.Errorf("ancho_streams: %v, want 1", n)
	}
}

// TestFiveHundredNamespaces: a binding on many namespaces runs one stream for each, more than the server allows on
// one connection. All of them are read; after all connections broke, all go on where they were, without a list.
func TestFiveHundredNamespaces(t *testing.T) {
	t.Parallel()
	env := ownCluster(t, testenv.Options{APIServerArgs: []string{
		fmt.Sprintf("--http2-max-streams-per-connection=%d", streamsPerConnection),
		"--disable-admission-plugins=" + strings.Join(admission, ","),
	}})
	c := newClient(t, env.Config)
	names := make([]string, scaleNamespaces)
	everywhere := func(do func(ns string) error) {
		t.Helper()
		next := make(chan string, scaleNamespaces)
		for _, ns := range names {
			next <- ns
		}
		close(next)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for ns := range next {
					if err := do(ns); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
	}
	for i := range names {
		names[i] = fmt.Sprintf("many-%03d", i)
	}
	everywhere(func(ns string) error {
		o := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}}
		return c.Create(t.Context(), o)
	})
	put := func(name string) {
		t.Helper()
		everywhere(func(ns string) error { return c.Create(t.Context(), configMap(ns, name)) })
	}
	put("early")

	seen := &calls[*corev1.ConfigMap]{}
	cfg, proxy := proxied(t, env.Config, 0)
	cfg, spy := spied(cfg)
	p := run(t, cfg, runtime.Options{},
		capability.When(kind.ConfigMap).InNamespace(names...).WithNameRegex("^(early|live|late)$").Reconcile(seen.handle))
	p.ready(t)
	seen.wait(t, scaleNamespaces)
	put("live")
	seen.wait(t, 2*scaleNamespaces)
	if n := serverWatches(t, env.Config, "configmaps"); n < scaleNamespaces {
		t.Errorf("the server counts %d watches, want at least %d", n, scaleNamespaces)
	}
	if n := int(p.metric(t, "ancho_streams")); n != scaleNamespaces {
		t.Errorf("ancho_streams: %d, want %d", n, scaleNamespaces)
	}
	if n, want := proxy.open(), scaleNamespaces/streamsPerConnection; n < want || n > 2*want {
		t.Errorf("%d connections, want %d and a few at most", n, want)
	}

	snapshots := func() (n int) {
		for _, r := range spy.gets("/configmaps") {
			if !strings.Contains(r.query, "resourceVersion=") || strings.Contains(r.query, "sendInitialEvents") {
				n++
			}
		}
		return n
	}
	before := snapshots()
	if before != scaleNamespaces {
		t.Errorf("%d snapshots at first, want one a namespace: %d", before, scaleNamespaces)
	}
	proxy.drop()
	put("late")
	all := seen.wait(t, 3*scaleNamespaces)
	p.idle(t)
	if after := snapshots(); after != before {
		t.Errorf("%d more snapshots after the connections broke, want none", after-before)
	}
	told := map[string]bool{}
	for _, one := range all {
		told[key(one.Object)] = true
	}
	if len(told) != 3*scaleNamespaces || len(seen.list()) != len(told) {
		t.Errorf("%d objects in %d calls, want %d, each once", len(told), len(seen.list()), 3*scaleNamespaces)
	}
}
