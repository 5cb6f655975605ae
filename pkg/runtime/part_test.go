package runtime

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// A binding on several namespaces, or several names, has a target for each. Where all of them ride on one wider stream,
// the binding is told of each event once.
func TestTargetsOfOneBindingOnOneStream(t *testing.T) {
	all := capability.When(kind.ConfigMap).IsCreatedOrUpdated().IsDeleted()
	for name, several := range map[string]capability.Selection[*corev1.ConfigMap]{
		"namespaces": all.InNamespace("a", "b"),
		"names":      all.WithName("x", "y"),
		"both":       all.InNamespace("a", "b").WithName("x", "y"),
	} {
		t.Run(name, func(t *testing.T) {
			s, cfg := remember(t)
			s.put("a", "x")
			var events, inOrder diary
			r := startAt(t, cfg, oneCapability(
				several.Alias("events").Watch(events.handle), several.Alias("in-order").InOrder().Reconcile(inOrder.handle),
				all.Alias("wide").Watch(ignoreMap)))
			for _, d := range []*diary{&events, &inOrder} {
				d.expect(t, "Added x initial")
			}
			s.put("b", "y")
			s.put("a", "x")
			s.remove("b", "y")
			for _, d := range []*diary{&events, &inOrder} {
				d.expect(t, "Added y", "Modified x", "Deleted y")
			}
			if running, _ := r.streams.Statuses(); len(running) != 1 {
				t.Errorf("%d streams, so that this shows nothing", len(running))
			}
		})
	}
}
