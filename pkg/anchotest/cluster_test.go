package anchotest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

func configMap(name string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: name}}
}

// reconciler is a capability of one binding, "c/configmaps".
func reconciler(f func(capability.Env, capability.Event[*corev1.ConfigMap]) error) capability.Func {
	return func(env capability.Env) *capability.Capability {
		return capability.New("c", capability.When(kind.ConfigMap).InNamespace("demo").Reconcile(
			func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error { return f(env, e) }))
	}
}

// An hour takes no time, and is an hour all the same.
func TestARequeueAfterAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := make(chan time.Time, 9)
		c := anchotest.Run(t, reconciler(func(capability.Env, capability.Event[*corev1.ConfigMap]) error {
			at <- time.Now()
			return capability.RequeueAfter(time.Hour)
		}))
		c.Create(configMap("a"))
		c.Settle()
		if len(at) != 1 {
			t.Fatalf("%d calls, want the first", len(at))
		}
		first := <-at
		time.Sleep(time.Hour)
		c.Settle()
		calls := c.Calls("c/configmaps")
		if len(at) != 1 || (<-at).Sub(first) != time.Hour || calls[1].Type != capability.Unchanged || calls[1].Outcome != capability.OutcomeRequeue {
			t.Errorf("%+v", calls)
		}
	})
}

// What fails is tried again; attempts and errors are on record.
func TestCallsAreRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := anchotest.Run(t, reconciler(func(_ capability.Env, e capability.Event[*corev1.ConfigMap]) error {
			if e.Attempt < 3 {
				return errors.New("not yet")
			}
			return nil
		}))
		c.Create(configMap("a"))
		time.Sleep(time.Minute)
		c.Settle()
		calls := c.Calls("c/configmaps")
		if len(calls) != 3 || calls[0].Err == nil || calls[1].Attempt != 2 || calls[2].Outcome != capability.OutcomeDone {
			t.Errorf("%+v", calls)
		}
		if len(c.Calls("c/nothing")) != 0 {
			t.Error("calls of a binding that there is none of")
		}
	})
}

// Objects that are there before are told as Initial; a lost history is made up for.
func TestObjectsAndHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := make(chan string, 9)
		c := anchotest.Start(t, anchotest.Options{
			Capabilities: []capability.Func{reconciler(func(_ capability.Env, e capability.Event[*corev1.ConfigMap]) error {
				line := string(e.Type) + " " + e.Object.Name
				if e.Initial {
					line += " initial"
				}
				seen <- line
				return nil
			})},
			Objects: []client.Object{configMap("a")},
		})
		c.Settle()
		c.Compact()
		c.Create(configMap("b"))
		c.Settle()
		anchotest.Edit(c, kind.ConfigMap, "demo", "a", func(m *corev1.ConfigMap) { m.Data = map[string]string{"k": "v"} })
		c.Settle()
		c.Delete(configMap("b"))
		c.Settle()
		for _, want := range []string{"Added a initial", "Added b", "Modified a"} {
			if got := <-seen; got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		c.Stop()
		if _, ok := anchotest.Find(c, kind.ConfigMap, "demo", "b"); ok {
			t.Error("b is still there")
		}
	})
}

// What a capability writes is compared with a file.
func TestLoadAndGolden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := anchotest.Run(t, reconciler(func(env capability.Env, e capability.Event[*corev1.ConfigMap]) error {
			made := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: e.Object.Name}, Type: corev1.SecretTypeOpaque, Immutable: new(true)}
			return client.IgnoreAlreadyExists(env.Client.Create(context.Background(), made))
		}))
		if loaded := c.Load("testdata/two.yaml"); len(loaded) != 2 {
			t.Errorf("%d objects were loaded", len(loaded))
		}
		c.Settle()
		c.Golden("testdata/secrets.golden", c.YAML(kind.Secret))
	})
}

// With a constant for what varies delays, each run has the same.
func TestConstantDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := make(chan time.Time, 9)
		c := anchotest.Start(t, anchotest.Options{
			Capabilities: []capability.Func{reconciler(func(_ capability.Env, e capability.Event[*corev1.ConfigMap]) error {
				at <- time.Now()
				if e.Attempt < 3 {
					return errors.New("not yet")
				}
				return nil
			})},
			Configure: func(o *runtime.Options) { o.Rand = func() float64 { return 1 } },
		})
		c.Create(configMap("a"))
		time.Sleep(time.Minute)
		c.Settle()
		one, two, three := <-at, <-at, <-at
		if two.Sub(one) != 200*time.Millisecond || three.Sub(two) != 400*time.Millisecond {
			t.Errorf("delays of %s and %s", two.Sub(one), three.Sub(two))
		}
	})
}
