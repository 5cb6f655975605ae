package compile_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
)

// The letters stand for what is taken: Added, Modified, Deleted, Left, Unchanged, and Initial for the
// Added of an object that was there at the start.
func TestTakes(t *testing.T) {
	tests := map[string]struct {
		in               func(pods) pods
		watch, reconcile string
	}{
		"none":                    {func(s pods) pods { return s }, "AMUI", "AMUI"},
		"created":                 {func(s pods) pods { return s.IsCreated() }, "AUI", "AUI"},
		"updated":                 {func(s pods) pods { return s.IsUpdated() }, "MU", "MUI"},
		"created or updated":      {func(s pods) pods { return s.IsCreatedOrUpdated() }, "AMUI", "AMUI"},
		"deleted":                 {func(s pods) pods { return s.IsDeleted() }, "D", "D"},
		"left":                    {func(s pods) pods { return s.HasLeft() }, "L", "L"},
		"deleted and left add up": {func(s pods) pods { return s.IsDeleted().HasLeft() }, "DL", "DL"},
		"all":                     {func(s pods) pods { return s.HasLeft().IsCreatedOrUpdated().IsDeleted() }, "AMDLUI", "AMDLUI"},
		"updated and deleted":     {func(s pods) pods { return s.IsUpdated().IsDeleted() }, "MDU", "MDUI"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := tt.in(capability.When(kind.Pod).WithLabel("k"))
			for _, a := range []struct {
				b    capability.Binding
				want string
			}{{s.Watch(onPod), tt.watch}, {s.Reconcile(onPod), tt.reconcile}} {
				if got := taken(one(t, a.b)); got != a.want {
					t.Errorf("got %s, want %s", got, a.want)
				}
			}
		})
	}
}

func taken(c *compile.Compiled) string {
	var b strings.Builder
	for _, typ := range []queue.EventType{queue.Added, queue.Modified, queue.Deleted, queue.Left, queue.Unchanged, "Strange"} {
		if c.Takes(typ, false) {
			b.WriteString(string(typ[:1]))
		}
	}
	if c.Takes(queue.Added, true) {
		b.WriteString("I")
	}
	return b.String()
}

func TestHasOld(t *testing.T) {
	if (capability.Event[*corev1.Pod]{}).HasOld() {
		t.Error("nil is no old object")
	}
	if !(capability.Event[*corev1.Pod]{Old: &corev1.Pod{}}).HasOld() {
		t.Error("an empty object is one")
	}
	if (capability.Event[kind.Object]{}).HasOld() {
		t.Error("a nil interface is no old object")
	}
	if !(capability.Event[kind.Object]{Old: &corev1.Pod{}}).HasOld() {
		t.Error("an object in an interface is one")
	}
}

func TestComparing(t *testing.T) {
	s := capability.When(kind.Pod)
	change := func(*corev1.Pod) any { return 1 }
	for name, tt := range map[string]struct {
		s            pods
		spec, change bool
	}{
		"neither": {s, false, false},
		"spec":    {s.OnSpecChange(), true, false},
		"change":  {s.OnChange(change).IsUpdated(), false, true},
		"both":    {s.OnChange(change).OnSpecChange().IsDeleted().IsCreatedOrUpdated(), true, true},
	} {
		c := one(t, tt.s.Watch(onPod))
		if c.OnSpecChange != tt.spec || c.OnChange != tt.change {
			t.Errorf("%s: got %v, %v", name, c.OnSpecChange, c.OnChange)
		}
	}
}
