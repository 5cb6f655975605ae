// Package hello is the first example: it looks at one ConfigMap and at some Pods, and says what it sees.
// It changes nothing in the cluster.
package hello

import (
	"context"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// Capability declares what hello watches.
func Capability(capability.Env) *capability.Capability {
	pods := capability.When(kind.Pod).InNamespace("demo")
	return capability.New("hello",
		// Reconcile: the latest state of one object, never two calls at once. Without IsDeleted, objects
		// that are gone would not be told of.
		capability.When(kind.ConfigMap).
			InNamespace("demo").
			WithName("greeting").
			IsCreatedOrUpdated().IsDeleted().
			Reconcile(greet),

		// Watch: every event, each in a call of its own. A selection is a value: all of these go on from pods,
		// and each adds what is its own. The first two watch the very same, and share one stream.
		pods.IsCreated().Alias("new-pods").Watch(appeared),
		pods.IsDeleted().Alias("gone-pods").Watch(vanished),

		// A binding watches a set. A Pod enters this one when it is created with the label, or gets it, and
		// leaves it when it loses the label. It needs no stream of its own: it rides on the wider one.
		pods.WithLabel("app", "web").IsCreated().HasLeft().Alias("web-pods").Watch(joinedOrLeft),

		// What the server can select, it selects: this stream brings one running Pod, or nothing.
		pods.WithName("web").WithField("status.phase", "Running").IsCreated().Alias("web-running").Watch(runs),
	).Description("says what it sees of a greeting and of Pods")
}

func greet(ctx context.Context, e capability.Event[*corev1.ConfigMap]) error {
	log := logr.FromContextOrDiscard(ctx) // it names the capability, the binding, the object and the event
	if e.Type == capability.Deleted {
		log.Info("the greeting is gone")
		return nil
	}
	log.Info("the greeting says", "text", e.Object.Data["text"])
	return nil
}

func appeared(ctx context.Context, e capability.Event[*corev1.Pod]) error {
	logr.FromContextOrDiscard(ctx).Info("a pod appeared", "initial", e.Initial)
	return nil
}

func vanished(ctx context.Context, _ capability.Event[*corev1.Pod]) error {
	logr.FromContextOrDiscard(ctx).Info("a pod is gone")
	return nil
}

// joinedOrLeft gets a Pod that left by its identity alone (e.Partial): no state of it matches any more.
func joinedOrLeft(ctx context.Context, e capability.Event[*corev1.Pod]) error {
	log := logr.FromContextOrDiscard(ctx)
	if e.Type == capability.Left {
		log.Info("a pod left the web pods")
		return nil
	}
	log.Info("a pod joined the web pods", "labels", len(e.Object.Labels))
	return nil
}

func runs(ctx context.Context, e capability.Event[*corev1.Pod]) error {
	logr.FromContextOrDiscard(ctx).Info("the web pod runs", "phase", e.Object.Status.Phase)
	return nil
}
