package anchotest_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

// A program goes on where it was when its connections were cut and the server was away; the test's own client meets none
// of that.
func TestACut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := anchotest.Run(t, func(capability.Env) *capability.Capability {
			return capability.New("c", capability.When(kind.ConfigMap).InNamespace("demo").IsCreatedOrUpdated().IsDeleted().Reconcile(
				func(context.Context, capability.Event[*corev1.ConfigMap]) error { return nil }))
		})
		c.Create(configMap("a"))
		c.Settle()
		away := c.Fault(fake.Refuse())
		if n := c.Cut(fake.For(kind.ConfigMap)); n != 1 {
			t.Errorf("%d streams were cut", n)
		}
		c.Create(configMap("b"))
		c.Delete(configMap("a"))
		time.Sleep(time.Hour)
		c.Settle()
		if calls := c.Calls("c/configmaps"); len(calls) != 1 {
			t.Errorf("%d calls while the server was away", len(calls)-1)
		}
		away.Stop()
		time.Sleep(time.Minute)
		c.Settle()
		calls := c.Calls("c/configmaps")
		if len(calls) != 3 || calls[1].Type != queue.Added || calls[2].Type != queue.Deleted {
			t.Errorf("%+v", calls)
		}
	})
}

// What a callback writes fails with a fault, and is tried again.
func TestAFaultOfWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := anchotest.Run(t, reconciler(func(env capability.Env, _ capability.Event[*corev1.ConfigMap]) error {
			made := &corev1.Secret{ObjectMeta: configMap("made").ObjectMeta}
			return env.Client.Create(t.Context(), made)
		}))
		f := c.Fault(fake.Status(http.StatusForbidden), fake.For(kind.Secret), fake.Verbs("create"), fake.Times(2))
		c.Create(configMap("a"))
		time.Sleep(time.Minute)
		c.Settle()
		calls := c.Calls("c/configmaps")
		if len(calls) != 3 || calls[1].Err == nil || calls[2].Err != nil || f.Count() != 2 {
			t.Errorf("%+v", calls)
		}
	})
}
