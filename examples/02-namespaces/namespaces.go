// Package namespaces is the second example: every Namespace but those of the system gets a ConfigMap and a
// LimitRange with defaults, by server-side apply, so that what others add to them stays.
package namespaces

import (
	"context"
	"fmt"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	applycorev1 "k8s.io/client-go/applyconfigurations/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// The names of what a Namespace gets.
const (
	ConfigName = "defaults"
	LimitName  = "defaults"
	owner      = client.FieldOwner("ancho-namespaces")
)

// exceptSystem selects all Namespaces but those of the system, on the server: each carries its name as a label.
const exceptSystem = "kubernetes.io/metadata.name notin (default, kube-system, kube-public, kube-node-lease)"

type controller struct{ client client.Client }

// Capability declares what namespaces watches.
func Capability(env capability.Env) *capability.Capability {
	c := &controller{env.Client}
	return capability.New("namespaces",
		capability.When(kind.Namespace).
			WithLabels(exceptSystem).
			Reconcile(c.reconcile),
	).Description("gives each Namespace a default ConfigMap and LimitRange")
}

// reconcile applies the defaults. It may run again at any time with the same outcome: an error is tried again, and
// so is every Namespace when the program starts.
func (c *controller) reconcile(ctx context.Context, e capability.Event[*corev1.Namespace]) error {
	ns := e.Object
	if !ns.DeletionTimestamp.IsZero() {
		return nil // nothing can be created in it any more
	}
	for _, want := range []apiruntime.ApplyConfiguration{config(ns.Name), limits(ns.Name)} {
		err := c.client.Apply(ctx, want, owner, client.ForceOwnership)
		if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
			return nil // deleted since
		}
		if err != nil {
			return fmt.Errorf("apply the defaults of namespace %s: %w", ns.Name, err)
		}
	}
	logr.FromContextOrDiscard(ctx).Info("applied the defaults")
	return nil
}

func config(namespace string) *applycorev1.ConfigMapApplyConfiguration {
	return applycorev1.ConfigMap(ConfigName, namespace).
		WithData(map[string]string{"log-level": "info", "region": "eu"})
}

func limits(namespace string) *applycorev1.LimitRangeApplyConfiguration {
	return applycorev1.LimitRange(LimitName, namespace).
		WithSpec(applycorev1.LimitRangeSpec().WithLimits(
			applycorev1.LimitRangeItem().
				WithType(corev1.LimitTypeContainer).
				WithDefault(corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("256Mi")}).
				WithDefaultRequest(corev1.ResourceList{
					corev1.ResourceCPU:    resource.MustParse("50m"),
					corev1.ResourceMemory: resource.MustParse("128Mi"),
				})))
}
