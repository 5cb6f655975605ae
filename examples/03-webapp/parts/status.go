package parts

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"

	v1 "github.com/ancho-dev/ancho/examples/03-webapp/api/v1"
)

// State is how a WebApp does.
type State struct {
	Reason, Message string
	Available       int32
}

// Ok says whether all copies run.
func (s State) Ok() bool { return s.Reason == v1.ReasonAvailable }

// Bad says whether somebody has to do something about it.
func (s State) Bad() bool {
	return s.Reason == v1.ReasonSecretMissing || s.Reason == v1.ReasonHostTaken
}

// StateOf is the state of a WebApp whose Deployment the server answered with.
func StateOf(app *v1.WebApp, d *appsv1ac.DeploymentApplyConfiguration) State {
	s, want := State{Reason: v1.ReasonProgressing}, copies(app)
	if d.Status != nil {
		s.Available = value(d.Status.AvailableReplicas)
		if seen := value(d.Status.ObservedGeneration) >= value(d.Generation); seen && value(d.Status.UpdatedReplicas) >= want && s.Available >= want {
			s.Reason = v1.ReasonAvailable
		}
	}
	s.Message = fmt.Sprintf("%d of %d copies answer", s.Available, want)
	return s
}

// SecretMissing is the state of a WebApp without its Secret.
func SecretMissing(app *v1.WebApp) State {
	return State{Reason: v1.ReasonSecretMissing, Message: fmt.Sprintf("there is no Secret %q", app.Spec.Secret), Available: app.Status.Available}
}

// HostTaken is the state of a WebApp whose host another one has published.
func HostTaken(app *v1.WebApp, available int32) State {
	return State{Reason: v1.ReasonHostTaken, Message: fmt.Sprintf("another WebApp has the host %q", app.Spec.Host), Available: available}
}

// Report writes a state into a WebApp's status, and says whether that changes anything.
func Report(app *v1.WebApp, s State) bool {
	before := app.Status.DeepCopy()
	app.Status.ObservedGeneration = app.Generation
	app.Status.Available = s.Available
	status := metav1.ConditionFalse
	if s.Ok() {
		status = metav1.ConditionTrue
	}
	meta.SetStatusCondition(&app.Status.Conditions, metav1.Condition{
		Type: v1.Ready, Status: status, Reason: s.Reason, Message: s.Message, ObservedGeneration: app.Generation,
	})
	return !equality.Semantic.DeepEqual(*before, app.Status)
}

func value[N int32 | int64](p *N) N {
	if p == nil {
		return 0
	}
	return *p
}
