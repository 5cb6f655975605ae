//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// hanging is a callback that never returns for the object "stuck", whatever becomes of its context, and says
// when the context ended.
type hanging struct {
	calls   calls[*corev1.ConfigMap]
	release chan struct{}
	ended   chan error
}

func newHanging(t *testing.T) *hanging {
	h := &hanging{release: make(chan struct{}), ended: make(chan error, 1)}
	h.calls.do = func(ctx context.Context, e capability.Event[*corev1.ConfigMap]) error {
		if e.Object.Name != "stuck" {
			return nil
		}
		stop := context.AfterFunc(ctx, func() { h.ended <- context.Cause(ctx) })
		defer stop()
		<-h.release
		return nil
	}
	t.Cleanup(func() { close(h.release) })
	return h
}

// TestHangingCallbackHoldsOnlyItsOwn: a callback that never returns, also not when its context is cancelled,
// holds its object, its queue key and one slot. Everything else goes on: other objects of the binding, other
// bindings, the stream. A stop names it and leaves it behind.
func TestHangingCallbackHoldsOnlyItsOwn(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	ns, calm := newNamespace(t, c), newNamespace(t, c)
	create(t, c, configMap(ns, "stuck"))
	maps := capability.When(kind.ConfigMap).InNamespace(ns, calm).Concurrency(2)
	plain, keyed, watch, timed := newHanging(t), newHanging(t), newHanging(t), newHanging(t)
	free := &calls[*corev1.ConfigMap]{}
	alone := func(name string, b capability.Binding) capability.Func { // of one capability they would share what is held
		return func(capability.Env) *capability.Capability { return capability.New(name, b) }
	}
	p := run(t, env.Config, runtime.Options{GracePeriod: -1, Capabilities: []capability.Func{
		alone("plain", maps.Reconcile(plain.calls.handle)),
		alone("keyed", maps.Queue(capability.PerNamespace).Reconcile(keyed.calls.handle)),
		alone("watch", maps.Watch(watch.calls.handle)),
		alone("timed", maps.Timeout(50*time.Millisecond).Watch(timed.calls.handle)),
		alone("free", maps.Reconcile(free.handle)),
	}})
	hung := []*hanging{plain, keyed, watch, timed}
	for _, h := range hung {
		h.calls.wait(t, 1)
	}

	const objects, updates = 20, 100
	last := map[string]*corev1.ConfigMap{}
	for i := range objects {
		cm := configMap([]string{ns, calm}[i%2], fmt.Sprintf("o-%02d", i))
		create(t, c, cm)
		last[cm.Name] = cm
	}
	for n := range updates {
		for _, cm := range last {
			cm.Data = map[string]string{"n": strconv.Itoa(n)}
			must(t, c.Update(t.Context(), cm))
		}
	}
	stuck := configMap(ns, "stuck")
	must(t, c.Get(t.Context(), keyOf(stuck), stuck))
	edit(t, c, stuck, func(o *corev1.ConfigMap) { o.Data = map[string]string{"n": "1"} })
	last["stuck"] = stuck

	for name, cm := range last {
		reached := func(r *calls[*corev1.ConfigMap]) func() bool {
			return func() bool {
				got := r.of(name)
				return len(got) > 0 && got[len(got)-1].Object.ResourceVersion == cm.ResourceVersion
			}
		}
		waitUntil(t, "free: "+name, reached(free))
		if name == "stuck" {
			continue
		}
		waitUntil(t, "plain: "+name, reached(&plain.calls))
		if cm.Namespace == calm {
			waitUntil(t, "keyed: "+name, reached(&keyed.calls))
		}
		for _, w := range []*hanging{watch, timed} {
			waitUntil(t, "watch: "+name, func() bool { return len(w.calls.of(name)) == updates+1 })
		}
	}
	for name, h := range map[string]*hanging{"plain": plain, "keyed": keyed} {
		if n := len(h.calls.of("stuck")); n != 1 {
			t.Errorf("%s: %d calls for the object that is held, want 1", name, n)
		}
	}
	for _, one := range keyed.calls.list() {
		if one.Object.Namespace == ns && one.Object.Name != "stuck" {
			t.Errorf("keyed: a call for %s although its queue key is held", one.Object.Name)
		}
	}
	var timeout *queue.TimeoutError
	if err := <-timed.ended; !errors.As(err, &timeout) {
		t.Errorf("the context was cancelled for %v, want the timeout", err)
	}
	for name, h := range map[string]*hanging{"plain": plain, "keyed": keyed, "watch": watch} {
		select {
		case err := <-h.ended:
			t.Errorf("%s: the context was cancelled without a Timeout: %v", name, err)
		default:
		}
	}

	p.stop(t) // Run returns nil, or this fails
	log := p.log.String()
	for _, want := range []string{"plain", "keyed", "watch", "timed"} {
		if call := want + "/configmaps " + ns + "/stuck"; !strings.Contains(log, call) {
			t.Errorf("the log does not name %q, which was left behind", call)
		}
	}
	for name, h := range map[string]*hanging{"plain": plain, "keyed": keyed} {
		if err := <-h.ended; err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("%s: after the grace period the context was cancelled for %v, want the stop as the cause", name, err)
		}
	}
}
