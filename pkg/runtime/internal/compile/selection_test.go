package compile_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
)

// Two bindings made from one head share no later step, whatever has been done with the head before.
func TestHeadsAreValues(t *testing.T) {
	head := capability.When(kind.Pod)
	for _, k := range []string{"a", "b", "c", "d", "e"} {
		head = head.WithLabel(k)
	}
	left := head.WithLabel("left").WithName("left").Concurrency(1)
	right := head.WithLabel("right").WithName("right").Concurrency(2)
	check := func(s pods, labels, fields string, concurrency int) {
		t.Helper()
		c := one(t, s.Reconcile(onPod))
		got := c.Targets[0]
		if got.Labels != labels || got.Fields != fields || c.Settings.Concurrency != concurrency {
			t.Errorf("got %q, %q and %d", got.Labels, got.Fields, c.Settings.Concurrency)
		}
	}
	check(left, "a,b,c,d,e,left", "metadata.name=left", 1)
	check(right, "a,b,c,d,e,right", "metadata.name=right", 2)
	check(head, "a,b,c,d,e", "", declare.DefaultConcurrency)
}

// What the user does with a slice after it was given to a step changes nothing.
func TestArgumentsAreCopied(t *testing.T) {
	ns, names, res, vals, bindings := []string{"a"}, []string{"web-n"}, []string{"n$"}, []string{"v"}, []capability.Binding(nil)
	projections := []func(*corev1.Pod) any{func(*corev1.Pod) any { return 1 }}
	s := capability.When(kind.Pod).InNamespace(ns...).InNamespaceRegex(ns...).WithName(names...).WithNameRegex(res...).
		WithLabel("k", vals...).WithAnnotation("k", vals...).OnChange(projections...)
	bindings = append(bindings, s.Reconcile(onPod))
	c := capability.New("test", bindings...)
	ns[0], names[0], res[0], vals[0], bindings[0], projections[0] = "X", "X", "X", "X", nil, nil
	got := compileAll(t, c)[0]
	if w := "/api/v1/namespaces/a/pods?watch=true&fieldSelector=metadata.name%3Dweb-n&labelSelector=k%3Dv"; streams(got)[0] != w {
		t.Errorf("got %s, want %s", streams(got)[0], w)
	}
	if want := []string{"annotation k=v", "on change"}; !slices.Equal(got.ClientSide, want) {
		t.Errorf("got %q, want %q", got.ClientSide, want)
	}
	if _, _, err := got.Inspect(frame(t, &corev1.Pod{})); err != nil {
		t.Error(err)
	}
}

func TestConcurrentUse(t *testing.T) {
	head := capability.When(kind.Pod).WithLabel("k")
	b := head.Reconcile(onPod)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			capability.New("a", head.WithName("n").Watch(onPod))
			if _, err := compile.Compile([]*capability.Capability{capability.New("b", b)}, compile.Options{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// A selection stands for its kind where a source is asked for.
func TestSelectionIsSource(t *testing.T) {
	var src kind.Source[*corev1.Pod] = capability.When(kind.Pod).InNamespace("a")
	if src.Resource() != kind.Pod.Resource() {
		t.Errorf("got %v", src.Resource())
	}
	if p := src.New(); p.Kind != "Pod" || p.APIVersion != "v1" {
		t.Errorf("got %s %s", p.APIVersion, p.Kind)
	}
}

func TestSettings(t *testing.T) {
	defaults := declare.Settings{
		Concurrency:  16,
		Backoff:      queue.Backoff{Min: 200 * time.Millisecond, Max: 5 * time.Minute},
		Strategy:     queue.PerObject,
		MemoryBudget: 16 << 20,
	}
	if got := one(t, capability.When(kind.Pod).Reconcile(onPod)).Settings; got != defaults {
		t.Errorf("defaults of Reconcile: got %+v, want %+v", got, defaults)
	}
	if got := one(t, capability.When(kind.Pod).Watch(onPod)).Settings; got != defaults {
		t.Errorf("defaults of Watch: got %+v, want %+v", got, defaults)
	}
	all := capability.When(kind.Pod).Concurrency(3).Timeout(time.Minute).Backoff(time.Second, time.Hour).
		MaxAttempts(4).MemoryBudget(1000).Queue(capability.PerNamespace).InOrder()
	want := declare.Settings{
		Concurrency: 3, Timeout: time.Minute, Backoff: queue.Backoff{Min: time.Second, Max: time.Hour},
		MaxAttempts: 4, MemoryBudget: 1000, Strategy: queue.PerNamespace, InOrder: true,
	}
	if got := one(t, all.Reconcile(onPod)).Settings; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	want.Concurrency, want.Strategy = 5, queue.Global
	if got := one(t, all.Concurrency(5).Queue(capability.Global).Reconcile(onPod)).Settings; got != want {
		t.Errorf("the last setting counts: got %+v, want %+v", got, want)
	}
}

func TestNames(t *testing.T) {
	pod := capability.When(kind.Pod)
	cs := compileAll(t, capability.New("test",
		pod.Watch(onPod),
		capability.When(kind.Node).Watch(nothing),
		pod.Alias("mine").Reconcile(onPod),
		pod.Alias("first").Alias("last").Watch(onPod),
		pod.Reconcile(onPod),
		pod.Watch(onPod),
	).Description("all of it"), capability.New("other", pod.Watch(onPod)))
	var got []string
	for _, c := range cs {
		got = append(got, c.Capability+"/"+c.Binding+" "+string(c.Action))
	}
	want := []string{
		"test/pods Watch", "test/nodes Watch", "test/mine Reconcile", "test/last Watch",
		"test/pods-2 Reconcile", "test/pods-3 Watch", "other/pods Watch",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if cs[0].Description != "all of it" || cs[6].Description != "" {
		t.Errorf("got the descriptions %q and %q", cs[0].Description, cs[6].Description)
	}
}

// One binding may be given to several capabilities, and be compiled several times.
func TestBindingsAreShared(t *testing.T) {
	b := capability.When(kind.Pod).InNamespace("a", "b").InNamespaceRegex("a|b").WithName("x", "y").WithNameRegex("y").Watch(onPod)
	free := capability.New("free", b)
	bound := capability.New("bound", b).InNamespace("a", "b", "c")
	first, second := compileAll(t, free, bound), compileAll(t, free, bound)
	for i := range first {
		if !slices.Equal(first[i].Targets, second[i].Targets) {
			t.Errorf("got %q, then %q", streams(first[i]), streams(second[i]))
		}
	}
	if len(first[0].Targets) != 2 || !slices.Equal(first[0].Targets, first[1].Targets) {
		t.Errorf("got %q and %q", streams(first[0]), streams(first[1]))
	}
}

func TestNothingToCompile(t *testing.T) {
	cs, err := compile.Compile(nil, compile.Options{})
	if len(cs) != 0 || err != nil {
		t.Errorf("got %v, %v", cs, err)
	}
}
