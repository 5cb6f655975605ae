package runtime

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

// churn is a cluster whose objects come, are changed, and are deleted, each in a way of its own.
type churn struct {
	t       *testing.T
	server  *fake.Server
	client  kubernetes.Interface
	mu      sync.Mutex
	calls   map[string]int
	reader  capability.Reader[*corev1.ConfigMap]
	objects map[types.UID]queue.Key
}

var errChurn = errors.New("no")

// called returns something else for each name, and again for each call.
func (c *churn) called(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
	h := fnv.New32()
	_, _ = h.Write([]byte(e.Object.Name))
	c.mu.Lock()
	n := c.calls[e.Object.Name]
	c.calls[e.Object.Name]++
	c.mu.Unlock()
	switch way := int(h.Sum32()%7) + n; way % 7 {
	case 0:
		return errChurn
	case 1:
		return capability.ReleaseFinalizer
	case 2:
		return capability.Permanent(errChurn)
	case 3:
		return capability.RequeueAfter(time.Minute)
	case 4:
		panic("oh")
	}
	return nil
}

func (c *churn) cleaned(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls["clean "+e.Object.Name]++
	if c.calls["clean "+e.Object.Name] < 2 {
		return errChurn
	}
	return nil
}

func (c *churn) edit(name string, change func(*corev1.ConfigMap)) {
	maps := c.client.CoreV1().ConfigMaps("default")
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error { // the program writes, too
		cm, err := maps.Get(c.t.Context(), name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		change(cm)
		_, err = maps.Update(c.t.Context(), cm, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// live has objects come and go.
func (c *churn) live(round, n int) {
	c.t.Helper()
	maps, secrets := c.client.CoreV1().ConfigMaps("default"), c.client.CoreV1().Secrets("default")
	for i := range n {
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("n", i), Labels: map[string]string{"in": "yes"}}}
		now, err := maps.Create(c.t.Context(), cm, metav1.CreateOptions{})
		if err != nil {
			c.t.Fatal(err)
		}
		c.objects[now.UID] = queue.Key{Namespace: "default", Name: now.Name}
		if i%5 == 0 {
			if _, err := secrets.Create(c.t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: now.Name}}, metav1.CreateOptions{}); err != nil {
				c.t.Fatal(err)
			}
		}
	}
	time.Sleep(time.Duration(round) * 100 * time.Millisecond)
	for i := range n {
		switch name := fmt.Sprint("n", i); i % 3 {
		case 0:
			c.edit(name, func(cm *corev1.ConfigMap) { cm.Finalizers = nil })
		case 1:
			c.edit(name, func(cm *corev1.ConfigMap) { cm.Labels = nil })
		}
	}
	time.Sleep(time.Duration(round%2) * time.Minute)
	stale := c.server.Fault(fake.StaleDelete(), fake.Times(n/3))
	if round%2 == 1 {
		c.server.Cut()
	}
	for i := range n {
		if err := maps.Delete(c.t.Context(), fmt.Sprint("n", i), metav1.DeleteOptions{}); err != nil {
			c.t.Fatal(err)
		}
		if i%5 == 0 {
			if err := secrets.Delete(c.t.Context(), fmt.Sprint("n", i), metav1.DeleteOptions{}); err != nil {
				c.t.Fatal(err)
			}
		}
	}
	stale.Stop()
	if round%4 == 3 {
		c.server.Compact()
	}
	time.Sleep(time.Hour)
	left, err := maps.List(c.t.Context(), metav1.ListOptions{})
	if err != nil || len(left.Items) > 0 {
		c.t.Errorf("round %d: %d objects are left, the first %v, %v", round, len(left.Items), left.Items[0].ObjectMeta, err)
		for _, cm := range left.Items {
			cm.Finalizers = nil
			_, _ = maps.Update(c.t.Context(), &cm, metav1.UpdateOptions{})
		}
	}
}

// empty checks that nothing is remembered.
func (c *churn) empty(r *running) {
	c.t.Helper()
	time.Sleep(time.Hour)
	synctest.Wait()
	for _, b := range r.bindings {
		sizes := b.Sizes()
		for uid, k := range c.objects {
			if b.Engine.Knows(k, string(uid)) {
				sizes["unsaid"]++
			}
		}
		for what, n := range sizes {
			if n != 0 {
				c.t.Errorf("%s: %s has %d entries", b.ID, what, n)
			}
		}
	}
}

// When all objects are deleted, nothing of them is remembered, whatever became of them.
func TestNothingIsKeptOfDeletedObjects(t *testing.T) {
	for name, set := range map[string]func(*churn, selection) selection{
		"latest":   func(_ *churn, s selection) selection { return s },
		"in order": func(_ *churn, s selection) selection { return s.InOrder() },
		"cached":   func(c *churn, s selection) selection { return s.Cached(&c.reader).OnSpecChange() },
		"budget":   func(_ *churn, s selection) selection { return s.MemoryBudget(1).MaxAttempts(1) },
		"told":     func(_ *churn, s selection) selection { return s.IsCreatedOrUpdated().IsDeleted().MaxAttempts(2) },
		"uses": func(_ *churn, s selection) selection {
			return s.Uses(kind.Secret, func(cm *corev1.ConfigMap) []types.NamespacedName {
				return []types.NamespacedName{{Namespace: "default", Name: cm.Name}}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New()
				client, err := kubernetes.NewForConfig(s.Config())
				if err != nil {
					t.Fatal(err)
				}
				c := &churn{t: t, server: s, client: client, calls: map[string]int{}, objects: map[types.UID]queue.Key{}}
				maps := set(c, capability.When(kind.ConfigMap).InNamespace("default").WithLabel("in", "yes").Concurrency(1).
					TriggeredBy(capability.Mapped(kind.Secret, func(s *corev1.Secret) []types.NamespacedName {
						return []types.NamespacedName{{Namespace: "default", Name: s.Name}}
					})))
				r := startAt(t, s.Config(), oneCapability(maps.Reconcile(c.called).Finalize(cleanupName, c.cleaned),
					capability.When(kind.ConfigMap).MemoryBudget(100).MaxAttempts(2).Backoff(time.Second, time.Second).Watch(c.called)))
				for round := range 4 {
					c.live(round, 150)
				}
				c.empty(r)
			})
		})
	}
}
