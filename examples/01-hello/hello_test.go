package hello

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCapability(t *testing.T) {
	p, err := runtime.PlanFor(runtime.Options{Capabilities: []capability.Func{Capability}})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, b := range p {
		names = append(names, b.Action+" "+b.Binding)
	}
	want := []string{"Reconcile configmaps", "Watch new-pods", "Watch gone-pods", "Watch web-pods", "Watch web-running"}
	if !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

// logs returns what a callback logs.
func logs(t *testing.T, call func(context.Context) error) string {
	t.Helper()
	var all []string
	log := funcr.New(func(_, args string) { all = append(all, args) }, funcr.Options{})
	if err := call(logr.NewContext(t.Context(), log)); err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, "\n")
}

func TestGreet(t *testing.T) {
	cm := &corev1.ConfigMap{Data: map[string]string{"text": "hello"}}
	for typ, want := range map[capability.EventType]string{
		capability.Added:    `"msg"="the greeting says" "text"="hello"`,
		capability.Modified: `"msg"="the greeting says" "text"="hello"`,
		capability.Deleted:  `"msg"="the greeting is gone"`,
	} {
		got := logs(t, func(ctx context.Context) error {
			return greet(ctx, capability.Event[*corev1.ConfigMap]{Type: typ, Object: cm})
		})
		if !strings.HasSuffix(got, want) {
			t.Errorf("%s: got %s, want %s", typ, got, want)
		}
	}
}

func TestPods(t *testing.T) {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Labels: map[string]string{"app": "web"}},
		Status:     corev1.PodStatus{Phase: corev1.PodRunning},
	}
	for name, c := range map[string]struct {
		handler capability.Handler[*corev1.Pod]
		event   capability.Event[*corev1.Pod]
		want    string
	}{
		"appeared": {appeared, capability.Event[*corev1.Pod]{Type: capability.Added, Object: pod, Initial: true}, `"a pod appeared" "initial"=true`},
		"vanished": {vanished, capability.Event[*corev1.Pod]{Type: capability.Deleted, Object: pod}, `"a pod is gone"`},
		"joined":   {joinedOrLeft, capability.Event[*corev1.Pod]{Type: capability.Added, Object: pod}, `"a pod joined the web pods" "labels"=1`},
		"left":     {joinedOrLeft, capability.Event[*corev1.Pod]{Type: capability.Left, Object: pod, Partial: true}, `"a pod left the web pods"`},
		"runs":     {runs, capability.Event[*corev1.Pod]{Type: capability.Added, Object: pod}, `"the web pod runs" "phase"="Running"`},
	} {
		t.Run(name, func(t *testing.T) {
			got := logs(t, func(ctx context.Context) error { return c.handler(ctx, c.event) })
			if !strings.HasSuffix(got, c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
