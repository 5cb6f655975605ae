//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const inLabel = "in"

// life is what became of one object.
type life struct {
	namespace string
	in, out   bool     // it has had the label; it has been without
	states    []string // resourceVersions, its deletion apart
}

// restless creates, changes, relabels, deletes and creates again objects of one kind in some namespaces, and
// keeps what it did.
type restless struct {
	c          client.Client
	gvk        schema.GroupVersionKind
	namespaces []string
	seed       uint64
	done       atomic.Int64

	mu    sync.Mutex
	lives map[types.UID]*life
}

func newRestless(c client.Client, gvk schema.GroupVersionKind, random *rand.Rand, namespaces ...string) *restless {
	return &restless{c: c, gvk: gvk, namespaces: namespaces, seed: random.Uint64(), lives: map[types.UID]*life{}}
}

// start begins, and returns what ends it and waits for that.
func (w *restless) start(t *testing.T) (stop func()) {
	t.Helper()
	const names = 24
	ended := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		random := rand.New(rand.NewPCG(w.seed, 0))
		there := map[client.ObjectKey]*unstructured.Unstructured{}
		pace := time.NewTicker(4 * time.Millisecond)
		defer pace.Stop()
		for {
			select {
			case <-ended:
				return
			case <-pace.C:
			}
			i := random.IntN(names)
			at := client.ObjectKey{Namespace: w.namespaces[min(i%4, len(w.namespaces)-1)], Name: fmt.Sprintf("o-%d", i)}
			now, err := w.step(t.Context(), random, at, there[at])
			if err != nil {
				t.Errorf("change %s %s: %v", w.gvk.Kind, at, err)
				return
			}
			there[at] = now
		}
	})
	stop = sync.OnceFunc(func() {
		close(ended)
		wg.Wait()
	})
	t.Cleanup(stop)
	return stop
}

// step does one thing to an object, which is nil where there is none, and returns what is there afterwards.
func (w *restless) step(ctx context.Context, random *rand.Rand, at client.ObjectKey, now *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	what := random.IntN(10)
	if now != nil && what < 2 {
		if err := w.c.Delete(ctx, now); err != nil || what == 0 {
			w.done.Add(1)
			return nil, err
		}
		now = nil // and again
	}
	if now == nil {
		now = customObject(w.gvk, at.Namespace, at.Name)
		if random.IntN(3) > 0 {
			now.SetLabels(map[string]string{inLabel: ""})
		}
		return w.note(now, w.c.Create(ctx, now))
	}
	if what < 5 {
		labels := map[string]string{}
		if !labelledIn(now) {
			labels[inLabel] = ""
		}
		now.SetLabels(labels)
	}
	if err := unstructured.SetNestedField(now.Object, fmt.Sprint(w.done.Load()), "data", "n"); err != nil {
		return nil, err
	}
	return w.note(now, w.c.Update(ctx, now))
}

// note keeps what an object has become.
func (w *restless) note(o *unstructured.Unstructured, err error) (*unstructured.Unstructured, error) {
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lives[o.GetUID()] == nil {
		w.lives[o.GetUID()] = &life{namespace: o.GetNamespace()}
	}
	l := w.lives[o.GetUID()]
	l.in, l.out = l.in || labelledIn(o), l.out || !labelledIn(o)
	l.states = append(l.states, o.GetResourceVersion())
	w.done.Add(1)
	return o, nil
}

// more waits for a number of changes.
func (w *restless) more(t *testing.T, n int64) {
	t.Helper()
	from := w.done.Load()
	waitUntil(t, "changes are made", func() bool { return w.done.Load() >= from+n || t.Failed() })
}
