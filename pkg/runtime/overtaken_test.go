package runtime

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/binding"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/finalize"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

const cleanupName = "c.example.com/cleanup"

// latePatch is a cluster where something happens after a patch, before its answer arrives.
func latePatch(t *testing.T, then func(kubernetes.Interface), settings func(selection) selection) (*running, kubernetes.Interface, *[]string) {
	t.Helper()
	s := fake.New()
	client, err := kubernetes.NewForConfig(s.Config())
	if err != nil {
		t.Fatal(err)
	}
	cfg := s.Config()
	var once atomic.Bool
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return tripper(func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if r.Method == http.MethodPatch && once.CompareAndSwap(false, true) {
				then(client)
				time.Sleep(100 * time.Millisecond)
			}
			return resp, err
		})
	})
	var calls []string
	sel := settings(capability.When(kind.ConfigMap).InNamespace("default"))
	r := startAt(t, cfg, oneCapability(sel.Reconcile(func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
		calls = append(calls, fmt.Sprintf("%s %s", e.Type, e.Object.Data["v"]))
		return nil
	}).Finalize(cleanupName, func(context.Context, capability.Event[*corev1.ConfigMap]) error {
		calls = append(calls, "clean")
		return nil
	})))
	if _, err := client.CoreV1().ConfigMaps("default").Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "n"}, Data: map[string]string{"v": "1"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return r, client, &calls
}

// change writes a ConfigMap from a goroutine that is not the test's.
func change(t *testing.T, c kubernetes.Interface, edit func(*corev1.ConfigMap)) {
	maps := c.CoreV1().ConfigMaps("default")
	cm, err := maps.Get(t.Context(), "n", metav1.GetOptions{})
	if err == nil {
		edit(cm)
		_, err = maps.Update(t.Context(), cm, metav1.UpdateOptions{})
	}
	if err != nil {
		t.Error(err)
	}
}

// Something else removes the finalizer, and the stream says so, before the answer to the patch that added it arrives: it is added again.
func TestFinalizerRemovedBeforeTheAnswer(t *testing.T) {
	for name, set := range map[string]func(selection) selection{
		"plain":     func(s selection) selection { return s },
		"OnChange":  func(s selection) selection { return s.OnChange(func(c *corev1.ConfigMap) any { return c.Data }) },
		"IsDeleted": selection.IsDeleted,
		"IsCreated": selection.IsCreated,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, client, _ := latePatch(t, func(c kubernetes.Interface) {
					change(t, c, func(cm *corev1.ConfigMap) { cm.Finalizers = []string{"other.example.com/hold"} })
				}, set)
				time.Sleep(time.Minute)
				synctest.Wait()
				cm, err := client.CoreV1().ConfigMaps("default").Get(t.Context(), "n", metav1.GetOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if want := []string{"other.example.com/hold", cleanupName}; !slices.Equal(cm.Finalizers, want) {
					t.Errorf("the finalizers are %q, want %q", cm.Finalizers, want)
				}
				if n := r.bindings[0].Guarded.Count(); n > 1 {
					t.Errorf("%d wards", n)
				}
			})
		})
	}
}

// Another writer changes the object before the answer to the patch arrives: that is no fault of the server's, and Reconcile gets the newer
// state at once.
func TestAnotherWriterBeforeTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _, calls := latePatch(t, func(c kubernetes.Interface) {
			change(t, c, func(cm *corev1.ConfigMap) { cm.Data["v"] = "2" })
		}, func(s selection) selection { return s })
		time.Sleep(101 * time.Millisecond)
		synctest.Wait()
		if want := []string{"Added 2"}; !slices.Equal(*calls, want) {
			t.Errorf("called with %q, want %q", *calls, want)
		}
		if log := r.log.String(); strings.Contains(log, "older") {
			t.Errorf("the log says\n%s", log)
		}
	})
}

// An object is deleted when its last call has returned, and the engine has not taken note of that: its ward ends with the call.
func TestWardEndsWithTheCall(t *testing.T) {
	r := newRig(t, capability.When(kind.ConfigMap).Reconcile(ignoreMap).Finalize(cleanupName, ignoreMap))
	b := r.feed.Subs[0].Of
	id := finalize.ID{Key: queue.Key{Namespace: "ns", Name: "n"}, UID: "u"}
	b.Engine.Add(queue.Event[*binding.Work]{Key: id.Key, UID: id.UID, Type: queue.Modified, Passed: true, Payload: binding.NewWork(frameOf(t, aMap("u", "10")))})
	b.Guarded.BeginCleanUp(id)
	b.Guarded.EndCleanUp(id, true)
	b.Guarded.Departed(id, false, b.Engine.Knows)
	if n := b.Guarded.Count(); n != 1 {
		t.Errorf("%d wards while the call runs", n)
	}
	b.Metrics.Finished(queue.Finish{Key: id.Key, UID: id.UID, Type: queue.Modified})
	if n := b.Guarded.Count(); n != 0 {
		t.Errorf("%d wards are left", n)
	}
}

// A patch that adds the finalizer is refused in a way that does not say whether it was made. The deletion shows that it was not, so
// nothing is cleaned up.
func TestARefusedPatchOwesNoCleanUp(t *testing.T) {
	for name, fault := range map[string]fake.Fault{
		"503":                   fake.Status(http.StatusServiceUnavailable),
		"a proxy's 502":         fake.ProxyError(http.StatusBadGateway),
		"404 without an object": fake.ProxyError(http.StatusNotFound),
	} {
		for _, cut := range []bool{false, true} {
			if cut && name != "404 without an object" {
				continue // where nothing saw the deletion, the patch may have been made
			}
			t.Run(fmt.Sprintf("%s, cut %v", name, cut), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { testRefusedPatch(t, fault, cut) })
			})
		}
	}
}

func testRefusedPatch(t *testing.T, fault fake.Fault, cut bool) {
	t.Helper()
	s := fake.New()
	client, err := kubernetes.NewForConfig(s.Direct())
	if err != nil {
		t.Fatal(err)
	}
	refused := s.Fault(fault, fake.Verbs("patch"))
	var cleaned atomic.Int32
	startAt(t, s.Config(), oneCapability(capability.When(kind.ConfigMap).InNamespace("default").IsCreatedOrUpdated().IsDeleted().
		Reconcile(ignoreMap).Finalize(cleanupName, func(context.Context, capability.Event[*corev1.ConfigMap]) error {
		cleaned.Add(1)
		return nil
	})))
	synctest.Wait()
	maps := client.CoreV1().ConfigMaps("default")
	if _, err := maps.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "n"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	if refused.Count() == 0 {
		t.Fatal("no patch was refused, so that this test shows nothing")
	}
	if cut {
		down := s.Fault(fake.Refuse(), fake.Verbs("watch"))
		defer down.Stop()
		s.Cut()
		s.Compact()
		time.AfterFunc(time.Minute, down.Stop)
	}
	if err := maps.Delete(t.Context(), "n", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if cut {
		s.Compact()
	}
	time.Sleep(time.Hour)
	if n := cleaned.Load(); n != 0 {
		t.Errorf("%d clean-ups of an object that never carried the finalizer", n)
	}
}
