package operator_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

var errTold = errors.New("the password is hunter2")

// failing is a callback that fails, and counts its calls.
func failing[T kind.Object](calls chan<- string, err error) capability.Handler[T] {
	return func(_ context.Context, e capability.Event[T]) error {
		calls <- e.Object.GetName()
		return err
	}
}

func parkedEvents(t *testing.T, c *anchotest.Cluster) (out []eventsv1.Event) {
	t.Helper()
	var all eventsv1.EventList
	if err := c.Client.List(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	for i := range all.Items {
		if all.Items[i].Reason == "Parked" {
			out = append(out, all.Items[i])
		}
	}
	return out
}

// A Kubernetes Event on an object that is parked says so, and not what the callback's error says.
func TestParkedObjectsHaveAnEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := make(chan string, 10)
		c := anchotest.Run(t, func(capability.Env) *capability.Capability {
			return capability.New("c", capability.When(kind.Secret).MaxAttempts(3).Reconcile(failing[*corev1.Secret](calls, errTold)))
		})
		c.Create(secret("a"))
		c.Settle()
		if got := parkedEvents(t, c); len(got) != 0 || len(calls) != 1 {
			t.Errorf("%d Events after %d calls", len(got), len(calls))
		}
		time.Sleep(time.Hour)
		c.Settle()
		got := parkedEvents(t, c)
		if len(got) != 1 || len(calls) != 3 {
			t.Fatalf("%d Events after %d calls, want 1 after 3", len(got), len(calls))
		}
		e := &got[0]
		about := anchotest.Get(c, kind.Secret, "demo", "a")
		if e.Namespace != "demo" || e.Regarding.Kind != "Secret" || e.Regarding.APIVersion != "v1" || e.Regarding.Name != "a" || e.Regarding.UID != about.UID {
			t.Errorf("about %+v in %s", e.Regarding, e.Namespace)
		}
		if e.Type != corev1.EventTypeWarning || e.Action != "Reconcile" || !strings.HasPrefix(e.Note, "c/secrets failed") {
			t.Errorf("%s %s: %s", e.Type, e.Action, e.Note)
		}
		if strings.Contains(e.Note, "hunter2") {
			t.Errorf("the error's text is in it: %s", e.Note)
		}
	})
}

// An object that is parked is tried again when something happens that the binding is told of, and by nothing else: with
// OnSpecChange a callback that writes its failure into the status would otherwise call itself for ever.
func TestParkedObjectsAreTriedAgain(t *testing.T) {
	type selection = capability.Selection[*appsv1.Deployment]
	for name, k := range map[string]struct {
		narrow              func(selection) selection
		status, label, spec int // calls after a change of each
	}{
		"any change": {func(s selection) selection { return s }, 1, 1, 1},
		"the spec":   {selection.OnSpecChange, 0, 0, 1},
		"a part": {func(s selection) selection {
			return s.OnChange(func(d *appsv1.Deployment) any { return d.Labels })
		}, 0, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := make(chan string, 1000)
				c := anchotest.Run(t, func(capability.Env) *capability.Capability {
					return capability.New("c", k.narrow(capability.When(kind.Deployment)).Uses(kind.Secret, func(*appsv1.Deployment) []types.NamespacedName {
						return []types.NamespacedName{{Namespace: "demo", Name: "used"}}
					}).Reconcile(failing[*appsv1.Deployment](calls, capability.Permanent(errTold))))
				})
				expect := func(after string, want int) {
					t.Helper()
					time.Sleep(time.Hour)
					c.Settle()
					if len(calls) != want {
						t.Errorf("%d calls after %s, want %d", len(calls), after, want)
					}
					for range len(calls) {
						<-calls
					}
				}
				d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "a"}}
				c.Create(d)
				expect("the creation", 1)
				d.Status.Replicas = 1
				c.UpdateStatus(d)
				expect("a change of the status", k.status)
				d.Labels = map[string]string{"a": "b"}
				c.Update(d)
				expect("a change of a label", k.label)
				d.Spec.Replicas = new(int32(3))
				c.Update(d)
				expect("a change of the spec", k.spec)
				c.Create(secret("used"))
				expect("a change of what it uses", 1)
			})
		})
	}
}

// A binding that fails on Events is not called for one about its own failure, and so on for ever.
func TestParkedEventsHaveNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := make(chan string, 1000)
		c := anchotest.Run(t, func(capability.Env) *capability.Capability {
			return capability.New("c",
				capability.When(kind.Event).Reconcile(failing[*eventsv1.Event](calls, capability.Permanent(errTold))))
		})
		c.Create(&eventsv1.Event{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "a"}})
		time.Sleep(time.Hour)
		c.Settle()
		if len(calls) != 1 {
			t.Errorf("%d calls for one Event", len(calls))
		}
		var all eventsv1.EventList
		if err := c.Client.List(t.Context(), &all); err != nil || len(all.Items) != 1 {
			t.Errorf("%d Events, %v", len(all.Items), err)
		}
	})
}
