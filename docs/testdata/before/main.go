// Command before is a controller in controller-runtime: what the page about migrating begins with.
package main

import (
	"context"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

type reconciler struct{ client.Client }

func (r *reconciler) setup(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		For(&appsv1.Deployment{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Owns(&policyv1.PodDisruptionBudget{}).
		Watches(&corev1.ConfigMap{}, handler.EnqueueRequestsFromMapFunc(r.readersOf)).
		WithOptions(controller.Options{MaxConcurrentReconciles: 16}).
		Complete(r)
}

func (r *reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	var d appsv1.Deployment
	if err := r.Get(ctx, req.NamespacedName, &d); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	return ctrl.Result{}, r.apply(ctx, &d)
}

// readersOf finds the Deployments that read a ConfigMap.
func (r *reconciler) readersOf(ctx context.Context, config client.Object) []reconcile.Request {
	var all appsv1.DeploymentList
	if err := r.List(ctx, &all, client.InNamespace(config.GetNamespace())); err != nil {
		return nil // nobody is told
	}
	var out []reconcile.Request
	for i := range all.Items {
		for _, name := range configOf(&all.Items[i]) {
			if name == config.GetName() {
				out = append(out, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&all.Items[i])})
			}
		}
	}
	return out
}

func main() {
	mgr, err := ctrl.NewManager(ctrl.GetConfigOrDie(), ctrl.Options{
		Cache: cache.Options{DefaultNamespaces: map[string]cache.Config{"shop": {}}},
	})
	if err != nil {
		os.Exit(1)
	}
	if err := (&reconciler{mgr.GetClient()}).setup(mgr); err != nil {
		os.Exit(1)
	}
	if err := mgr.Start(ctrl.SetupSignalHandler()); err != nil {
		os.Exit(1)
	}
}

// What the page does not show: it is the same in both.

func (r *reconciler) apply(context.Context, *appsv1.Deployment) error { return nil }

func configOf(*appsv1.Deployment) []string { return nil }
