package examples

import (
	"context"
	"sync"

	"github.com/go-logr/logr"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// Members knows which Pods are labelled app=web.
type Members struct {
	mu   sync.Mutex
	pods map[string]bool
}

// Count says how many there are.
func (m *Members) Count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.pods)
}

// Capability shows how objects enter and leave a set.
func (m *Members) Capability(capability.Env) *capability.Capability {
	return capability.New("members",
		capability.When(kind.Pod).
			WithLabel("app", "web").
			IsCreated().IsDeleted().HasLeft().
			Reconcile(m.note),

		// Not for each change of the status.
		capability.When(kind.Deployment).
			OnSpecChange().
			Reconcile(m.rollout),

		capability.When(kind.Pod).
			Alias("phases").
			OnChange(func(p *corev1.Pod) any { return p.Status.Phase }).
			Watch(m.phase),
	)
}

func (m *Members) note(_ context.Context, e capability.Event[*corev1.Pod]) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pods == nil {
		m.pods = map[string]bool{}
	}
	key := e.Object.Namespace + "/" + e.Object.Name // an event that is Partial has it, too
	switch e.Type {
	case capability.Left, capability.Deleted:
		delete(m.pods, key)
	default: // Added, and with e.Initial those that were there before
		m.pods[key] = true
	}
	return nil
}

func (m *Members) rollout(ctx context.Context, e capability.Event[*appsv1.Deployment]) error {
	logr.FromContextOrDiscard(ctx).Info("a new spec", "generation", e.Object.Generation)
	return nil
}

func (m *Members) phase(ctx context.Context, e capability.Event[*corev1.Pod]) error {
	logr.FromContextOrDiscard(ctx).Info("a pod", "phase", e.Object.Status.Phase)
	return nil
}
