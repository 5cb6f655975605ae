package operator_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

const (
	mine   = "c.example.com/cleanup"
	theirs = "other.example.com/hold"
)

func finalizing(j *journal, change ...func(capability.Selection[*corev1.ConfigMap]) capability.Selection[*corev1.ConfigMap]) capability.Func {
	s := capability.When(kind.ConfigMap).InNamespace("demo").WithLabel("in", "yes").Backoff(time.Second, time.Minute)
	for _, f := range change {
		s = f(s)
	}
	return capabilityOf(s.Reconcile(j.as("reconcile")).Finalize(mine, j.as("clean")))
}

func finalizers(t *testing.T, c *anchotest.Cluster, name string) []string {
	t.Helper()
	var cm corev1.ConfigMap
	err := c.Client.Get(t.Context(), client.ObjectKey{Namespace: "demo", Name: name}, &cm)
	if apierrors.IsNotFound(err) {
		return []string{"gone"}
	}
	if err != nil {
		t.Fatal(err)
	}
	return cm.Finalizers
}

func wantFinalizers(t *testing.T, c *anchotest.Cluster, name string, want ...string) {
	t.Helper()
	if got := finalizers(t, c, name); !slices.Equal(got, want) {
		t.Errorf("%s has the finalizers %q, want %q", name, got, want)
	}
}

func edit(t *testing.T, c *anchotest.Cluster, name string, change func(*corev1.ConfigMap)) {
	t.Helper()
	var cm corev1.ConfigMap
	if err := c.Client.Get(t.Context(), client.ObjectKey{Namespace: "demo", Name: name}, &cm); err != nil {
		t.Fatal(err)
	}
	change(&cm)
	if err := c.Client.Update(t.Context(), &cm); err != nil {
		t.Fatal(err)
	}
}

// The life of an object: the finalizer is on before the first call, which gets it, and off after the clean-up.
func TestFinalize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		c := anchotest.Run(t, finalizing(j))
		c.Create(configMap("demo", "a", labelled), configMap("demo", "not"), configMap("elsewhere", "a", labelled))
		c.Settle()
		j.expect(t, "reconcile a Added "+mine)
		wantFinalizers(t, c, "a", mine)
		wantFinalizers(t, c, "not")
		edit(t, c, "a", func(cm *corev1.ConfigMap) { cm.Data = map[string]string{"k": "v"} })
		c.Settle()
		j.expect(t, "reconcile a Modified "+mine)
		c.Delete(configMap("demo", "a"), configMap("demo", "not"))
		c.Settle()
		j.expect(t, "clean a Modified "+mine)
		wantFinalizers(t, c, "a", "gone")
		wantFinalizers(t, c, "not", "gone")
		time.Sleep(time.Hour)
		j.expect(t)
	})
}

// An object that stopped matching belongs to the binding still.
func TestFinalizeWhatMatchesNoLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		c := anchotest.Run(t, finalizing(j))
		c.Create(configMap("demo", "a", labelled))
		c.Settle()
		j.expect(t, "reconcile a Added "+mine)
		edit(t, c, "a", func(cm *corev1.ConfigMap) { cm.Labels = nil })
		c.Settle()
		j.expect(t, "reconcile a Modified "+mine)
		c.Delete(configMap("demo", "a"))
		c.Settle()
		j.expect(t, "clean a Modified "+mine)
		wantFinalizers(t, c, "a", "gone")
	})
}

// A function of Where that panics keeps no object from its clean-up, known before or not.
func TestFinalizeWhereThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		c := anchotest.Start(t, anchotest.Options{
			Capabilities: []capability.Func{finalizing(j, func(s capability.Selection[*corev1.ConfigMap]) capability.Selection[*corev1.ConfigMap] {
				return s.Where(func(cm *corev1.ConfigMap) bool { return cm.Data["list"][:1] == "a" })
			})},
			Objects: []client.Object{configMap("demo", "old", labelled, func(cm *corev1.ConfigMap) { cm.Finalizers = []string{mine, theirs} })},
		})
		c.Create(configMap("demo", "new", labelled, func(cm *corev1.ConfigMap) { cm.Data = map[string]string{"list": "abc"} }))
		c.Settle()
		j.expect(t, "reconcile new Added "+mine)
		edit(t, c, "new", func(cm *corev1.ConfigMap) { cm.Data = nil })
		c.Settle()
		j.expect(t) // passed over
		c.Delete(configMap("demo", "new"), configMap("demo", "old"))
		c.Settle()
		j.expectSet(t, "clean new Modified "+mine, "clean old Added "+mine+","+theirs)
		wantFinalizers(t, c, "new", "gone")
		wantFinalizers(t, c, "old", theirs)
	})
}

// What is being deleted when the program starts is cleaned up, if it carries the finalizer, and otherwise left alone.
func TestFinalizeAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		first := anchotest.Run(t, finalizing(j))
		first.Create(configMap("demo", "a", labelled), configMap("demo", "b", labelled))
		first.Settle()
		first.Stop()
		j.take()
		edit(t, first, "b", func(cm *corev1.ConfigMap) { cm.Finalizers = []string{theirs} })
		first.Delete(configMap("demo", "a"), configMap("demo", "b"))
		wantFinalizers(t, first, "a", mine)
		second := anchotest.Start(t, anchotest.Options{Capabilities: []capability.Func{finalizing(j)}, Server: first.Server})
		second.Settle()
		j.expect(t, "clean a Added "+mine)
		wantFinalizers(t, second, "a", "gone")
		wantFinalizers(t, second, "b", theirs)
	})
}

// The finalizers of others stay, and a clean-up that succeeded is not called again while they do.
func TestFinalizeBesideOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		c := anchotest.Run(t, finalizing(j))
		c.Create(configMap("demo", "a", labelled, func(cm *corev1.ConfigMap) { cm.Finalizers = []string{theirs} }))
		c.Settle()
		j.expect(t, "reconcile a Added "+theirs+","+mine)
		c.Delete(configMap("demo", "a"))
		c.Settle()
		j.expect(t, "clean a Modified "+theirs+","+mine)
		wantFinalizers(t, c, "a", theirs)
		edit(t, c, "a", func(cm *corev1.ConfigMap) { cm.Data = map[string]string{"k": "v"} })
		time.Sleep(time.Hour)
		j.expect(t)
		edit(t, c, "a", func(cm *corev1.ConfigMap) { cm.Finalizers = nil })
		c.Settle()
		j.expect(t)
		c.Create(configMap("demo", "a", labelled)) // another of that name begins anew
		c.Settle()
		c.Delete(configMap("demo", "a"))
		c.Settle()
		j.expect(t, "reconcile a Added "+mine, "clean a Modified "+mine)
	})
}

// A clean-up that does not succeed keeps the finalizer, and is called for ever.
func TestFinalizeFails(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		calls int // in the ten minutes after the first
	}{
		"error":         {errors.New("no"), 18}, // three quarters of 1, 2, 4, 8, 16, 32 s, then of a minute
		"retry after":   {capability.RetryAfter(2*time.Minute, errors.New("no")), 5},
		"requeue after": {capability.RequeueAfter(2 * time.Minute), 5},
		"permanent":     {capability.Permanent(errors.New("no")), 10},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := &journal{}
				cluster := anchotest.Start(t, anchotest.Options{
					Capabilities: []capability.Func{finalizing(j, func(s capability.Selection[*corev1.ConfigMap]) capability.Selection[*corev1.ConfigMap] {
						return s.MaxAttempts(2)
					})},
					Configure: func(o *runtime.Options) { o.Rand = func() float64 { return 0.5 } },
				})
				cluster.Create(configMap("demo", "a", labelled))
				cluster.Settle()
				j.take()
				j.answers("clean a", c.err)
				cluster.Delete(configMap("demo", "a"))
				cluster.Settle()
				j.expect(t, "clean a Modified "+mine)
				time.Sleep(10*time.Minute + time.Second)
				cluster.Settle()
				if got := j.take(); len(got) < c.calls-1 || len(got) > c.calls+1 || !strings.HasPrefix(got[0], "clean a") {
					t.Errorf("%d calls in ten minutes, want %d: %q", len(got), c.calls, got)
				}
				wantFinalizers(t, cluster, "a", mine)
				j.answers("clean a", nil)
				time.Sleep(2*time.Minute + time.Second)
				cluster.Settle()
				wantFinalizers(t, cluster, "a", "gone")
			})
		})
	}
}

// A deletion is not held up by the backoff of a Reconcile that fails.
func TestFinalizeDoesNotWaitForReconcile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		j.answers("reconcile a", errors.New("no"))
		c := anchotest.Run(t, finalizing(j))
		c.Create(configMap("demo", "a", labelled))
		time.Sleep(10 * time.Minute)
		c.Settle()
		j.take()
		c.Delete(configMap("demo", "a"))
		c.Settle()
		if got := j.take(); len(got) != 1 || !strings.HasPrefix(got[0], "clean a") {
			t.Errorf("called with %q, want the clean-up at once", got)
		}
		wantFinalizers(t, c, "a", "gone")
	})
}

// Where the finalizer cannot be written, nobody is called, and a clean-up that has succeeded is not called again.
func TestFinalizeIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		c := anchotest.Run(t, finalizing(j))
		refused := c.Fault(fake.Status(403), fake.Verbs("patch"))
		c.Create(configMap("demo", "a", labelled))
		time.Sleep(5 * time.Minute)
		c.Settle()
		j.expect(t)
		refused.Stop()
		time.Sleep(time.Minute)
		c.Settle()
		j.expect(t, "reconcile a Added "+mine)
		refused = c.Fault(fake.Status(503), fake.Verbs("patch"))
		c.Delete(configMap("demo", "a"))
		time.Sleep(5 * time.Minute)
		c.Settle()
		j.expect(t, "clean a Modified "+mine)
		refused.Stop()
		time.Sleep(time.Minute)
		c.Settle()
		j.expect(t)
		wantFinalizers(t, c, "a", "gone")
	})
}

func inOrder(s capability.Selection[*corev1.ConfigMap]) capability.Selection[*corev1.ConfigMap] {
	return s.InOrder()
}

func told(s capability.Selection[*corev1.ConfigMap]) capability.Selection[*corev1.ConfigMap] {
	return s.IsCreatedOrUpdated().IsDeleted()
}

// An event that waits while the object goes does not have it cleaned up again: here the finalizer is taken off by hand between
// the clean-up and the attempt to do that.
func TestFinalizeOnceInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		c := anchotest.Run(t, finalizing(j, inOrder, told))
		c.Create(configMap("demo", "a", labelled))
		c.Settle()
		j.expect(t, "reconcile a Added")
		refused := c.Fault(fake.Status(503), fake.Verbs("patch"))
		c.Delete(configMap("demo", "a"))
		c.Settle()
		edit(t, c, "a", func(cm *corev1.ConfigMap) { cm.Data = map[string]string{"k": "v"} })
		edit(t, c, "a", func(cm *corev1.ConfigMap) { cm.Finalizers = nil })
		c.Settle()
		refused.Stop()
		time.Sleep(time.Minute)
		c.Settle()
		j.expect(t, "clean a Modified "+mine, "reconcile a Deleted "+mine)
	})
}

// In order, an event that failed is called for again also when the object is being deleted meanwhile, and carries the finalizer.
func TestFinalizeInOrderKeepsEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		j.answers("reconcile a", errors.New("no"))
		c := anchotest.Run(t, finalizing(j, inOrder))
		c.Create(configMap("demo", "a", labelled))
		c.Settle()
		j.expect(t, "reconcile a Added")
		j.answers("reconcile a", nil)
		c.Delete(configMap("demo", "a"))
		time.Sleep(time.Minute)
		c.Settle()
		j.expect(t, "reconcile a Added", "clean a Modified "+mine)
	})
}

// What a list brings together with the finalizer hides nothing that comes later.
func TestFinalizeThroughAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		c := anchotest.Run(t, finalizing(j))
		refused := c.Fault(fake.Status(503), fake.Verbs("patch"))
		c.Create(configMap("demo", "a", labelled))
		c.Settle()
		away := c.Fault(fake.Refuse(), fake.Verbs("list", "watch"))
		c.Cut()
		refused.Stop()
		time.Sleep(time.Minute)
		c.Settle()
		j.expect(t, "reconcile a Added "+mine)
		c.Compact()
		away.Stop()
		time.Sleep(time.Minute)
		c.Settle()
		j.take()
		edit(t, c, "a", func(cm *corev1.ConfigMap) { cm.Data = map[string]string{"k": "v"} })
		c.Settle()
		j.expect(t, "reconcile a Modified "+mine)
	})
}

// A trigger's live read may find the deletion before the stream tells of the changes that were before it. After the clean-up
// these are no reason to reconcile.
func TestFinalizeIsTheLastCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		c := anchotest.Run(t, finalizing(j, func(s capability.Selection[*corev1.ConfigMap]) capability.Selection[*corev1.ConfigMap] {
			return s.Owns(kind.Secret)
		}))
		c.Create(configMap("demo", "a", labelled, func(cm *corev1.ConfigMap) { cm.Finalizers = []string{theirs} }))
		c.Settle()
		j.expect(t, "reconcile a Added "+theirs+","+mine)
		late := c.Fault(fake.Stall(), fake.For(kind.ConfigMap), fake.Verbs("watch"))
		edit(t, c, "a", func(cm *corev1.ConfigMap) { cm.Data = map[string]string{"k": "v"} })
		c.Delete(configMap("demo", "a"))
		c.Create(secret("s", ownedBy("a")))
		c.Settle()
		j.expect(t, "clean a Unchanged "+theirs+","+mine+" (owned Secret demo/s Added)")
		late.Stop()
		time.Sleep(time.Minute)
		c.Settle()
		j.expect(t)
		wantFinalizers(t, c, "a", theirs)
	})
}
