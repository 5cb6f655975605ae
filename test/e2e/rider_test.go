//go:build e2e

package e2e

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// TestNarrowStreamsWhileWideOnesAreRefused: bindings on a namespace ride on a stream of all namespaces. Where that is
// refused they run one of their own, and come back when the right is given; all the while objects change, and every
// binding is told of every change once and in order.
func TestNarrowStreamsWhileWideOnesAreRefused(t *testing.T) {
	t.Parallel()
	c := newClient(t, cluster(t).Config)
	ns, elsewhere := newNamespace(t, c), newNamespace(t, c)
	cfg, user := somebody(t, "rider")
	rights{user: "rider", namespace: ns, verbs: reads}.give(t, c, user)
	all := rights{user: "rider", namespace: "*", verbs: reads}
	cfg, proxy := proxied(t, cfg, 0)
	narrow, wide := &witnesses{}, &witnesses{}
	var kept calls[*corev1.ConfigMap]
	var reader capability.Reader[*corev1.ConfigMap] // what it has goes along from one stream to the other
	// Other tests use the same server: of all namespaces, these two are looked at.
	both := capability.When(kind.ConfigMap).InNamespaceRegex("^(" + ns + "|" + elsewhere + ")$")
	p := run(t, cfg, runtime.Options{Capabilities: []capability.Func{
		func(capability.Env) *capability.Capability {
			return capability.New("narrow", narrow.bindings(capability.When(kind.ConfigMap).InNamespace(ns))...)
		},
		func(capability.Env) *capability.Capability { return capability.New("wide", wide.bindings(both)...) },
		only("kept", capability.When(kind.ConfigMap).InNamespace(ns).IsCreatedOrUpdated().IsDeleted().Cached(&reader).Alias("kept").Reconcile(kept.handle)),
	}})
	inside, outside := &churn{c: c, ns: ns, names: 20}, &churn{c: c, ns: elsewhere, names: 20}
	stopInside, stopOutside := inside.start(t), outside.start(t)
	streams := func(n int) {
		t.Helper()
		waitUntil(t, "number of streams", func() bool { return int(p.metric(t, "ancho_streams")) == n })
	}

	streams(2)
	p.waitBlocked(t, "/api/v1/configmaps", "forbidden", `verb "watch"`, "ClusterRole")
	began := len(narrow.ordered.list())
	inside.more(t, 100)
	waitUntil(t, "calls from the narrow stream", func() bool { return len(narrow.ordered.list()) > began })
	for round := range 4 {
		all.give(t, c, user)
		streams(1) // the narrow one rides
		p.unblocked(t)
		inside.more(t, 50)
		outside.more(t, 50)
		if round == 3 {
			break
		}
		all.take(t, c, user)
		proxy.drop()
		streams(2) // and runs by itself
		inside.more(t, 100)
	}
	stopInside()
	stopOutside()
	narrow.settle(t, c, ns)
	wide.settle(t, c, ns)
	wide.settle(t, c, elsewhere)
	settled(t, c, ns, "kept", &kept)
	equals(t, &reader, c, nil, ns)
	for binding, r := range narrow.all() {
		for _, one := range r.list() {
			if one.Object.Namespace != ns {
				t.Fatalf("%s was told of %s", binding, key(one.Object))
			}
		}
	}
	if log := p.log.String(); strings.Count(log, "runs a narrower one of its own") != 4 {
		t.Errorf("the log tells of it %d times, want 4", strings.Count(log, "runs a narrower one of its own"))
	}
}
