package compile_test

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// kept is a cache by "namespace/name".
type kept map[string]*watcher.Frame

func (k kept) Frame(namespace, name string) *watcher.Frame { return k[namespace+"/"+name] }
func (k kept) Len() int                                    { return len(k) }
func (k kept) Synced() bool                                { return true }

func (k kept) Frames(namespace string, all bool) iter.Seq[*watcher.Frame] {
	return func(yield func(*watcher.Frame) bool) {
		for _, key := range slices.Sorted(maps.Keys(k)) {
			if (all || strings.HasPrefix(key, namespace+"/")) && !yield(k[key]) {
				return
			}
		}
	}
}

func names(all iter.Seq[*corev1.Pod]) (out []string) {
	for p := range all {
		out = append(out, p.Namespace+"/"+p.Name+" on "+p.Spec.NodeName)
	}
	return out
}

func podIn(namespace, name string) *corev1.Pod {
	p := podOn("w")
	p.Namespace, p.Name = namespace, name
	return p
}

func TestReader(t *testing.T) {
	var r, other capability.Reader[*corev1.Pod]
	if _, found := r.Get("a", "n"); found || r.Synced() || r.Len() != 0 || names(r.All()) != nil || names(r.InNamespace("a")) != nil {
		t.Error("there is something in a reader that nothing fills")
	}
	c := one(t, capability.When(kind.Pod).Cached(&r, &other).Watch(onPod))
	if c.Attach == nil {
		t.Fatal("nothing is kept")
	}
	bad := &watcher.Frame{Raw: []byte(`{"spec":1}`), Encoding: kind.JSON}
	c.Attach(kept{"a/n": frame(t, podIn("a", "n")), "a/o": frame(t, podIn("a", "o")), "b/n": frame(t, podIn("b", "n")), "b/bad": bad})
	for _, r := range []*capability.Reader[*corev1.Pod]{&r, &other} {
		if !r.Synced() || r.Len() != 4 {
			t.Errorf("synced %v, %d objects", r.Synced(), r.Len())
		}
		if got := names(r.All()); !slices.Equal(got, []string{"a/n on w", "a/o on w", "b/n on w"}) {
			t.Errorf("all: %q", got)
		}
		if got := names(r.InNamespace("a")); !slices.Equal(got, []string{"a/n on w", "a/o on w"}) {
			t.Errorf("of a: %q", got)
		}
		for name, want := range map[string]bool{"n": true, "x": false, "bad": false} {
			if o, found := r.Get("b", name); found != want || found && o.Spec.NodeName != "w" {
				t.Errorf("b/%s: %v, %+v", name, found, o)
			}
		}
		first, _ := r.Get("a", "n")
		first.Spec.NodeName = "changed"
		if second, _ := r.Get("a", "n"); second.Spec.NodeName != "w" {
			t.Error("two callers share an object")
		}
		for range r.All() {
			break
		}
	}
	if one(t, capability.When(kind.Pod).Watch(onPod)).Attach != nil {
		t.Error("a binding without Cached keeps objects")
	}
}

// A program is compiled more than once: for its plan, and to run. Each time the reader is one binding's.
func TestWrongReaders(t *testing.T) {
	var r capability.Reader[*corev1.Pod]
	head := capability.When(kind.Pod).Cached(&r)
	first, at := head.Watch(onPod), thisLine()
	for range 2 {
		if one(t, first).Attach == nil {
			t.Fatal("nothing is kept")
		}
	}
	for name, tt := range map[string]struct {
		bindings []capability.Binding
		want     string
	}{
		"of two bindings": {[]capability.Binding{first, head.Alias("second").Reconcile(onPod)}, "is filled by another binding: the one at " + at},
		"twice":           {[]capability.Binding{capability.When(kind.Pod).Cached(&r, &r).Watch(onPod)}, "one reader is given twice"},
		"nil":             {[]capability.Binding{capability.When(kind.Pod).Cached(nil, &r).Watch(onPod)}, "reader number 1 is nil"},
	} {
		ms := mistakesOf(t, compile.Options{}, capability.New("test", tt.bindings...))
		if len(ms) != 1 || !strings.Contains(ms[0].Problem, tt.want) || ms[0].Remedy == "" {
			t.Errorf("%s: got %v, want %s", name, ms, tt.want)
		}
	}
}

// The old object is the callback's own like the new, and one that does not decode does not stop the call.
func TestInvokeOld(t *testing.T) {
	var got []capability.Event[*corev1.Pod]
	c := one(t, capability.When(kind.Pod).Cached().Reconcile(func(_ context.Context, e capability.Event[*corev1.Pod]) error {
		got = append(got, e)
		return nil
	}))
	d := declare.Delivery{Type: queue.Modified, Frame: frame(t, podOn("new")), Old: frame(t, podOn("old"))}
	bad := d
	bad.Old = &watcher.Frame{Raw: []byte("{"), Encoding: kind.JSON}
	for _, d := range []declare.Delivery{d, d, bad} {
		if err := c.Invoke(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range got[:2] {
		if !e.HasOld() || e.Old.Spec.NodeName != "old" || e.Object.Spec.NodeName != "new" || e.Old.Kind != "Pod" {
			t.Errorf("got %+v, before %+v", e.Object, e.Old)
		}
	}
	if got[0].Old == got[1].Old {
		t.Error("two calls share the old object")
	}
	if got[2].HasOld() {
		t.Errorf("an old object of bytes that are none: %+v", got[2].Old)
	}
}
