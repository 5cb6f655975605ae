package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "github.com/ancho-dev/ancho/examples/03-webapp/api/v1"
	"github.com/ancho-dev/ancho/examples/03-webapp/parts"
)

const (
	finalizer = "webapp.example.com/cleanup"
	owner     = client.FieldOwner("webapp")
	again     = time.Minute
)

type reconciler struct {
	client.Client

	recorder events.EventRecorder
}

// Reconcile implements reconcile.Reconciler.
func (r *reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	app := &v1.WebApp{}
	if err := r.Get(ctx, req.NamespacedName, app); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !app.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, r.finalize(ctx, app)
	}
	if err := r.hold(ctx, app); err != nil {
		return ctrl.Result{}, err
	}
	state, err := r.apply(ctx, app)
	if err != nil {
		return ctrl.Result{}, err
	}
	log.FromContext(ctx).Info("the web app is as declared", "state", state.Reason)
	if err := r.report(ctx, app, state); err != nil {
		return ctrl.Result{}, err
	}
	if state.Reason == v1.ReasonHostTaken {
		return ctrl.Result{RequeueAfter: again}, nil
	}
	return ctrl.Result{}, nil
}

// hold puts the finalizer on the WebApp before anything is done for it.
func (r *reconciler) hold(ctx context.Context, app *v1.WebApp) error {
	before := app.DeepCopy()
	if !controllerutil.AddFinalizer(app, finalizer) {
		return nil
	}
	if err := r.Patch(ctx, app, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); err != nil {
		return fmt.Errorf("add the finalizer: %w", err)
	}
	return nil
}

// finalize cleans up and takes the finalizer off. The lock keeps those of others that were added meanwhile.
func (r *reconciler) finalize(ctx context.Context, app *v1.WebApp) error {
	if !controllerutil.ContainsFinalizer(app, finalizer) {
		return nil
	}
	if err := r.cleanup(ctx, app); err != nil {
		return err
	}
	before := app.DeepCopy()
	controllerutil.RemoveFinalizer(app, finalizer)
	err := r.Patch(ctx, app, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	if err = client.IgnoreNotFound(err); err != nil {
		return fmt.Errorf("remove the finalizer: %w", err)
	}
	return nil
}

func (r *reconciler) apply(ctx context.Context, app *v1.WebApp) (parts.State, error) {
	var secret *metav1.PartialObjectMetadata
	for _, key := range parts.Secrets(app) {
		secret = &metav1.PartialObjectMetadata{}
		secret.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
		if err := r.Get(ctx, key, secret); apierrors.IsNotFound(err) {
			return parts.SecretMissing(app), nil // its creation wakes the WebApp
		} else if err != nil {
			return parts.State{}, fmt.Errorf("look up the Secret: %w", err)
		}
	}
	revision, err := parts.Revision(app, secret)
	if err != nil {
		return parts.State{}, err
	}
	deployment := parts.Deployment(app, revision)
	for _, part := range []runtime.ApplyConfiguration{parts.Settings(app), parts.Service(app), deployment} {
		if err := r.Apply(ctx, part, owner, client.ForceOwnership); err != nil {
			return parts.State{}, fmt.Errorf("apply a part: %w", err)
		}
	}
	state := parts.StateOf(app, deployment) // as the server answered
	if err := r.publish(ctx, app, app.Spec.Host); apierrors.IsConflict(err) {
		return parts.HostTaken(app, state.Available), nil
	} else if err != nil {
		return parts.State{}, err
	}
	return state, nil
}

// publish makes the host's record the WebApp's only one in the zone. Without a host it has none.
func (r *reconciler) publish(ctx context.Context, app *v1.WebApp, host string) error {
	err := r.Apply(ctx, parts.Record(app, host), client.FieldOwner(parts.RecordOwner(app)))
	if host == "" {
		err = client.IgnoreNotFound(err) // no namespace, no zone, no record
	}
	if err != nil {
		return fmt.Errorf("publish the host: %w", err)
	}
	return nil
}

// report writes the status, if it has changed, and a Kubernetes Event of it.
func (r *reconciler) report(ctx context.Context, app *v1.WebApp, state parts.State) error {
	before := app.DeepCopy()
	if !parts.Report(app, state) {
		return nil
	}
	if err := r.Status().Patch(ctx, app, client.MergeFrom(before)); err != nil {
		return fmt.Errorf("write the status: %w", err)
	}
	class := corev1.EventTypeNormal
	if state.Bad() {
		class = corev1.EventTypeWarning
	}
	r.recorder.Eventf(app, nil, class, state.Reason, "Reconcile", "%s", state.Message)
	return nil
}

// cleanup takes the host back. The garbage collector does the rest.
func (r *reconciler) cleanup(ctx context.Context, app *v1.WebApp) error {
	if err := r.publish(ctx, app, ""); err != nil {
		return err
	}
	r.recorder.Eventf(app, nil, corev1.EventTypeNormal, "HostReleased", "CleanUp", "the host %q is free", app.Spec.Host)
	log.FromContext(ctx).Info("took the host back", "host", app.Spec.Host)
	return nil
}
