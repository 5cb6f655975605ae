package examples

import (
	"context"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// Selections shows what selections become.
func Selections(capability.Env) *capability.Capability {
	return capability.New("selections",
		// The server selects by label, name, namespace and field.
		capability.When(kind.Pod).
			InNamespace("shop").
			WithLabel("app", "web", "api").
			WithLabel("team").
			Alias("pods-of-shop").
			Reconcile(logPod),

		// One request for each namespace: rights in these two are enough.
		capability.When(kind.Secret).
			InNamespace("blue", "green").
			WithName("tls").
			Alias("certificates").
			Reconcile(logSecret),

		// Expressions and annotations are filtered here, on the metadata of raw objects. Where decodes.
		capability.When(kind.Service).
			InNamespaceRegex("^team-").
			WithAnnotation("example.com/expose").
			Where(func(s *corev1.Service) bool { return s.Spec.Type == corev1.ServiceTypeLoadBalancer }).
			Reconcile(logService),
	)
}

// Shared shows how bindings share streams.
func Shared(capability.Env) *capability.Capability {
	pods := capability.When(kind.Pod).InNamespace("shop") // a value: it may begin several bindings
	return capability.New("shared",
		pods.IsCreated().Alias("new").Watch(logPod),
		pods.IsDeleted().Alias("gone").Watch(logPod),
		pods.WithLabel("track", "canary").IsCreated().HasLeft().Alias("canaries").Watch(logPod),
		pods.WithField("spec.nodeName", "worker-1").Alias("on-worker-1").Reconcile(logPod),
	)
}

// The kinds that the guide declares.
var (
	// A custom kind with a Go type: group, version and kind come from the scheme.
	definition = kind.Of[*apiextensionsv1.CustomResourceDefinition](apiextensionsv1.AddToScheme).ClusterScoped()

	// A custom kind without one: its objects are maps.
	gadget = kind.Unstructured(schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Gadget"})

	// The metadata of a kind: the server sends no more than that.
	podMetadata = kind.Metadata(kind.Pod)
)

// Kinds shows kinds that are not built in, and metadata alone.
func Kinds(capability.Env) *capability.Capability {
	return capability.New("kinds",
		capability.When(definition).Reconcile(logDefinition),
		capability.When(gadget).InNamespace("shop").Reconcile(logGadget),
		capability.When(podMetadata).Reconcile(logMetadata),
	)
}

func logDefinition(ctx context.Context, e capability.Event[*apiextensionsv1.CustomResourceDefinition]) error {
	logr.FromContextOrDiscard(ctx).Info("a definition", "kind", e.Object.Spec.Names.Kind)
	return nil
}

func logPod(ctx context.Context, e capability.Event[*corev1.Pod]) error {
	logr.FromContextOrDiscard(ctx).Info("a pod", "phase", e.Object.Status.Phase)
	return nil
}

func logSecret(ctx context.Context, e capability.Event[*corev1.Secret]) error {
	logr.FromContextOrDiscard(ctx).Info("a secret", "keys", len(e.Object.Data))
	return nil
}

func logService(ctx context.Context, e capability.Event[*corev1.Service]) error {
	logr.FromContextOrDiscard(ctx).Info("a service", "type", e.Object.Spec.Type)
	return nil
}

func logGadget(ctx context.Context, e capability.Event[*unstructured.Unstructured]) error {
	logr.FromContextOrDiscard(ctx).Info("a gadget", "fields", len(e.Object.Object))
	return nil
}

func logMetadata(ctx context.Context, e capability.Event[*metav1.PartialObjectMetadata]) error {
	logr.FromContextOrDiscard(ctx).Info("a pod", "labels", len(e.Object.Labels))
	return nil
}
