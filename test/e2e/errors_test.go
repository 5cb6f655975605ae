//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

type mapEvent = capability.Event[*corev1.ConfigMap]

var errBroken = errors.New("it is broken")

// attempts returns the attempt numbers of some calls.
func attempts(all []call[*corev1.ConfigMap]) (out []int) {
	for _, one := range all {
		out = append(out, one.Attempt)
	}
	return out
}

// parked returns what /debug shows as parked of a binding.
func (p *program) parked(binding string) (out []runtime.ParkedSnapshot) {
	for _, b := range p.Snapshot().Bindings {
		if b.Binding == "test/"+binding {
			out = append(out, b.Parked...)
		}
	}
	return out
}

// TestErrorsAreRetried: errors and panics are tried again, of Watch and Reconcile, with the event's type kept,
// until they succeed.
func TestErrorsAreRetried(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	fail := func(_ context.Context, e mapEvent) error {
		if e.Attempt < 4 {
			return errBroken
		}
		return nil
	}
	crash := func(_ context.Context, e mapEvent) error {
		if e.Attempt < 3 {
			panic("a callback of the test")
		}
		return nil
	}
	retryAfter := func(_ context.Context, e mapEvent) error {
		if e.Attempt < 3 {
			return capability.RetryAfter(time.Millisecond, errBroken)
		}
		return nil
	}
	type recorder = calls[*corev1.ConfigMap]
	fails, watchFails, panics, after := &recorder{do: fail}, &recorder{do: fail}, &recorder{do: crash}, &recorder{do: retryAfter}
	maps := capability.When(kind.ConfigMap).InNamespace(ns).Backoff(time.Millisecond, 20*time.Millisecond)
	p := run(t, env.Config, runtime.Options{},
		maps.Alias("fails").Reconcile(fails.handle),
		maps.Alias("watch-fails").Watch(watchFails.handle),
		maps.Alias("panics").Reconcile(panics.handle),
		maps.Backoff(time.Hour, time.Hour).Alias("after").Reconcile(after.handle))
	p.ready(t)
	create(t, c, configMap(ns, "o"))
	for name, want := range map[*recorder][]int{fails: {1, 2, 3, 4}, watchFails: {1, 2, 3, 4}, panics: {1, 2, 3}, after: {1, 2, 3}} {
		got := name.wait(t, len(want))
		if !slices.Equal(attempts(got), want) {
			t.Errorf("attempts %v, want %v", attempts(got), want)
		}
		for _, one := range got {
			if one.Type != capability.Added {
				t.Errorf("attempt %d is of type %s; a retry keeps its type", one.Attempt, one.Type)
			}
		}
		if last := got[len(got)-1]; !slices.ContainsFunc(last.Causes, func(c capability.Cause) bool { return c.Via == capability.ViaRetry }) {
			t.Errorf("causes of the last attempt: %v, want a retry among them", last.Causes)
		}
	}
	p.idle(t)
	for binding, n := range map[string]float64{"fails": 3, "watch-fails": 3, "panics": 2} {
		if got := p.metric(t, "ancho_binding_calls_total", "binding", binding, "outcome", "retry"); got != n {
			t.Errorf("%s: %v calls counted as retry, want %v", binding, got, n)
		}
	}
	if got := p.metric(t, "ancho_binding_calls_total", "binding", "after", "outcome", "retry_after"); got != 2 {
		t.Errorf("after: %v calls counted as retry_after, want 2", got)
	}
	log := p.log.String()
	for _, want := range []string{errBroken.Error(), "a callback of the test", "errors_test.go", "\"stack\""} {
		if !strings.Contains(log, want) {
			t.Errorf("the log has no %s", want)
		}
	}
}

// TestRequeueIsUnchanged: RequeueAfter calls again, as no failure and no change.
func TestRequeueIsUnchanged(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	again := func(_ context.Context, e mapEvent) error {
		switch e.Type {
		case capability.Added:
			return fmt.Errorf("waiting for the other: %w", capability.RequeueAfter(time.Millisecond))
		case capability.Unchanged:
			return nil
		default:
			return capability.RequeueAfter(time.Hour) // forgotten, when the object goes
		}
	}
	type recorder = calls[*corev1.ConfigMap]
	seen, watched := &recorder{do: again}, &recorder{do: again}
	maps := capability.When(kind.ConfigMap).InNamespace(ns)
	p := run(t, env.Config, runtime.Options{}, maps.Alias("reconcile").Reconcile(seen.handle), maps.Alias("watch").Watch(watched.handle))
	p.ready(t)
	cm := configMap(ns, "o", "k", "1")
	create(t, c, cm)
	for name, r := range map[string]*recorder{"reconcile": seen, "watch": watched} {
		one := r.waitType(t, "o", capability.Unchanged)
		if one.Attempt != 1 || one.Object.Data["k"] != "1" || one.Partial || one.Initial {
			t.Errorf("%s: the requeue came as %+v", name, one.Event)
		}
	}
	edit(t, c, cm, func(o *corev1.ConfigMap) { o.Data["k"] = "2" })
	p.waitCount(t, "ancho_binding_requeued", "reconcile", 1)
	p.waitCount(t, "ancho_binding_requeued", "watch", 1)
	must(t, c.Delete(t.Context(), cm))
	p.waitCount(t, "ancho_binding_requeued", "reconcile", 0)
	p.waitCount(t, "ancho_binding_requeued", "watch", 0)
	seen.wantTypes(t, "o", capability.Added, capability.Unchanged, capability.Modified)
	watched.wantTypes(t, "o", capability.Added, capability.Unchanged, capability.Modified)
	if strings.Contains(p.log.String(), "callback failed") {
		t.Error("a requeue was logged as a failure")
	}
}

// TestParkedUntilChanged: after Permanent, and after MaxAttempts, an object waits for a change, visibly, and
// holds up nobody; the change starts anew.
func TestParkedUntilChanged(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	broken := func(err error) func(context.Context, mapEvent) error {
		return func(_ context.Context, e mapEvent) error {
			if e.Object.Data["sound"] == "" {
				return err
			}
			return nil
		}
	}
	type recorder = calls[*corev1.ConfigMap]
	permanent, limited, watched := &recorder{do: broken(capability.Permanent(errBroken))}, &recorder{do: broken(errBroken)}, &recorder{do: broken(errBroken)}
	maps := capability.When(kind.ConfigMap).InNamespace(ns).Backoff(time.Millisecond, 2*time.Millisecond)
	p := run(t, env.Config, runtime.Options{},
		maps.Alias("permanent").Reconcile(permanent.handle),
		maps.MaxAttempts(3).Alias("limited").Reconcile(limited.handle),
		maps.MaxAttempts(2).Alias("watch").Watch(watched.handle))
	p.ready(t)
	bad := configMap(ns, "bad", "k", "hunter2")
	create(t, c, bad, configMap(ns, "good", "sound", "yes"))
	for name, want := range map[string]int{"permanent": 1, "limited": 3} {
		p.waitCount(t, "ancho_binding_parked", name, 1)
		got := p.parked(name)
		if len(got) != 1 || got[0].Object != ns+"/bad" || got[0].Attempts != want || !strings.Contains(got[0].Error, errBroken.Error()) {
			t.Errorf("%s: /debug shows %+v as parked", name, got)
		}
	}
	p.waitCount(t, "ancho_binding_gave_up_total", "watch", 1)
	permanent.waitType(t, "good", capability.Added)
	limited.waitType(t, "good", capability.Added)
	if debug := p.text("/debug"); !strings.Contains(debug, ns+"/bad") || strings.Contains(debug, "hunter2") {
		t.Error("/debug does not name the parked object, or shows a value of it")
	}

	edit(t, c, bad, func(o *corev1.ConfigMap) { o.Data["sound"] = "yes" })
	for name, r := range map[string]*recorder{"permanent": permanent, "limited": limited} {
		p.waitCount(t, "ancho_binding_parked", name, 0)
		p.idle(t)
		got := r.of("bad")
		last := got[len(got)-1]
		if last.Attempt != 1 || last.Type != capability.Added { // what it was told before has failed
			t.Errorf("%s: after the change attempt %d, type %s; want the first attempt of Added", name, last.Attempt, last.Type)
		}
	}
	if got, want := attempts(permanent.of("bad")), []int{1, 1}; !slices.Equal(got, want) {
		t.Errorf("permanent: attempts %v, want %v", got, want)
	}
	if got, want := attempts(limited.of("bad")), []int{1, 2, 3, 1}; !slices.Equal(got, want) {
		t.Errorf("limited: attempts %v, want %v", got, want)
	}
	waitUntil(t, "the change of what was given up", func() bool { return len(watched.of("bad")) == 3 })
	if last := watched.of("bad")[2]; last.Type != capability.Added { // no call that did not fail has seen it
		t.Errorf("watch: %s after what was given up, want Added", last.Type)
	}
	if got, want := attempts(watched.of("bad")), []int{1, 2, 1}; !slices.Equal(got, want) {
		t.Errorf("watch: attempts %v, want %v", got, want)
	}
}
