//go:build e2e

package e2e

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// TestFieldThatCannotBeSelected: only the server can know which fields it selects by. The binding is blocked, the message
// says for which field, nothing is tried again and again, and the others run.
func TestFieldThatCannotBeSelected(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	var pods calls[*corev1.Pod]
	var maps calls[*corev1.ConfigMap]
	cfg, spy := spied(env.Config)
	p := run(t, cfg, runtime.Options{},
		capability.When(kind.Pod).InNamespace(ns).WithField("spec.priority", "7").Reconcile(pods.handle),
		capability.When(kind.ConfigMap).InNamespace(ns).Reconcile(maps.handle))
	p.waitBlocked(t, "/api/v1/namespaces/"+ns+"/pods", "invalid", "spec.priority", "correct the declaration")
	waitUntil(t, "that it is not tried again: one refusal is no verdict, two are", func() bool {
		return !slices.ContainsFunc(p.Snapshot().Streams, func(s runtime.StreamSnapshot) bool { return s.Phase == "blocked" && s.RetryAt != nil })
	})
	create(t, c, configMap(ns, "other"))
	maps.waitType(t, "other", added)
	if asked := spy.gets("/pods"); len(asked) > 4 {
		t.Errorf("%d requests: %v", len(asked), asked)
	}
	if n := len(pods.list()); n > 0 {
		t.Errorf("%d calls", n)
	}
}
