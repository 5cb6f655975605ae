package examples

import (
	"context"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// Routes shows a kind that may not be installed.
func Routes(capability.Env) *capability.Capability {
	routes := capability.Optional(kind.Unstructured(schema.GroupVersionKind{Group: "gateway.networking.k8s.io", Version: "v1", Kind: "HTTPRoute"}))
	services := capability.When(kind.Service).Owns(kind.EndpointSlice, routes)
	return capability.New("routes", services.Reconcile(func(ctx context.Context, e capability.Event[*corev1.Service]) error {
		logr.FromContextOrDiscard(ctx).Info("called", "event", e.Type)
		return nil
	}))
}
