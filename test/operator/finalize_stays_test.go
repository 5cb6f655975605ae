package operator_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

type selection = capability.Selection[*corev1.ConfigMap]

func strip(cm *corev1.ConfigMap) { cm.Finalizers = nil }

// Whatever events a binding asks for, a finalizer that something else removes is added again without a call, and the clean-up runs.
func TestFinalizerIsAddedAgain(t *testing.T) {
	for name, filter := range map[string]func(selection) selection{
		"OnSpecChange": selection.OnSpecChange,
		"OnChange":     func(s selection) selection { return s.OnChange(func(cm *corev1.ConfigMap) any { return cm.Data }) },
		"IsCreated":    selection.IsCreated,
		"IsDeleted":    selection.IsDeleted,
		"InOrder":      func(s selection) selection { return s.InOrder().OnSpecChange() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := &journal{}
				c := anchotest.Run(t, finalizing(j, filter))
				c.Create(configMap("demo", "a", labelled))
				c.Settle()
				wantFinalizers(t, c, "a", mine)
				j.take()
				edit(t, c, "a", strip)
				c.Settle()
				wantFinalizers(t, c, "a", mine)
				j.expect(t)
				c.Delete(configMap("demo", "a"))
				c.Settle()
				if got := j.take(); len(got) == 0 || got[0] != "clean a Modified "+mine {
					t.Errorf("called with %q, want the clean-up first", got)
				}
				wantFinalizers(t, c, "a", "gone")
			})
		})
	}
}

// A Reconcile that fails, or hangs, does not keep the finalizer off.
func TestFinalizerDoesNotWaitForReconcile(t *testing.T) {
	for name, hang := range map[string]bool{"fails": false, "hangs": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				let, j := make(chan struct{}), &journal{}
				s := capability.When(kind.ConfigMap).InNamespace("demo").Backoff(5*time.Minute, 5*time.Minute)
				c := anchotest.Run(t, capabilityOf(s.Reconcile(func(context.Context, capability.Event[*corev1.ConfigMap]) error {
					if hang {
						<-let
					}
					return errors.New("no")
				}).Finalize(mine, j.as("clean"))))
				c.Create(configMap("demo", "a"))
				c.Settle()
				edit(t, c, "a", strip)
				c.Settle()
				wantFinalizers(t, c, "a", mine)
				close(let)
			})
		})
	}
}

// A program that keeps removing the finalizer is answered with growing delays.
func TestFinalizerFight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		c := anchotest.Run(t, finalizing(j, selection.OnSpecChange))
		patches := c.Fault(fake.Split(1<<20), fake.Verbs("patch"))
		c.Create(configMap("demo", "a", labelled))
		c.Settle()
		before := patches.Count()
		for range 600 { // ten minutes
			if f := finalizers(t, c, "a"); len(f) > 0 {
				edit(t, c, "a", strip)
			}
			time.Sleep(time.Second)
			c.Settle()
		}
		if n := patches.Count() - before; n < 5 || n > 12 {
			t.Errorf("%d patches in ten minutes", n)
		}
		time.Sleep(5 * time.Minute)
		c.Settle()
		wantFinalizers(t, c, "a", mine)
		j.expect(t, "reconcile a Added "+mine)
	})
}

// A clean-up that panics, or ends its goroutine, is called again for ever.
func TestFinalizePanics(t *testing.T) {
	for name, fail := range map[string]func(){
		"panic":  func() { panic("oh") },
		"Goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fails, calls := 10, 0
				c := anchotest.Run(t, capabilityOf(capability.When(kind.ConfigMap).InNamespace("demo").MaxAttempts(2).Backoff(time.Second, time.Minute).
					Reconcile((&journal{}).as("reconcile")).
					Finalize(mine, func(context.Context, capability.Event[*corev1.ConfigMap]) error {
						if calls++; calls <= fails {
							fail()
						}
						return nil
					})))
				c.Create(configMap("demo", "a"))
				c.Settle()
				c.Delete(configMap("demo", "a"))
				time.Sleep(time.Hour)
				c.Settle()
				wantFinalizers(t, c, "a", "gone")
				if calls != fails+1 {
					t.Errorf("%d calls", calls)
				}
			})
		})
	}
}

// A deletion that wins over the finalizer: the clean-up runs once, and a new object of the name is left alone.
func TestFinalizeAfterTheRace(t *testing.T) {
	for name, steps := range map[string][]func(selection) selection{
		"latest": nil, "in order": {inOrder}, "deletions": {told}, "little memory": {func(s selection) selection { return s.MemoryBudget(1) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := &journal{}
				c := anchotest.Run(t, finalizing(j, steps...))
				c.Create(configMap("demo", "a", labelled))
				c.Settle()
				j.take()
				j.answers("clean a", errors.New("no"))
				c.Fault(fake.StaleDelete(), fake.Times(1))
				c.Delete(configMap("demo", "a"))
				c.Create(configMap("demo", "a", labelled))
				time.Sleep(10 * time.Second)
				c.Settle()
				for i, line := range j.take() { // it comes before all of the new object
					if line != "clean a Deleted "+mine && line != "clean a Deleted" {
						t.Errorf("call %d: %s", i, line)
					}
				}
				j.answers("clean a", nil)
				time.Sleep(time.Minute)
				c.Settle()
				cleaned := 0
				for _, line := range j.take() {
					if line == "clean a Deleted "+mine || line == "clean a Deleted" {
						cleaned++
					}
				}
				if cleaned != 1 {
					t.Errorf("%d clean-ups succeeded", cleaned)
				}
				wantFinalizers(t, c, "a", mine)
			})
		})
	}
}

// The same where the stream saw neither the finalizer nor the deletion: the answer to the patch says that it was added, or is lost.
func TestFinalizeAfterTheRaceInAGap(t *testing.T) {
	for name, lose := range map[string]bool{"answered": false, "unanswered": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := &journal{}
				c := anchotest.Run(t, finalizing(j))
				late := c.Fault(fake.Status(503), fake.Verbs("patch"))
				c.Create(configMap("demo", "a", labelled))
				c.Settle()
				away := c.Fault(fake.Refuse(), fake.Verbs("list", "watch"))
				c.Cut()
				late.Stop()
				if lose {
					c.Fault(fake.CutInFrame(), fake.Verbs("patch"), fake.Times(1))
				}
				time.Sleep(1500 * time.Millisecond)
				c.Settle()
				wantFinalizers(t, c, "a", mine)
				c.Fault(fake.StaleDelete(), fake.Times(1))
				c.Delete(configMap("demo", "a"))
				c.Compact()
				away.Stop()
				time.Sleep(time.Minute)
				c.Settle()
				want := []string{"reconcile a Added " + mine, "clean a Deleted"}
				if lose {
					want = want[1:]
				}
				j.expect(t, want...)
			})
		})
	}
}

// Something else removes the finalizer and deletes the object at once, or while the clean-up fails: it is called all the same.
func TestFinalizeRobbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		j.answers("clean held", errors.New("no"))
		c := anchotest.Run(t, finalizing(j))
		c.Create(configMap("demo", "quick", labelled), configMap("demo", "held", labelled, func(cm *corev1.ConfigMap) { cm.Finalizers = []string{theirs} }))
		c.Settle()
		j.take()
		edit(t, c, "quick", strip)
		c.Delete(configMap("demo", "quick"), configMap("demo", "held"))
		c.Settle()
		edit(t, c, "held", func(cm *corev1.ConfigMap) { cm.Finalizers = []string{theirs} })
		time.Sleep(5 * time.Second) // the clean-up of quick waits for the answer to a patch that was under way
		c.Settle()
		calls := strings.Join(j.take(), "\n") // of a Modified where the finalizer was added again before the deletion
		if strings.Count(calls, "clean quick ") != 1 {
			t.Errorf("quick was not cleaned up once:\n%s", calls)
		}
		j.answers("clean held", nil)
		time.Sleep(5 * time.Minute)
		c.Settle()
		j.expect(t, "clean held Modified "+theirs)
		edit(t, c, "held", strip)
		time.Sleep(time.Minute)
		c.Settle()
		j.expect(t)
		wantFinalizers(t, c, "held", "gone")
	})
}

// Reconcile releases an object, and its clean-up is not called.
func TestReleaseFinalizer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		j.answers("reconcile a", fmt.Errorf("nothing to do: %w", capability.ReleaseFinalizer))
		c := anchotest.Run(t, finalizing(j))
		c.Create(configMap("demo", "a", labelled))
		c.Settle()
		j.expect(t, "reconcile a Added "+mine)
		wantFinalizers(t, c, "a")
		edit(t, c, "a", func(cm *corev1.ConfigMap) { cm.Data = map[string]string{"k": "v"} })
		time.Sleep(time.Hour)
		c.Settle()
		j.expect(t, "reconcile a Modified")
		wantFinalizers(t, c, "a")
		j.answers("reconcile a", nil) // a ConfigMap has no generation
		edit(t, c, "a", func(cm *corev1.ConfigMap) { cm.Data = map[string]string{"k": "w"} })
		c.Settle()
		j.expect(t, "reconcile a Modified")
		wantFinalizers(t, c, "a", mine)
		j.answers("reconcile a", errors.Join(errors.New("no"), capability.ReleaseFinalizer))
		edit(t, c, "a", func(cm *corev1.ConfigMap) { cm.Data = nil })
		c.Settle()
		wantFinalizers(t, c, "a", mine)
		j.answers("reconcile a", capability.ReleaseFinalizer)
		time.Sleep(time.Hour)
		j.take()
		wantFinalizers(t, c, "a")
		c.Delete(configMap("demo", "a"))
		c.Settle()
		j.expect(t)
		wantFinalizers(t, c, "a", "gone")
	})
}

// A trigger reads an object that the stream has not delivered yet. If it got the finalizer then and was deleted before the stream
// comes to it, no event would report that.
func TestNoFinalizerBeforeTheStreamDeliversTheObject(t *testing.T) {
	for name, in := range map[string]func(selection) selection{
		"merging": func(s selection) selection { return s }, "in order": selection.InOrder,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := &journal{}
				c := anchotest.Run(t, finalizing(j, in, func(s selection) selection {
					return s.TriggeredBy(capability.Mapped(kind.Secret, func(s *corev1.Secret) []types.NamespacedName {
						return []types.NamespacedName{{Namespace: "demo", Name: s.Name}}
					}))
				}))
				c.Create(configMap("demo", "other"))
				c.Settle()
				behind := c.Fault(fake.Status(http.StatusInternalServerError), fake.For(kind.ConfigMap), fake.Verbs("list", "watch"))
				c.Cut(fake.For(kind.ConfigMap))
				c.Create(configMap("demo", "a", labelled), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "a"}})
				time.Sleep(time.Minute)
				j.expect(t)
				wantFinalizers(t, c, "a")
				behind.Stop()
				time.Sleep(3 * time.Minute)
				wantFinalizers(t, c, "a", mine)
				if calls := j.take(); len(calls) == 0 || !strings.HasPrefix(calls[len(calls)-1], "reconcile a ") {
					t.Errorf("called with %q", calls)
				}
			})
		})
	}
}
