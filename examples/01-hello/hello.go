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
		// Reconcile: the latest state of one object, never two calls at once.
		capability.When(kind.ConfigMap).
			InNamespace("demo").
			WithName("greeting").
			IsCreatedOrUpdated().IsDeleted().
			Reconcile(greet),

		// Watch: every event, as it happens. A selection is a value: both bindings go on from pods, share its
		// stream, and add what is theirs.
		pods.IsCreated().IsDeleted().Watch(comeAndGo),
		pods.WithLabel("app", "web").IsUpdated().Alias("web-pods").Watch(changed),

		// What the server can select, it selects: this stream brings one running Pod or nothing.
		pods.WithName("web").WithField("status.phase", "Running").Alias("web-running").Watch(running),
	).Description("looks at a greeting and at Pods")
}

func greet(ctx context.Context, e capability.Event[*corev1.ConfigMap]) error {
	log := logr.FromContextOrDiscard(ctx)
	if e.Type == capability.Deleted {
		log.Info("the greeting is gone")
		return nil
	}
	log.Info("the greeting says", "text", e.Object.Data["text"], "type", e.Type, "merged", e.Merged)
	return nil
}

func comeAndGo(ctx context.Context, e capability.Event[*corev1.Pod]) error {
	logr.FromContextOrDiscard(ctx).Info("pod", "name", e.Object.Name, "type", e.Type, "initial", e.Initial)
	return nil
}

func changed(ctx context.Context, e capability.Event[*corev1.Pod]) error {
	logr.FromContextOrDiscard(ctx).Info("web pod changed", "name", e.Object.Name, "labels", e.Object.Labels)
	return nil
}

func running(ctx context.Context, e capability.Event[*corev1.Pod]) error {
	logr.FromContextOrDiscard(ctx).Info("the web pod runs", "node", e.Object.Spec.NodeName)
	return nil
}
