// Package webapp is the third example: an operator. Each WebApp runs as a Deployment behind a Service, with its settings
// in a ConfigMap and, if it names one, a Secret; these are put right when somebody changes or deletes them. Its host is
// published in a zone, which is outside of what Kubernetes cleans up, and taken back when the WebApp goes.
package webapp

import (
	"context"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/ancho-dev/ancho/examples/03-webapp/api/v1"
	"github.com/ancho-dev/ancho/examples/03-webapp/parts"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// Finalizer keeps a deleted WebApp until its host is taken back.
const Finalizer = "webapp.example.com/cleanup"

const (
	owner = client.FieldOwner("webapp")
	// again is when a WebApp looks anew whether its host is free: nothing tells it.
	again = time.Minute
)

// WebApp is the custom kind.
var WebApp = kind.Of[*v1.WebApp](v1.AddToScheme)

type controller struct{ capability.Env }

// Capability declares what webapp watches.
func Capability(env capability.Env) *capability.Capability {
	c := &controller{env}
	return capability.New("webapp",
		capability.When(WebApp).
			OnSpecChange(). // what it writes into the status itself is no news
			Owns(kind.Deployment, kind.Service, kind.ConfigMap).
			Uses(kind.Secret, parts.Secrets).
			Reconcile(c.reconcile).
			Finalize(Finalizer, c.cleanup),
	).Description("runs each WebApp as a Deployment behind a Service")
}

// reconcile makes everything as declared, whatever it was called for, and says in the status how the WebApp does.
func (c *controller) reconcile(ctx context.Context, e capability.Event[*v1.WebApp]) error {
	app := e.Object
	state, err := c.apply(ctx, app)
	if err != nil {
		return err
	}
	logr.FromContextOrDiscard(ctx).Info("the web app is as declared", "state", state.Reason)
	if err := c.report(ctx, app, state); err != nil {
		return err
	}
	if state.Reason == v1.ReasonHostTaken {
		return capability.RequeueAfter(again)
	}
	return nil
}

func (c *controller) apply(ctx context.Context, app *v1.WebApp) (parts.State, error) {
	var secret *metav1.PartialObjectMetadata
	for _, key := range parts.Secrets(app) {
		secret = &metav1.PartialObjectMetadata{}
		secret.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
		if err := c.Client.Get(ctx, key, secret); apierrors.IsNotFound(err) {
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
		if err := c.Client.Apply(ctx, part, owner, client.ForceOwnership); err != nil {
			return parts.State{}, fmt.Errorf("apply a part: %w", err)
		}
	}
	state := parts.StateOf(app, deployment) // as the server answered
	if err := c.publish(ctx, app, app.Spec.Host); apierrors.IsConflict(err) {
		return parts.HostTaken(app, state.Available), nil
	} else if err != nil {
		return parts.State{}, err
	}
	return state, nil
}

// publish makes the host's record the WebApp's only one in the zone. Without a host it has none.
func (c *controller) publish(ctx context.Context, app *v1.WebApp, host string) error {
	err := c.Client.Apply(ctx, parts.Record(app, host), client.FieldOwner(parts.RecordOwner(app)))
	if host == "" {
		err = client.IgnoreNotFound(err) // no namespace, no zone, no record
	}
	if err != nil {
		return fmt.Errorf("publish the host: %w", err)
	}
	return nil
}

// report writes the status, if it has changed, and a Kubernetes Event of it.
func (c *controller) report(ctx context.Context, app *v1.WebApp, state parts.State) error {
	before := app.DeepCopy()
	if !parts.Report(app, state) {
		return nil
	}
	if err := c.Client.Status().Patch(ctx, app, client.MergeFrom(before)); err != nil {
		return fmt.Errorf("write the status: %w", err)
	}
	class := corev1.EventTypeNormal
	if state.Bad() {
		class = corev1.EventTypeWarning
	}
	c.Recorder.Eventf(app, nil, class, state.Reason, "Reconcile", "%s", state.Message)
	return nil
}

// cleanup takes the host back. The garbage collector does the rest.
func (c *controller) cleanup(ctx context.Context, e capability.Event[*v1.WebApp]) error {
	if err := c.publish(ctx, e.Object, ""); err != nil {
		return err
	}
	c.Recorder.Eventf(e.Object, nil, corev1.EventTypeNormal, "HostReleased", "CleanUp", "the host %q is free", e.Object.Spec.Host)
	logr.FromContextOrDiscard(ctx).Info("took the host back", "host", e.Object.Spec.Host)
	return nil
}
