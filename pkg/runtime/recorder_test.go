package runtime

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

func TestEventsAreRecorded(t *testing.T) {
	s := &stub{objects: []*corev1.ConfigMap{mapNamed("a")}, posts: make(chan string, 1)}
	start(t, s, Options{Capabilities: []capability.Func{func(env capability.Env) *capability.Capability {
		env.Recorder.Eventf(mapNamed("early"), nil, corev1.EventTypeNormal, "Early", "Declare", "nothing sends this")
		return capability.New("c", capability.When(kind.ConfigMap).Reconcile(
			func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
				env.Recorder.Eventf(e.Object, nil, corev1.EventTypeNormal, "Seen", "Reconcile", "it is there")
				return nil
			}))
	}}})
	if got, want := <-s.posts, "/apis/events.k8s.io/v1/namespaces/ns/events"; got != want {
		t.Errorf("created at %s, want %s", got, want)
	}
}

// What was made and never ran leaves nothing behind; the check for goroutines at the end of the tests sees it.
func TestNewStartsNothing(t *testing.T) {
	r, err := New((&stub{}).config(t), oneCapability(capability.When(kind.ConfigMap).Watch(ignoreMap)))
	if err != nil {
		t.Fatal(err)
	}
	r.Env().Recorder.Eventf(mapNamed("a"), nil, corev1.EventTypeNormal, "Seen", "Nothing", "nobody sends this")
}
