//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// witnesses are three bindings on one selection: the latest state, every event in order, and Watch with one slot,
// which is in order too.
type witnesses struct {
	latest, ordered, watched calls[*corev1.ConfigMap]
}

func (w *witnesses) bindings(s capability.Selection[*corev1.ConfigMap]) []capability.Binding {
	s = s.IsCreatedOrUpdated().IsDeleted()
	return []capability.Binding{
		s.Alias("latest").Reconcile(w.latest.handle),
		s.Alias("ordered").InOrder().Reconcile(w.ordered.handle),
		s.Alias("watched").Concurrency(1).Watch(w.watched.handle),
	}
}

func (w *witnesses) all() map[string]*calls[*corev1.ConfigMap] {
	return map[string]*calls[*corev1.ConfigMap]{"latest": &w.latest, "ordered": &w.ordered, "watched": &w.watched}
}

// settle waits until each of the bindings handled the last state of all there is, and looks at what they were told
// on the way there.
func (w *witnesses) settle(t *testing.T, c client.Client, ns string) {
	t.Helper()
	for binding, seen := range w.all() {
		settled(t, c, ns, binding, seen)
	}
}

// settled waits until a binding handled the last state of all ConfigMaps of a namespace, and the deletion of those
// that it knew, and looks at what it was told on the way there.
func settled(t *testing.T, c client.Client, ns, binding string, seen *calls[*corev1.ConfigMap]) {
	t.Helper()
	there := map[string]*corev1.ConfigMap{}
	var list corev1.ConfigMapList
	must(t, c.List(t.Context(), &list, client.InNamespace(ns)))
	for i := range list.Items {
		there[list.Items[i].Name] = &list.Items[i]
	}
	why := ""
	defer func() {
		if t.Failed() && why != "" {
			t.Logf("%s: %s", binding, why)
		}
	}()
	waitUntil(t, "the last states handled by "+binding, func() bool {
		last := map[string]call[*corev1.ConfigMap]{}
		for _, one := range seen.list() {
			if one.Object.Namespace == ns {
				last[one.Object.Name] = one
			}
		}
		why = lacks(there, last)
		return why == ""
	})
	inOrder(t, binding, seen.list())
}

// lacks says what of the objects that are there, and of those that are not, was not handled yet.
func lacks[T kind.Object](there map[string]T, last map[string]call[T]) string {
	for name, o := range there {
		one, ok := last[name]
		switch {
		case !ok:
			return name + " was never handled"
		case one.End == 0:
			return name + " is being handled"
		case one.Type == deleted || one.Object.GetUID() != o.GetUID() || one.Object.GetResourceVersion() != o.GetResourceVersion():
			return fmt.Sprintf("%s: handled %s of %s at %s last, and it is %s at %s", name, one.Type, one.Object.GetUID(),
				one.Object.GetResourceVersion(), o.GetUID(), o.GetResourceVersion())
		}
	}
	for name, one := range last {
		if _, ok := there[name]; !ok && (one.Type != deleted || one.End == 0) {
			return fmt.Sprintf("%s is gone: handled %s of %s last", name, one.Type, one.Object.GetUID())
		}
	}
	return ""
}

// inOrder looks at all calls of one binding that takes every type, in the order of their beginnings: for each name one
// UID after the other, each from Added to Deleted, its resourceVersion rising, nothing twice, never two at once.
func inOrder[T kind.Object](t *testing.T, binding string, all []call[T]) {
	t.Helper()
	before, past := map[string]call[T]{}, map[types.UID]bool{}
	for _, now := range all {
		o := now.Object
		was, known := before[key(o)]
		before[key(o)] = now
		wrong := ""
		switch sameUID := known && was.Object.GetUID() == o.GetUID(); {
		case known && (was.End == 0 || was.End > now.Begin):
			wrong = "began before the call before it had ended"
		case now.Attempt > 1:
			if !sameUID || was.Type != now.Type {
				wrong = "is no retry of the call before it"
			}
		case !sameUID && past[o.GetUID()]:
			wrong = "is of an object that had gone"
		case known && !sameUID && was.Type != deleted:
			wrong = "came before the deletion of the object that had the name"
		case !sameUID && now.Type == modified:
			wrong = "is the first that was told of the object"
		case !sameUID:
		case was.Type == deleted:
			wrong = "came after the deletion"
		case now.Type == added && was.Type != hasLeft:
			wrong = "came twice"
		case now.Type != added && now.Type != modified && (now.Partial || now.HasOld()): // with Cached it is the last state that was told
			if version(t, o) < version(t, was.Object) {
				wrong = "goes back"
			}
		case version(t, o) <= version(t, was.Object):
			wrong = "does not go on"
		}
		past[o.GetUID()] = true
		if wrong != "" {
			t.Errorf("%s: %s of %s (%s at %s, attempt %d) %s: %s of %s at %s", binding, now.Type, key(o), o.GetUID(), o.GetResourceVersion(),
				now.Attempt, wrong, was.Type, uidOf(was), rvOf(was))
		}
	}
}

func uidOf[T kind.Object](c call[T]) types.UID {
	if c.Begin == 0 {
		return ""
	}
	return c.Object.GetUID()
}

func rvOf[T kind.Object](c call[T]) string {
	if c.Begin == 0 {
		return ""
	}
	return c.Object.GetResourceVersion()
}

// churn changes, deletes and creates ConfigMaps of a namespace all the time, a few names in turn.
type churn struct {
	c        client.Client
	ns       string
	names    int
	tolerant bool // the server may be away

	done atomic.Int64 // writes that the server confirmed
	mu   sync.Mutex
	rvs  map[types.UID][]string // what they came to, deletions apart
}

// start begins, and returns what ends it; one that fails ends the test as failed.
func (w *churn) start(t *testing.T) (stop func()) {
	t.Helper()
	const workers = 2
	w.rvs = map[types.UID][]string{}
	ended := make(chan struct{})
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(worker)))
			pace := time.NewTicker(4 * time.Millisecond)
			defer pace.Stop()
			for {
				select {
				case <-ended:
					return
				case <-pace.C:
				}
				name := fmt.Sprintf("churn-%d", worker+workers*random.IntN(w.names/workers))
				// What was begun is finished, so that everything that happened is known.
				if err := w.write(t.Context(), name, random.IntN(10)); err != nil && !w.tolerant {
					t.Errorf("change %s: %v", name, err)
					return
				}
			}
		})
	}
	stop = sync.OnceFunc(func() {
		close(ended)
		wg.Wait()
	})
	t.Cleanup(stop)
	return stop
}

// write does one thing to an object.
func (w *churn) write(ctx context.Context, name string, what int) error {
	o := configMap(w.ns, name)
	err := w.c.Get(ctx, keyOf(o), o)
	switch {
	case client.IgnoreNotFound(err) != nil:
		return err
	case err != nil:
		err = w.c.Create(ctx, o)
	case what == 0:
		if err := w.c.Delete(ctx, o); err != nil {
			return err
		}
		w.done.Add(1)
		return nil
	case what == 1:
		if err := w.c.Delete(ctx, o); err != nil {
			return err
		}
		o = configMap(w.ns, name)
		err = w.c.Create(ctx, o)
	default:
		o.Data = map[string]string{"n": fmt.Sprint(w.done.Load())}
		err = w.c.Update(ctx, o)
	}
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if all := w.rvs[o.UID]; !slices.Contains(all, o.ResourceVersion) { // an update that changed nothing
		w.rvs[o.UID] = append(all, o.ResourceVersion)
	}
	w.done.Add(1)
	return nil
}

// more waits for a number of writes.
func (w *churn) more(t *testing.T, n int64) {
	t.Helper()
	from := w.done.Load()
	waitUntil(t, "changes are made", func() bool { return w.done.Load() >= from+n })
}

// wantEvery fails the test if a binding that sees every event missed a state that the server confirmed, of objects
// that it was told of while they lived.
func (w *churn) wantEvery(t *testing.T, binding string, all []call[*corev1.ConfigMap]) {
	t.Helper()
	got := map[types.UID][]string{}
	for _, one := range all {
		if one.Type != deleted && one.Attempt == 1 {
			got[one.Object.UID] = append(got[one.Object.UID], one.Object.ResourceVersion)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for uid, want := range w.rvs {
		if !slices.Equal(got[uid], want) {
			t.Errorf("%s: states told of %s: %v, want %v", binding, uid, got[uid], want)
		}
	}
}
