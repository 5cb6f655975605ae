package capability_test

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// A binding runs also where the CRD of a kind that it owns is not installed.
func ExampleOptional() {
	routes := capability.Optional(kind.Unstructured(schema.GroupVersionKind{Group: "gateway.networking.k8s.io", Version: "v1", Kind: "HTTPRoute"}))
	services := capability.When(kind.Service).Owns(kind.EndpointSlice, routes)
	showTriggers(services.Reconcile(func(context.Context, capability.Event[*corev1.Service]) error { return nil }))
	// Output:
	// owned EndpointSlice, controlled by a Service
	// owned HTTPRoute, controlled by a Service, optional
}
