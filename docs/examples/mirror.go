package examples

import (
	"context"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	applycorev1 "k8s.io/client-go/applyconfigurations/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// Mirror copies ConfigMaps of one namespace to another.
type Mirror struct{ client client.Client }

// Capability is the example of the page about migrating from Pepr.
func (m *Mirror) Capability(env capability.Env) *capability.Capability {
	m.client = env.Client
	return capability.New("mirror",
		capability.When(kind.ConfigMap).
			InNamespace("shop").
			WithLabel("example.com/mirror").
			Reconcile(m.copy).
			Finalize("example.com/mirror", m.remove),
	)
}

func (m *Mirror) copy(ctx context.Context, e capability.Event[*corev1.ConfigMap]) error {
	logr.FromContextOrDiscard(ctx).Info("mirror")
	want := applycorev1.ConfigMap(e.Object.Name, "mirror").WithData(e.Object.Data)
	return m.client.Apply(ctx, want, client.FieldOwner("mirror"), client.ForceOwnership)
}

func (m *Mirror) remove(ctx context.Context, e capability.Event[*corev1.ConfigMap]) error {
	gone := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "mirror", Name: e.Object.Name}}
	return client.IgnoreNotFound(m.client.Delete(ctx, gone))
}
