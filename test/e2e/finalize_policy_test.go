//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// raced counts for each object whether Reconcile was called, and how often the clean-up succeeded.
type raced struct {
	mu                  sync.Mutex
	reconciled, cleaned map[string]int
}

func newRaced() *raced { return &raced{reconciled: map[string]int{}, cleaned: map[string]int{}} }

func (r *raced) count(in map[string]int) capability.Handler[*corev1.ConfigMap] {
	return func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		in[string(e.Object.UID)]++
		return nil
	}
}

func (r *raced) binding(s capability.Selection[*corev1.ConfigMap]) capability.Binding {
	return s.Reconcile(r.count(r.reconciled)).Finalize(ours, r.count(r.cleaned))
}

// lost are the objects that were reconciled and not cleaned up once.
func (r *raced) lost() (lost, all int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for uid := range r.reconciled {
		if r.cleaned[uid] != 1 {
			lost++
		}
	}
	return lost, len(r.reconciled)
}

// race creates objects and deletes each at once, before or after the program has added the finalizer.
func race(t *testing.T, c client.Client, ns string, n int, labels map[string]string) {
	t.Helper()
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for i := range n / 4 {
				o := labelled(ns, fmt.Sprintf("o%d-%d", w, i), labels)
				if err := c.Create(t.Context(), o); err != nil {
					t.Error(err)
					return
				}
				if err := client.IgnoreNotFound(c.Delete(t.Context(), o)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// TestFinalizeRace: objects are deleted while the finalizer is being added. Each that Reconcile was called for is cleaned up once.
func TestFinalizeRace(t *testing.T) {
	t.Parallel()
	c := newClient(t, cluster(t).Config)
	ns := newNamespace(t, c)
	r := newRaced()
	p := run(t, cluster(t).Config, runtime.Options{}, r.binding(capability.When(kind.ConfigMap).InNamespace(ns).WithLabel("in")))
	p.ready(t)
	race(t, c, ns, 400, map[string]string{"in": ""})
	waitUntil(t, "every object is gone", func() bool {
		var l corev1.ConfigMapList
		must(t, c.List(t.Context(), &l, client.InNamespace(ns), client.HasLabels{"in"}))
		return len(l.Items) == 0
	})
	p.idle(t)
	waitUntil(t, "every clean-up has run", func() bool {
		lost, _ := r.lost()
		return lost == 0
	})
	_, all := r.lost()
	t.Logf("%d of 400 objects were reconciled", all)
}

// TestPolicies: with the policies that --policies prints, the API server adds the finalizer to exactly the selected objects, and no
// object is deleted before it is cleaned up.
func TestPolicies(t *testing.T) {
	t.Parallel()
	c := newClient(t, cluster(t).Config)
	ns, other := newNamespace(t, c), newNamespace(t, c)
	r := newRaced()
	s := capability.When(kind.ConfigMap).InNamespace(ns).WithLabels("in in (yes,on),n>3").WithAnnotation("example.com/it", "a\"b", "é'").WithNameRegex("^o") //nolint:dupword // a label key that is an operator, too
	f := func(capability.Env) *capability.Capability { return capability.New(ns, r.binding(s)) }
	policies, err := runtime.PoliciesFor(runtime.Options{Capabilities: []capability.Func{f}}, "e2e")
	must(t, err)
	applyPolicies(t, c, policies)
	fits := func(name string) *corev1.ConfigMap {
		o := labelled(ns, name, map[string]string{"in": "yes", "n": "4"})
		o.Annotations = map[string]string{"example.com/it": "a\"b"}
		return o
	}
	probe := 0
	waitUntil(t, "the API server knows the policy", func() bool {
		probe++
		o := fits(fmt.Sprintf("o-probe-%d", probe))
		create(t, c, o)
		must(t, c.Delete(t.Context(), o))
		on, gone := finalizersOf(t, c, ns, o.Name)
		return !gone && len(on) == 1 && on[0] == ours
	})
	for name, change := range map[string]func(*corev1.ConfigMap){
		"other-namespace": func(o *corev1.ConfigMap) { o.Namespace = other },
		"label":           func(o *corev1.ConfigMap) { o.Labels["in"] = "no" },
		"number":          func(o *corev1.ConfigMap) { o.Labels["n"] = "3" },
		"no-labels":       func(o *corev1.ConfigMap) { o.Labels = nil },
		"annotation":      func(o *corev1.ConfigMap) { o.Annotations["example.com/it"] = "x" },
		"name":            func(o *corev1.ConfigMap) { o.Name = "x" },
	} {
		o := fits("o-" + name)
		change(o)
		create(t, c, o)
		if len(o.Finalizers) > 0 {
			t.Errorf("%s: the API server added %q", name, o.Finalizers)
		}
	}
	for name, has := range map[string][]string{"mine": {ours}, "theirs": {theirs}, "both": {ours, theirs}} {
		o := fits("o-" + name)
		o.Finalizers = has
		create(t, c, o)
		want := map[string]string{"mine": "[" + ours + "]", "theirs": "[" + theirs + " " + ours + "]", "both": "[" + ours + " " + theirs + "]"}[name]
		if got := fmt.Sprint(o.Finalizers); got != want {
			t.Errorf("%s: the finalizers are %s, want %s", name, got, want)
		}
		must(t, client.IgnoreNotFound(c.Delete(t.Context(), o)))
		edit(t, c, o, func(o *corev1.ConfigMap) { o.Finalizers = nil })
	}
	p := run(t, cluster(t).Config, runtime.Options{}, r.binding(s))
	p.ready(t)
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for i := range 75 {
				o := fits(fmt.Sprintf("o%d-%d", w, i))
				if err := c.Create(t.Context(), o); err != nil {
					t.Error(err)
					return
				}
				if err := c.Delete(t.Context(), o); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	waitUntil(t, "all are cleaned up", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.cleaned) > 300 // the last probe is one more
	})
	p.idle(t)
	r.mu.Lock()
	defer r.mu.Unlock()
	for uid, n := range r.cleaned {
		if n != 1 {
			t.Errorf("%s was cleaned up %d times", uid, n)
		}
	}
}

// applyPolicies creates what --policies prints, and deletes it after the test.
func applyPolicies(t *testing.T, c client.Client, p *runtime.Policies) {
	t.Helper()
	var printed bytes.Buffer
	must(t, p.WriteYAML(&printed))
	documents := bytes.Split(printed.Bytes(), []byte("---\n"))[1:]
	if len(documents) != 2 {
		t.Fatalf("printed:\n%s", printed.String())
	}
	for i, o := range []client.Object{&admissionv1.MutatingAdmissionPolicy{}, &admissionv1.MutatingAdmissionPolicyBinding{}} {
		must(t, yaml.UnmarshalStrict(documents[i], o))
		must(t, c.Create(t.Context(), o))
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if err := c.Delete(ctx, o); err != nil {
				t.Error(err)
			}
		})
	}
}
