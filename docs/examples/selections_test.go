package examples

import (
	"testing"
	"testing/synctest"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/capability"
)

// Of two objects each, one is selected.
func TestSelections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pod, other := webPod("a"), webPod("b")
		pod.Labels["team"] = "web"
		balancer, internal := &corev1.Service{ObjectMeta: named("a")}, &corev1.Service{ObjectMeta: named("b")}
		for _, s := range []*corev1.Service{balancer, internal} {
			s.Namespace, s.Annotations = "team-a", map[string]string{"example.com/expose": ""}
		}
		balancer.Spec.Type = corev1.ServiceTypeLoadBalancer
		tls, rotated := &corev1.Secret{ObjectMeta: named("tls")}, &corev1.Secret{ObjectMeta: named("rotated")}
		tls.Namespace = "green"
		rotated.Labels = map[string]string{"example.com/rotate": ""}
		g := gadget.New()
		g.SetNamespace("shop")
		g.SetName("a")
		c := anchotest.Start(t, anchotest.Options{
			Capabilities: []capability.Func{Selections, Kinds, Frugal},
			Objects:      []client.Object{pod, other, balancer, internal, tls, rotated, g},
		})
		c.Settle()
		for binding, want := range map[string]int{
			"selections/pods-of-shop": 1, "selections/certificates": 1, "selections/services": 1,
			"kinds/gadgets": 1, "kinds/pods": 2, "frugal/secrets": 1,
		} {
			if n := len(c.Calls(binding)); n != want {
				t.Errorf("%s: %d calls, want %d", binding, n, want)
			}
		}
	})
}
