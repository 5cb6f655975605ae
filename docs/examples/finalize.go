package examples

import (
	"context"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// DNS is something outside of the cluster that has to be cleaned up. Both methods succeed where there is nothing to do.
type DNS interface {
	Set(ctx context.Context, name, address string) error
	Remove(ctx context.Context, name string) error
}

// HostName is the annotation that names the record of a Service.
const HostName = "example.com/hostname"

// Records gives Services a record in the DNS.
type Records struct{ DNS DNS }

// Capability shows a cleanup.
func (r *Records) Capability(capability.Env) *capability.Capability {
	return capability.New("records",
		capability.When(kind.Service).
			WithAnnotation(HostName).
			Reconcile(r.set).
			Finalize("dns.example.com/record", r.remove),
	)
}

// set is called with a Service that carries the finalizer.
func (r *Records) set(ctx context.Context, e capability.Event[*corev1.Service]) error {
	if e.Object.Spec.ClusterIP == corev1.ClusterIPNone {
		return capability.ReleaseFinalizer // a headless Service has no address, and so no record
	}
	return r.DNS.Set(ctx, e.Object.Annotations[HostName], e.Object.Spec.ClusterIP)
}

// remove is called when the Service is being deleted. When it returns nil, Ancho removes the finalizer.
func (r *Records) remove(ctx context.Context, e capability.Event[*corev1.Service]) error {
	return r.DNS.Remove(ctx, e.Object.Annotations[HostName])
}
