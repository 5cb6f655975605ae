package runtime

import (
	"context"
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
)

// Who asked is told of each call with what it was made with and what came of it, also of one that panicked.
func TestOnCall(t *testing.T) {
	calls := make(chan Call, 10)
	o := oneCapability(capability.When(kind.ConfigMap).Reconcile(
		func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
			if e.Object.Name == "b" {
				panic("a defect")
			}
			return capability.Permanent(errors.New("no use"))
		}))
	o.OnCall = func(c Call) { calls <- c }
	start(t, &stub{objects: []*corev1.ConfigMap{mapNamed("a"), mapNamed("b")}}, o)
	byName := map[string]Call{}
	for range 2 {
		c := <-calls
		byName[c.Name] = c
	}
	a, b := byName["a"], byName["b"]
	if a.Binding != "c/configmaps" || a.Type != capability.Added || !a.Initial || a.Attempt != 1 || len(a.Causes) != 1 ||
		a.Outcome != capability.OutcomePermanent || a.Err == nil || !a.Parked || a.UID == "" {
		t.Errorf("%+v", a)
	}
	if _, ok := errors.AsType[*queue.PanicError](b.Err); !ok || b.Outcome != capability.OutcomeRetry {
		t.Errorf("%+v", b)
	}
}
