package parts_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"

	v1 "github.com/ancho-dev/ancho/examples/03-webapp/api/v1"
	"github.com/ancho-dev/ancho/examples/03-webapp/parts"
)

func status(generation int64, updated, available int32) *appsv1ac.DeploymentStatusApplyConfiguration {
	return appsv1ac.DeploymentStatus().WithObservedGeneration(generation).WithUpdatedReplicas(updated).WithAvailableReplicas(available)
}

func TestStateOf(t *testing.T) {
	for name, c := range map[string]struct {
		status *appsv1ac.DeploymentStatusApplyConfiguration
		want   parts.State
	}{
		"new":           {nil, parts.State{Reason: v1.ReasonProgressing, Message: "0 of 2 copies answer"}},
		"half":          {status(4, 2, 1), parts.State{Reason: v1.ReasonProgressing, Message: "1 of 2 copies answer", Available: 1}},
		"all":           {status(4, 2, 2), parts.State{Reason: v1.ReasonAvailable, Message: "2 of 2 copies answer", Available: 2}},
		"not seen yet":  {status(3, 2, 2), parts.State{Reason: v1.ReasonProgressing, Message: "2 of 2 copies answer", Available: 2}},
		"being updated": {status(4, 1, 2), parts.State{Reason: v1.ReasonProgressing, Message: "2 of 2 copies answer", Available: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			d := parts.Deployment(shop(), "r").WithGeneration(4)
			d.Status = c.status
			if got := parts.StateOf(shop(), d); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// A status is written where it has changed, and not otherwise.
func TestReport(t *testing.T) {
	app := shop()
	steps := []struct {
		state   parts.State
		news    bool
		status  metav1.ConditionStatus
		problem bool
	}{
		{parts.State{Reason: v1.ReasonProgressing, Message: "m"}, true, metav1.ConditionFalse, false},
		{parts.State{Reason: v1.ReasonProgressing, Message: "m"}, false, metav1.ConditionFalse, false},
		{parts.State{Reason: v1.ReasonAvailable, Message: "m", Available: 2}, true, metav1.ConditionTrue, false},
		{parts.HostTaken(app, 2), true, metav1.ConditionFalse, true},
		{parts.SecretMissing(app), true, metav1.ConditionFalse, true},
	}
	for i, s := range steps {
		if got := parts.Report(app, s.state); got != s.news {
			t.Errorf("step %d: news %t, want %t", i, got, s.news)
		}
		c := meta.FindStatusCondition(app.Status.Conditions, v1.Ready)
		if c == nil || c.Status != s.status || c.Reason != s.state.Reason || c.ObservedGeneration != 3 || app.Status.ObservedGeneration != 3 {
			t.Errorf("step %d: status %+v", i, app.Status)
		}
		if s.state.Bad() != s.problem {
			t.Errorf("step %d: %s is a problem: %t", i, s.state.Reason, s.state.Bad())
		}
	}
	app.Generation++
	if !parts.Report(app, parts.SecretMissing(app)) || app.Status.ObservedGeneration != 4 {
		t.Error("a new generation is no news")
	}
}
