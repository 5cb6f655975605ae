//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// What a real server answered is replayed to the same capability, in virtual time, and the calls are the same.
func TestRecordAndReplay(t *testing.T) {
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	writes := func(e capability.Env) *capability.Capability {
		return capability.New("test", capability.When(kind.ConfigMap).InNamespace(ns).WithLabel("app", "x").IsCreatedOrUpdated().IsDeleted().Reconcile(
			func(ctx context.Context, event capability.Event[*corev1.ConfigMap]) error {
				made := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "of-" + event.Object.Name}}
				made.Spec = corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "example.com"}
				return client.IgnoreAlreadyExists(e.Client.Create(ctx, made))
			}))
	}
	var tape bytes.Buffer
	var calls endedCalls
	p := run(t, env.Config, runtime.Options{Capabilities: []capability.Func{writes}, Record: &tape, OnCall: calls.note})
	step := func(do func(cm *corev1.ConfigMap) error, name string) {
		before := calls.count()
		must(t, do(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name, Labels: map[string]string{"app": "x"}}}))
		waitUntil(t, "the next call", func() bool { return calls.count() > before })
	}
	create := func(cm *corev1.ConfigMap) error { return c.Create(t.Context(), cm) }
	update := func(cm *corev1.ConfigMap) error {
		cm.Data = map[string]string{"k": "v"}
		return c.Update(t.Context(), cm)
	}
	step(create, "a")
	step(create, "b")
	step(update, "a")
	step(func(cm *corev1.ConfigMap) error { return c.Delete(t.Context(), cm) }, "b")
	p.stop(t)
	synctest.Test(t, func(t *testing.T) {
		replayed := anchotest.Start(t, anchotest.Options{Capabilities: []capability.Func{writes}, Replay: bytes.NewReader(tape.Bytes())})
		time.Sleep(time.Hour)
		replayed.Settle()
		var again callLines
		for _, call := range replayed.Calls("test/configmaps") {
			again.add(call)
		}
		if want := calls.lines(); !slices.Equal(again, want) || len(want) < 4 {
			t.Errorf("replayed %q, recorded %q", again, want)
		}
	})
}

// callLines are calls without what is drawn at random.
type callLines []string

func (l *callLines) add(call runtime.Call) {
	*l = append(*l, fmt.Sprint(call.Object(), " ", call.UID, " ", call.Type, " ", call.Attempt, " ", call.Outcome, " ", call.Err))
}

// endedCalls are those that ended.
type endedCalls struct {
	mu  sync.Mutex
	all callLines
}

func (c *endedCalls) note(call runtime.Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all.add(call)
}

func (c *endedCalls) count() int { return len(c.lines()) }

func (c *endedCalls) lines() callLines {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.all)
}
