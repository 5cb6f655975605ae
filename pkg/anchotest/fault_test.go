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
		told := map[string]capability.EventType{}
		for _, call := range calls[1:] { // of two objects: in either order
			told[call.Object()] = call.Type
		}
		if len(calls) != 3 || told["demo/a"] != capability.Deleted || told["demo/b"] != capability.Added {
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

// 48: an object that does not fit its type is passed over; the others are handled, and so is this one when it fits again.
func TestAnObjectThatDoesNotDecode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := anchotest.Run(t, reconciler(func(capability.Env, capability.Event[*corev1.ConfigMap]) error { return nil }))
		c.Settle()
		f := c.Fault(fake.Undecodable(), fake.Object("demo", "a"))
		c.Create(configMap("a"), configMap("b"))
		time.Sleep(time.Hour)
		c.Settle()
		if done := succeeded(c); len(done) != 1 || done[0] != "demo/b" || f.Count() != 1 {
			t.Errorf("%q, %d times", done, f.Count())
		}
		f.Stop()
		anchotest.Edit(c, kind.ConfigMap, "demo", "a", func(m *corev1.ConfigMap) { m.Data = map[string]string{"k": "v"} })
		c.Settle()
		if done := succeeded(c); len(done) != 2 || done[1] != "demo/a" {
			t.Errorf("%q", done)
		}
	})
}

// succeeded are the objects whose calls did, in their order.
func succeeded(c *anchotest.Cluster) []string {
	var out []string
	for _, call := range c.Calls("c/configmaps") {
		if call.Err == nil {
			out = append(out, call.Object())
		}
	}
	return out
}
