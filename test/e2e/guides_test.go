//go:build e2e

package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/docs/examples"
	"github.com/ancho-dev/ancho/internal/testenv"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// TestGuides: what the guides about selections, memory and Cached show does on a real API server what they say: the requests
// are those of the plan and no others, each binding is called for what it selects, and the inventory answers.
func TestGuides(t *testing.T) {
	t.Parallel()
	env := ownCluster(t, testenv.Options{})
	c := newClient(t, env.Config)
	gadgets := schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Gadget"}
	serve(t, env.Config, custom{kind: gadgets, plural: "gadgets"})
	guideObjects(t, c, gadgets)
	for name, guide := range map[string]struct {
		of    capability.Func
		calls map[string]int
	}{
		"selections": {examples.Selections, map[string]int{"selections/pods-of-shop": 1, "selections/certificates": 1, "selections/services": 1}},
		"shared":     {examples.Shared, map[string]int{"shared/new": 3, "shared/canaries": 1, "shared/on-worker-1": 1}},
		"kinds":      {examples.Kinds, map[string]int{"kinds/customresourcedefinitions": 1, "kinds/gadgets": 1, "kinds/pods": 3}},
		"memory":     {examples.Frugal, map[string]int{"frugal/secrets": 1}},
		"cached":     {(&examples.Inventory{}).Capability, map[string]int{}},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			calls := map[string]int{}
			cfg, spy := spied(env.Config)
			o := runtime.Options{Capabilities: []capability.Func{guide.of}, OnCall: func(c runtime.Call) {
				mu.Lock()
				defer mu.Unlock()
				calls[c.Binding]++
			}}
			p := run(t, cfg, o)
			waitUntil(t, "ready, with every stream", func() bool { return p.probe("/readyz?strict=1") == http.StatusOK })
			p.idle(t)
			mu.Lock()
			for binding, n := range calls {
				if n != guide.calls[binding] {
					t.Errorf("%s: %d calls, want %d", binding, n, guide.calls[binding])
				}
			}
			if len(calls) != len(guide.calls) {
				t.Errorf("calls of %v, want those of %v", calls, guide.calls)
			}
			mu.Unlock()
			asPlanned(t, o, spy)
			if metadata := len(spy.gets("")) > 0 && strings.Contains(spy.gets("")[0].accept, "PartialObjectMetadata"); name == "memory" && !metadata {
				t.Errorf("asked for %q, not for metadata", spy.gets("")[0].accept)
			}
		})
	}
	t.Run("inventory", func(t *testing.T) { testInventory(t, env, c) })
}

// guideObjects creates, for each selection of the guides, an object that it takes and one that it does not.
func guideObjects(t *testing.T, c client.Client, gadgets schema.GroupVersionKind) {
	t.Helper()
	for _, ns := range []string{"shop", "blue", "green", "team-a"} {
		create(t, c, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}})
	}
	web := guidePod("a", "worker-1", map[string]string{"app": "web", "team": "web"})
	canary := guidePod("c", "worker-2", map[string]string{"app": "web", "track": "canary"})
	tls, rotated := &corev1.Secret{}, &corev1.Secret{}
	tls.Namespace, tls.Name = "green", "tls"
	rotated.Namespace, rotated.Name, rotated.Labels = "shop", "rotated", map[string]string{"example.com/rotate": ""}
	gadget := &unstructured.Unstructured{}
	gadget.SetGroupVersionKind(gadgets)
	gadget.SetNamespace("shop")
	gadget.SetName("a")
	create(t, c, web, canary, guidePod("b", "two", map[string]string{"app": "db", "team": "db"}), tls, rotated, gadget)
	for name, kind := range map[string]corev1.ServiceType{"balancer": corev1.ServiceTypeLoadBalancer, "internal": corev1.ServiceTypeClusterIP} {
		s := &corev1.Service{Spec: corev1.ServiceSpec{Type: kind, Ports: []corev1.ServicePort{{Port: 80}}}}
		s.Namespace, s.Name, s.Annotations = "team-a", name, map[string]string{"example.com/expose": ""}
		create(t, c, s)
	}
}

func guidePod(name, node string, labels map[string]string) *corev1.Pod {
	p := &corev1.Pod{Spec: corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{Name: "c", Image: "i"}}}}
	p.Namespace, p.Name, p.Labels = "shop", name, labels
	return p
}

// asPlanned compares the requests that were made with what --plan says without a cluster.
func asPlanned(t *testing.T, o runtime.Options, spy *wireSpy) {
	t.Helper()
	request := func(path, query string) string {
		q, err := url.ParseQuery(query)
		must(t, err)
		return path + " labels " + q.Get("labelSelector") + " fields " + q.Get("fieldSelector")
	}
	plan, err := runtime.PlanFor(o)
	must(t, err)
	var want, got []string
	for _, b := range plan {
		for _, s := range b.Streams {
			u, err := url.Parse(s)
			must(t, err)
			want = append(want, request(u.Path, u.RawQuery))
		}
	}
	for _, r := range spy.gets("") {
		got = append(got, request(r.path, r.query))
	}
	slices.Sort(want)
	slices.Sort(got)
	if want = slices.Compact(want); !slices.Equal(got, want) {
		t.Errorf("requests\n\t%s\nwant those of the plan\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// testInventory asks the inventory of the guide for Pods while they change and go.
func testInventory(t *testing.T, env *testenv.Env, c client.Client) {
	t.Helper()
	var i examples.Inventory
	ask := func(node string) (int, string) {
		w := httptest.NewRecorder()
		i.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?node="+node, http.NoBody)) //nolint:noctx // in memory
		return w.Code, w.Body.String()
	}
	if code, _ := ask("worker-1"); code != http.StatusServiceUnavailable {
		t.Errorf("%d before the program runs", code)
	}
	p := run(t, env.Config, runtime.Options{Capabilities: []capability.Func{i.Capability}})
	p.ready(t)
	for node, want := range map[string]string{"worker-1": "a\n", "two": "b\n", "none": ""} {
		if code, body := ask(node); code != http.StatusOK || body != want {
			t.Errorf("of %s: %d %q, want %q", node, code, body, want)
		}
	}
	pod := &corev1.Pod{}
	must(t, c.Get(t.Context(), client.ObjectKey{Namespace: "shop", Name: "a"}, pod))
	pod.Status.Phase = corev1.PodRunning
	must(t, c.Status().Update(t.Context(), pod))
	must(t, c.Delete(t.Context(), pod, client.GracePeriodSeconds(0)))
	waitUntil(t, "nothing on the node", func() bool { _, body := ask("worker-1"); return body == "" })
	p.idle(t)
	for _, want := range []string{`"was"="Pending" "is"="Running"`, `"msg"="a pod is gone"`, `"node"="worker-1"`} {
		if !strings.Contains(p.log.String(), want) {
			t.Errorf("the log does not have %s", want)
		}
	}
}
