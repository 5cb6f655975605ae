package capability_test

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// The state before is at hand, and whoever has the Reader can look up what the binding watches.
func ExampleSelection_Cached() {
	var pods capability.Reader[*corev1.Pod]
	b := capability.When(kind.Pod).Cached(&pods).Reconcile(func(_ context.Context, e capability.Event[*corev1.Pod]) error {
		if e.HasOld() && e.Old.Status.Phase != e.Object.Status.Phase {
			fmt.Println(e.Object.Name, "was", e.Old.Status.Phase)
		}
		return nil
	})
	show(b)
	fmt.Println(pods.Synced(), pods.Len()) // the runtime will fill it
	// Output:
	// /api/v1/pods?watch=true
	// false 0
}
