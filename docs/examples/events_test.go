package examples

import (
	"testing"
	"testing/synctest"

	corev1 "k8s.io/api/core/v1"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

func webPod(name string) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: named(name)}
	p.Labels = map[string]string{"app": "web"}
	p.Spec.Containers = []corev1.Container{{Name: "web", Image: "web"}}
	return p
}

// Pods enter and leave the set.
func TestMembers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Members
		c := anchotest.Start(t, anchotest.Options{
			Capabilities: []capability.Func{m.Capability},
			Objects:      []client.Object{webPod("a")},
		})
		c.Create(webPod("b"), webPod("c"))
		c.Settle()
		if m.Count() != 3 {
			t.Fatalf("%d members, want 3", m.Count())
		}
		c.Delete(webPod("a"))
		anchotest.Edit(c, kind.Pod, "shop", "b", func(p *corev1.Pod) { p.Labels["app"] = "db" })
		c.Settle()
		if m.Count() != 1 {
			t.Errorf("%d members, want 1", m.Count())
		}
		types := map[capability.EventType]int{}
		for _, call := range c.Calls("members/pods") {
			types[call.Type]++
		}
		if types[capability.Added] != 3 || types[capability.Deleted] != 1 || types[capability.Left] != 1 {
			t.Errorf("calls: %v", types)
		}
	})
}

// A change of the phase calls, and a change of a label does not.
func TestPhases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Members
		c := anchotest.Run(t, m.Capability)
		c.Create(webPod("a"))
		c.Settle()
		p := anchotest.Edit(c, kind.Pod, "shop", "a", func(p *corev1.Pod) { p.Labels["more"] = "yes" })
		c.Settle()
		if n := len(c.Calls("members/phases")); n != 1 {
			t.Errorf("%d calls before the phase changed, want 1", n)
		}
		p.Status.Phase = corev1.PodRunning
		c.UpdateStatus(p)
		c.Settle()
		if n := len(c.Calls("members/phases")); n != 2 {
			t.Errorf("%d calls after the phase changed, want 2", n)
		}
	})
}
