package capability_test

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

func ExampleSelection_IsCreated() {
	show(capability.When(kind.Pod).IsCreated().Watch(reconcile))
	// Output: /api/v1/pods?watch=true
}

func ExampleSelection_IsUpdated() {
	show(capability.When(kind.Pod).IsUpdated().Watch(reconcile))
	// Output: /api/v1/pods?watch=true
}

func ExampleSelection_IsCreatedOrUpdated() {
	show(capability.When(kind.Pod).IsCreatedOrUpdated().Watch(reconcile))
	// Output: /api/v1/pods?watch=true
}

// Event steps add up.
func ExampleSelection_IsDeleted() {
	show(capability.When(kind.Pod).IsUpdated().IsDeleted().Watch(reconcile))
	// Output: /api/v1/pods?watch=true
}

func ExampleSelection_HasLeft() {
	show(capability.When(kind.Pod).WithLabel("canary").HasLeft().Watch(reconcile))
	// Output: /api/v1/pods?watch=true&labelSelector=canary
}

func ExampleSelection_InNamespace() {
	show(capability.When(kind.Pod).InNamespace("blue", "green").Reconcile(reconcile))
	// Output:
	// /api/v1/namespaces/blue/pods?watch=true
	// /api/v1/namespaces/green/pods?watch=true
}

func ExampleSelection_InNamespaceRegex() {
	show(capability.When(kind.Pod).InNamespaceRegex("^team-").Reconcile(reconcile))
	// Output:
	// /api/v1/pods?watch=true
	// here: namespace =~ ^team-
}

func ExampleSelection_WithName() {
	show(capability.When(kind.Pod).InNamespace("blue").WithName("web-0").Reconcile(reconcile))
	// Output: /api/v1/namespaces/blue/pods?watch=true&fieldSelector=metadata.name%3Dweb-0
}

func ExampleSelection_WithNameRegex() {
	show(capability.When(kind.Pod).WithNameRegex("^web-", "^api-").Reconcile(reconcile))
	// Output:
	// /api/v1/pods?watch=true
	// here: name =~ ^api- or ^web-
}

func ExampleSelection_WithLabel() {
	show(capability.When(kind.Pod).WithLabel("app", "web").WithLabel("tier").Reconcile(reconcile))
	// Output: /api/v1/pods?watch=true&labelSelector=app%3Dweb%2Ctier
}

func ExampleSelection_WithLabels() {
	show(capability.When(kind.Pod).WithLabels("tier in (web, api),!canary").Reconcile(reconcile))
	// Output: /api/v1/pods?watch=true&labelSelector=!canary%2Ctier+in+%28api%2Cweb%29
}

func ExampleSelection_WithField() {
	show(capability.When(kind.Pod).WithField("spec.nodeName", "worker-1").Reconcile(reconcile))
	// Output: /api/v1/pods?watch=true&fieldSelector=spec.nodeName%3Dworker-1
}

func ExampleSelection_WithAnnotation() {
	show(capability.When(kind.Pod).WithAnnotation("example.com/inject", "true", "yes").Reconcile(reconcile))
	// Output:
	// /api/v1/pods?watch=true
	// here: annotation example.com/inject in (true, yes)
}

func ExampleSelection_WithDeletionTimestamp() {
	show(capability.When(kind.Pod).WithDeletionTimestamp().Reconcile(reconcile))
	// Output:
	// /api/v1/pods?watch=true
	// here: deletionTimestamp
}

func ExampleSelection_Where() {
	show(capability.When(kind.Pod).
		Where(func(p *corev1.Pod) bool { return p.Spec.HostNetwork }).
		Reconcile(reconcile))
	// Output:
	// /api/v1/pods?watch=true
	// here: where
}

func ExampleSelection_OnSpecChange() {
	show(capability.When(kind.Deployment).OnSpecChange().Reconcile(nothing))
	// Output:
	// /apis/apps/v1/deployments?watch=true
	// here: on spec change
}

// Updates that leave phase and node as they are do not call.
func ExampleSelection_OnChange() {
	show(capability.When(kind.Pod).
		OnChange(
			func(p *corev1.Pod) any { return p.Status.Phase },
			func(p *corev1.Pod) any { return p.Spec.NodeName },
		).
		Reconcile(reconcile))
	// Output:
	// /api/v1/pods?watch=true
	// here: on change
}

func ExampleSelection_Alias() {
	show(capability.When(kind.Pod).Alias("web-pods").Reconcile(reconcile))
	// Output: /api/v1/pods?watch=true
}

func ExampleSelection_Concurrency() {
	show(capability.When(kind.Pod).Concurrency(4).Reconcile(reconcile))
	// Output: /api/v1/pods?watch=true
}

func ExampleSelection_Timeout() {
	show(capability.When(kind.Pod).Timeout(time.Minute).Reconcile(reconcile))
	// Output: /api/v1/pods?watch=true
}

func ExampleSelection_Backoff() {
	show(capability.When(kind.Pod).Backoff(time.Second, time.Hour).Reconcile(reconcile))
	// Output: /api/v1/pods?watch=true
}

func ExampleSelection_MaxAttempts() {
	show(capability.When(kind.Pod).MaxAttempts(5).Reconcile(reconcile))
	// Output: /api/v1/pods?watch=true
}

func ExampleSelection_MemoryBudget() {
	show(capability.When(kind.Pod).MemoryBudget(64 << 20).Reconcile(reconcile))
	// Output: /api/v1/pods?watch=true
}

// One call at a time in each namespace.
func ExampleSelection_Queue() {
	show(capability.When(kind.Pod).Queue(capability.PerNamespace).Reconcile(reconcile))
	// Output: /api/v1/pods?watch=true
}

// Every event of a pod, one after the other, instead of its latest state.
func ExampleSelection_InOrder() {
	show(capability.When(kind.Pod).InOrder().Reconcile(reconcile))
	// Output: /api/v1/pods?watch=true
}

func ExampleSelection_Wide() {
	show(capability.When(kind.Pod).InNamespace("blue", "green").Wide().Reconcile(reconcile))
	// Output:
	// /api/v1/pods?watch=true
	// here: namespace in (blue, green)
}

// Once an hour Ancho compares the stream with a list, and delivers what the API server lost.
func ExampleSelection_Audit() {
	show(capability.When(kind.Pod).Audit(time.Hour).Reconcile(func(context.Context, capability.Event[*corev1.Pod]) error { return nil }))
	// Output: /api/v1/pods?watch=true
}

// Who set which field of a pod: metadata.managedFields, which is taken out otherwise.
func ExampleSelection_ManagedFields() {
	show(capability.When(kind.Pod).ManagedFields().Reconcile(func(_ context.Context, e capability.Event[*corev1.Pod]) error {
		for _, entry := range e.Object.ManagedFields {
			fmt.Println(entry.Manager, entry.Operation)
		}
		return nil
	}))
	// Output: /api/v1/pods?watch=true
}

// A Deployment is reconciled also when a Pod or a ReplicaSet changes that it controls.
func ExampleSelection_Owns() {
	showTriggers(capability.When(kind.Deployment).InNamespace("demo").Owns(kind.ReplicaSet, capability.When(kind.Pod).WithLabel("app")).Reconcile(
		func(context.Context, capability.Event[*appsv1.Deployment]) error { return nil }))
	// Output:
	// owned ReplicaSet, controlled by a Deployment
	// owned Pod, controlled by a Deployment
}

// A Pod is reconciled also when a Secret changes that one of its volumes is made of.
func ExampleSelection_Uses() {
	secrets := func(p *corev1.Pod) (names []types.NamespacedName) {
		for _, v := range p.Spec.Volumes {
			if v.Secret != nil {
				names = append(names, types.NamespacedName{Name: v.Secret.SecretName}) // in the Pod's namespace
			}
		}
		return names
	}
	showTriggers(capability.When(kind.Pod).InNamespace("demo").Uses(kind.Secret, secrets).Reconcile(reconcile))
	// Output: used Secret
}

// Pods are reconciled also when the Node changes that an annotation of it names them on.
func ExampleSelection_TriggeredBy() {
	pods := capability.Mapped(kind.Node, func(n *corev1.Node) []types.NamespacedName {
		return []types.NamespacedName{{Namespace: "kube-system", Name: n.Annotations["example.com/agent"]}}
	})
	showTriggers(capability.When(kind.Pod).InNamespace("kube-system").TriggeredBy(pods).Reconcile(reconcile))
	// Output: mapped Node
}
