package main

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "github.com/ancho-dev/ancho/examples/03-webapp/api/v1"
	"github.com/ancho-dev/ancho/examples/03-webapp/parts"
)

// secretIndex is the cache's index of WebApps by the Secret that they name.
const secretIndex = ".spec.secret"

// +kubebuilder:rbac:groups=webapp.example.com,resources=webapps,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=webapp.example.com,resources=webapps/finalizers,verbs=update
// +kubebuilder:rbac:groups=webapp.example.com,resources=webapps/status,verbs=patch
// +kubebuilder:rbac:groups=apps,resources=deployments,verbs=list;watch;create;patch
// +kubebuilder:rbac:groups="",resources=configmaps;services,verbs=list;watch;create;patch
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// setUp says what wakes the reconciler. Of what it owns and uses the cache keeps metadata alone.
func (r *reconciler) setUp(ctx context.Context, mgr ctrl.Manager) error {
	err := mgr.GetFieldIndexer().IndexField(ctx, &v1.WebApp{}, secretIndex, func(o client.Object) []string {
		app, ok := o.(*v1.WebApp)
		if !ok || app.Spec.Secret == "" {
			return nil
		}
		return []string{app.Spec.Secret}
	})
	if err != nil {
		return fmt.Errorf("index WebApps by Secret: %w", err)
	}
	return ctrl.NewControllerManagedBy(mgr).
		For(&v1.WebApp{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Owns(&appsv1.Deployment{}, builder.OnlyMetadata).
		Owns(&corev1.Service{}, builder.OnlyMetadata).
		Owns(&corev1.ConfigMap{}, builder.OnlyMetadata).
		WatchesMetadata(&corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(r.users)).
		Complete(r)
}

// users are the WebApps that use a Secret.
func (r *reconciler) users(ctx context.Context, secret client.Object) []reconcile.Request {
	var apps v1.WebAppList
	err := r.List(ctx, &apps, client.InNamespace(secret.GetNamespace()), client.MatchingFields{secretIndex: secret.GetName()})
	if err != nil {
		log.FromContext(ctx).Error(err, "cannot look up who uses a Secret", "secret", secret.GetName())
		return nil
	}
	var out []reconcile.Request
	for i := range apps.Items {
		for _, used := range parts.Secrets(&apps.Items[i]) {
			if used.Name == secret.GetName() {
				out = append(out, reconcile.Request{NamespacedName: types.NamespacedName{
					Namespace: apps.Items[i].Namespace, Name: apps.Items[i].Name,
				}})
			}
		}
	}
	return out
}
