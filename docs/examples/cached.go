package examples

import (
	"context"
	"fmt"
	"net/http"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// Inventory knows the Pods of a namespace.
type Inventory struct {
	pods capability.Reader[*corev1.Pod]
}

// Capability shows what is kept.
func (i *Inventory) Capability(capability.Env) *capability.Capability {
	return capability.New("inventory",
		capability.When(kind.Pod).
			InNamespace("shop").
			IsUpdated().IsDeleted().
			Cached(&i.pods).
			Watch(i.tell),
	)
}

// tell compares with how the Pod was.
func (i *Inventory) tell(ctx context.Context, e capability.Event[*corev1.Pod]) error {
	log := logr.FromContextOrDiscard(ctx)
	switch {
	case e.Type == capability.Deleted: // with the last state, also where it was found after a gap
		log.Info("a pod is gone", "node", e.Object.Spec.NodeName)
	case e.HasOld() && e.Old.Status.Phase != e.Object.Status.Phase:
		log.Info("a pod", "was", e.Old.Status.Phase, "is", e.Object.Status.Phase)
	}
	return nil
}

// ServeHTTP answers with the Pods of a node, and asks no API server for it.
func (i *Inventory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !i.pods.Synced() {
		http.Error(w, "not everything was read yet", http.StatusServiceUnavailable)
		return
	}
	for pod := range i.pods.All() {
		if pod.Spec.NodeName == r.FormValue("node") {
			fmt.Fprintln(w, pod.Name)
		}
	}
}
