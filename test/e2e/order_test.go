//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// overlap watches that calls of one key never run at once.
type overlap struct {
	key func(*corev1.ConfigMap) string

	mu     sync.Mutex
	inside map[string]int
	bad    map[string]bool
	most   int // calls of all keys that ran at once
	now    int
}

func newOverlap(key func(*corev1.ConfigMap) string) *overlap {
	return &overlap{key: key, inside: map[string]int{}, bad: map[string]bool{}}
}

func (o *overlap) enter(cm *corev1.ConfigMap) (leave func()) {
	k := o.key(cm)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.inside[k]++
	o.now++
	o.most = max(o.most, o.now)
	if o.inside[k] > 1 {
		o.bad[k] = true
	}
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.inside[k]--
		o.now--
	}
}

// check reports keys whose calls overlapped; where parallel is true, other calls must have.
func (o *overlap) check(t *testing.T, name string, parallel bool) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	for k := range o.bad {
		t.Errorf("%s: two calls at once for %s", name, k)
	}
	if parallel && o.most < 2 {
		t.Errorf("%s: calls never ran in parallel, so that the test shows nothing", name)
	}
}

// turnstile makes callbacks slow: each waits for its turn, of which the test gives fewer than there are
// events, until it is opened.
type turnstile struct {
	turns  chan struct{}
	opened chan struct{}
}

func newTurnstile() *turnstile {
	return &turnstile{turns: make(chan struct{}), opened: make(chan struct{})}
}

func (s *turnstile) pass(ctx context.Context) error {
	select {
	case <-s.turns:
	case <-s.opened:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// one lets one waiting callback go on, if any waits.
func (s *turnstile) one() {
	select {
	case s.turns <- struct{}{}:
	default:
	}
}

// ordered is one binding under load.
type ordered struct {
	calls   calls[*corev1.ConfigMap]
	gate    *turnstile
	overlap []*overlap
}

func newOrdered(watches ...*overlap) *ordered {
	o := &ordered{gate: newTurnstile(), overlap: watches}
	o.calls.do = func(ctx context.Context, e capability.Event[*corev1.ConfigMap]) error {
		leave := make([]func(), 0, len(o.overlap))
		for _, w := range o.overlap {
			leave = append(leave, w.enter(e.Object))
		}
		err := o.gate.pass(ctx)
		for _, l := range leave {
			l()
		}
		return err
	}
	return o
}

const (
	orderObjects = 40
	orderUpdates = 75
)

// TestOrderUnderLoad: thousands of updates of tens of objects while callbacks are slow. Calls for one object
// never overlap, also not those of two bindings of one capability; states never go back; the last is handled;
// wider queues serialise as they say; InOrder and Watch see every update.
func TestOrderUnderLoad(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	spaces := []string{newNamespace(t, c), newNamespace(t, c), newNamespace(t, c)}
	byName := func(cm *corev1.ConfigMap) string { return cm.Namespace + "/" + cm.Name }
	bySpace := func(cm *corev1.ConfigMap) string { return cm.Namespace }
	global := func(*corev1.ConfigMap) string { return "all" }

	object, pair := newOverlap(byName), newOverlap(byName)
	perSpace, perAll, order := newOverlap(bySpace), newOverlap(global), newOverlap(byName)
	first, second := newOrdered(object, pair), newOrdered(pair)
	spaced, single, inOrder, watch := newOrdered(perSpace), newOrdered(perAll), newOrdered(order), newOrdered()
	all := []*ordered{first, second, spaced, single, inOrder, watch}

	maps := capability.When(kind.ConfigMap).InNamespace(spaces...)
	one := func(name string, b ...capability.Binding) capability.Func {
		return func(capability.Env) *capability.Capability { return capability.New(name, b...) }
	}
	p := run(t, env.Config, runtime.Options{GracePeriod: -1, Capabilities: []capability.Func{
		one("pair", maps.Alias("first").Reconcile(first.calls.handle), maps.WithLabel("app").Alias("second").Reconcile(second.calls.handle)),
		one("spaced", maps.Queue(capability.PerNamespace).Alias("spaced").Reconcile(spaced.calls.handle)),
		one("single", maps.Queue(capability.Global).Alias("single").Reconcile(single.calls.handle)),
		one("in-order", maps.InOrder().Alias("in-order").Reconcile(inOrder.calls.handle)),
		one("watch", maps.Concurrency(1).Alias("watch").Watch(watch.calls.handle)),
	}})
	p.ready(t)

	last := driveUpdates(t, c, spaces, all)
	for _, o := range all {
		close(o.gate.opened)
	}
	for _, o := range all {
		for name, final := range last {
			waitUntil(t, "the last state of "+name, func() bool {
				got := o.calls.of(name)
				return len(got) > 0 && got[len(got)-1].End > 0 && got[len(got)-1].Object.ResourceVersion == final.ResourceVersion
			})
		}
	}
	p.idle(t)

	object.check(t, "first", true)
	pair.check(t, "the two bindings of one capability", true)
	perSpace.check(t, "PerNamespace", true)
	perAll.check(t, "Global", false)
	order.check(t, "InOrder", true)
	for name := range last {
		for i, o := range all {
			every := o == inOrder || o == watch
			checkOrder(t, fmt.Sprintf("binding %d, %s", i, name), o.calls.of(name), every)
		}
	}
	if n := len(first.calls.list()); n >= orderObjects*(orderUpdates+1) {
		t.Errorf("Reconcile was called %d times: nothing was merged, so that callbacks were not slow", n)
	}
}

// driveUpdates creates and updates the objects from several clients at once, lets a callback of each binding
// go on now and then, and returns the last states by name.
func driveUpdates(t *testing.T, c client.Client, spaces []string, all []*ordered) map[string]*corev1.ConfigMap {
	t.Helper()
	last := map[string]*corev1.ConfigMap{}
	for i := range orderObjects {
		name := fmt.Sprintf("o-%02d", i)
		last[name] = labelled(spaces[i%len(spaces)], name, map[string]string{"app": "x"})
		last[name].Data["n"] = "0"
		create(t, c, last[name])
	}
	var clients sync.WaitGroup
	var done atomic.Int64
	errs := make(chan error, orderObjects)
	work := make(chan *corev1.ConfigMap, orderObjects)
	for _, cm := range last {
		work <- cm
	}
	close(work)
	for range 8 {
		clients.Go(func() {
			for cm := range work {
				for n := 1; n <= orderUpdates; n++ {
					cm.Data["n"] = strconv.Itoa(n)
					if err := c.Update(t.Context(), cm); err != nil {
						errs <- err
						return
					}
					if done.Add(1)%3 == 0 {
						for _, o := range all {
							o.gate.one()
						}
					}
				}
			}
		})
	}
	clients.Wait()
	close(errs)
	for err := range errs {
		t.Fatal(err)
	}
	return last
}

// checkOrder looks at the calls for one object: states never go back, and no call begins before the one
// before has ended; every: no state is left out either.
func checkOrder(t *testing.T, what string, got []call[*corev1.ConfigMap], every bool) {
	t.Helper()
	for i := 1; i < len(got); i++ {
		if version(t, got[i].Object) <= version(t, got[i-1].Object) {
			t.Errorf("%s: state %s after %s", what, got[i].Object.ResourceVersion, got[i-1].Object.ResourceVersion)
		}
		if got[i-1].End == 0 || got[i].Begin < got[i-1].End {
			t.Errorf("%s: call %d began before the one before had ended", what, i)
		}
	}
	if !every {
		return
	}
	if len(got) != orderUpdates+1 {
		t.Errorf("%s: %d calls, want one for each of %d states", what, len(got), orderUpdates+1)
		return
	}
	for i, one := range got {
		if one.Object.Data["n"] != strconv.Itoa(i) || one.Merged != 0 {
			t.Errorf("%s: call %d is about state %s, merged %d", what, i, one.Object.Data["n"], one.Merged)
		}
	}
}
