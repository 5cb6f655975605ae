package examples

import (
	"context"
	"fmt"

	"github.com/go-logr/logr"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	applymetav1 "k8s.io/client-go/applyconfigurations/meta/v1"
	applypolicyv1 "k8s.io/client-go/applyconfigurations/policy/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

const fieldOwner = client.FieldOwner("budgets.example.com")

// Budgets gives Deployments a PodDisruptionBudget each.
type Budgets struct{ client client.Client }

// Capability shows calls because of other objects.
func (b *Budgets) Capability(env capability.Env) *capability.Capability {
	b.client = env.Client
	scheduled := capability.When(kind.Pod).OnChange(func(p *corev1.Pod) any { return p.Spec.NodeName })
	return capability.New("budgets",
		// Called for a Deployment when its spec changes, when its budget is changed or deleted, and when a ConfigMap
		// that its Pods read changes.
		capability.When(kind.Deployment).
			InNamespace("shop").
			OnSpecChange().
			Owns(kind.PodDisruptionBudget).
			Uses(kind.ConfigMap, configOf).
			Reconcile(b.reconcile),

		// Called for a Node when a Pod comes to it or goes from it.
		capability.When(kind.Node).
			TriggeredBy(capability.Mapped(scheduled, nodeOf)).
			Reconcile(b.count),
	)
}

// reconcile applies the budget, owned by the Deployment.
func (b *Budgets) reconcile(ctx context.Context, e capability.Event[*appsv1.Deployment]) error {
	d := e.Object
	owner := metav1.NewControllerRef(d, appsv1.SchemeGroupVersion.WithKind("Deployment"))
	budget := applypolicyv1.PodDisruptionBudget(d.Name, d.Namespace).
		WithOwnerReferences(applymetav1.OwnerReference().
			WithAPIVersion(owner.APIVersion).WithKind(owner.Kind).WithName(owner.Name).WithUID(owner.UID).
			WithController(true).WithBlockOwnerDeletion(true)).
		WithSpec(applypolicyv1.PodDisruptionBudgetSpec().
			WithMaxUnavailable(intstr.FromInt32(1)).
			WithSelector(applymetav1.LabelSelector().WithMatchLabels(d.Spec.Selector.MatchLabels)))
	if err := b.client.Apply(ctx, budget, fieldOwner, client.ForceOwnership); err != nil {
		return fmt.Errorf("apply the budget: %w", err)
	}
	return nil
}

// configOf names the ConfigMaps that a Deployment's Pods read their environment from. Without a namespace: its own.
func configOf(d *appsv1.Deployment) []types.NamespacedName {
	var out []types.NamespacedName
	for i := range d.Spec.Template.Spec.Containers {
		for _, from := range d.Spec.Template.Spec.Containers[i].EnvFrom {
			if from.ConfigMapRef != nil {
				out = append(out, types.NamespacedName{Name: from.ConfigMapRef.Name})
			}
		}
	}
	return out
}

// nodeOf names the Node of a Pod.
func nodeOf(p *corev1.Pod) []types.NamespacedName {
	if p.Spec.NodeName == "" {
		return nil
	}
	return []types.NamespacedName{{Name: p.Spec.NodeName}}
}

// count is called once for many Pods that come or go together.
func (b *Budgets) count(ctx context.Context, e capability.Event[*corev1.Node]) error {
	var pods corev1.PodList
	if err := b.client.List(ctx, &pods, client.MatchingFields{"spec.nodeName": e.Object.Name}); err != nil {
		return fmt.Errorf("list the Pods of the Node: %w", err)
	}
	logr.FromContextOrDiscard(ctx).Info("a node", "pods", len(pods.Items))
	return nil
}
