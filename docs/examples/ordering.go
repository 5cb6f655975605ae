package examples

import (
	"context"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// Ordered is what the guide about order does with objects. Both functions may be called at once, each by its own rules.
type Ordered struct {
	Migrate func(context.Context, *batchv1.Job) error
	Record  func(context.Context, capability.Event[*corev1.ConfigMap]) error
}

// Capability shows what is serialised.
func (o *Ordered) Capability(capability.Env) *capability.Capability {
	return capability.New("ordered",
		// One call at a time in each namespace, up to 4 namespaces at once.
		capability.When(kind.Job).
			WithLabel("example.com/migration").
			Queue(capability.PerNamespace).
			Concurrency(4).
			Reconcile(o.migrate),

		// Each change of an object is a call of its own, in order.
		capability.When(kind.ConfigMap).
			InNamespace("shop").
			IsCreatedOrUpdated().IsDeleted().
			InOrder().
			Reconcile(o.record),
	)
}

func (o *Ordered) migrate(ctx context.Context, e capability.Event[*batchv1.Job]) error {
	return o.Migrate(ctx, e.Object)
}

func (o *Ordered) record(ctx context.Context, e capability.Event[*corev1.ConfigMap]) error {
	return o.Record(ctx, e)
}
