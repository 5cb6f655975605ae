package anchotest_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

// recorded is a capability that reads and writes in its callbacks, and fails at first for one of the objects.
func recorded(env capability.Env) *capability.Capability {
	return capability.New("c",
		capability.When(kind.ConfigMap).InNamespace("demo").IsCreatedOrUpdated().IsDeleted().Reconcile(
			func(ctx context.Context, e capability.Event[*corev1.ConfigMap]) error {
				if e.Object.Name == "a" && e.Attempt < 3 {
					return fmt.Errorf("attempt %d", e.Attempt)
				}
				made := &corev1.Service{ObjectMeta: configMap("made-by-" + e.Object.Name).ObjectMeta}
				made.Spec.Type = corev1.ServiceTypeExternalName
				return client.IgnoreAlreadyExists(env.Client.Create(ctx, made))
			}),
		capability.When(kind.Service).InNamespace("demo").IsCreated().Watch(
			func(context.Context, capability.Event[*corev1.Service]) error { return nil }))
}

// told are the calls of both bindings, without what is drawn at random.
func told(c *anchotest.Cluster) []string {
	var out []string
	for _, binding := range []string{"c/configmaps", "c/services"} {
		for _, call := range c.Calls(binding) {
			out = append(out, fmt.Sprint(binding, call.Object(), call.UID, call.Type, call.Attempt, call.Merged, call.Initial, call.Outcome, call.Err))
		}
	}
	slices.Sort(out)
	return out
}

// What was recorded is replayed: faults, hours and all, the calls are the same.
func TestRecordAndReplay(t *testing.T) {
	for name, happens := range map[string]func(c *anchotest.Cluster){
		"quiet": func(*anchotest.Cluster) {},
		"cut":   func(c *anchotest.Cluster) { c.Cut() },
		"expired": func(c *anchotest.Cluster) {
			c.Fault(fake.Status(http.StatusGone).InStream(), fake.Times(2))
		},
		"broken": func(c *anchotest.Cluster) {
			c.Fault(fake.CutInFrame(), fake.Times(2))
			c.Fault(fake.Split(7))
		},
		"away": func(c *anchotest.Cluster) {
			f := c.Fault(fake.Refuse())
			c.Cut()
			time.Sleep(10 * time.Second)
			f.Stop()
		},
		"throttled": func(c *anchotest.Cluster) {
			c.Fault(fake.TooManyRequests(5*time.Second), fake.Times(2))
			c.Cut()
		},
		"hours": func(*anchotest.Cluster) { time.Sleep(3 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			var tape bytes.Buffer
			var want []string
			synctest.Test(t, func(t *testing.T) {
				c := anchotest.Start(t, anchotest.Options{
					Capabilities: []capability.Func{recorded}, Objects: []client.Object{configMap("a"), configMap("b")},
					Configure: func(o *runtime.Options) { o.Record = &tape },
				})
				time.Sleep(time.Second) // what happens at one time may be merged
				happens(c)
				c.Create(configMap("c"))
				time.Sleep(time.Second)
				c.Delete(configMap("b"))
				time.Sleep(time.Minute)
				c.Create(configMap("d"))
				time.Sleep(time.Minute)
				c.Settle()
				c.Stop()
				want = told(c)
			})
			synctest.Test(t, func(t *testing.T) {
				c := anchotest.Start(t, anchotest.Options{Capabilities: []capability.Func{recorded}, Replay: bytes.NewReader(tape.Bytes())})
				time.Sleep(4 * time.Hour)
				c.Settle()
				if got := told(c); !slices.Equal(got, want) || len(got) < 8 {
					t.Errorf("replayed\n%s\nrecorded\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			})
		})
	}
}

// What a recording does not hold fails the test that asks for it, and says so.
func TestReplayOfSomethingElse(t *testing.T) {
	var tape bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		anchotest.Start(t, anchotest.Options{
			Capabilities: []capability.Func{recorded}, Configure: func(o *runtime.Options) { o.Record = &tape },
		}).Settle()
	})
	complaints := &listener{TB: t}
	synctest.Test(t, func(t *testing.T) {
		complaints.TB = t
		other := func(capability.Env) *capability.Capability {
			return capability.New("other", capability.When(kind.Pod).Watch(func(context.Context, capability.Event[*corev1.Pod]) error { return nil }))
		}
		anchotest.Start(complaints, anchotest.Options{Capabilities: []capability.Func{other}, Replay: &tape}).Settle()
	})
	if !slices.ContainsFunc(complaints.said, func(text string) bool {
		return strings.Contains(text, "the recording holds no answer to GET /api/v1/pods?")
	}) {
		t.Errorf("%q", complaints.said)
	}
}

// listener hears what a test complains about.
type listener struct {
	testing.TB
	said []string
}

func (l *listener) Errorf(format string, args ...any) {
	l.said = append(l.said, fmt.Sprintf(format, args...))
}
