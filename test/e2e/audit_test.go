//go:build e2e

package e2e

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// On a real server, whose objects change all the time, audits find nothing: what is on its way is no lost event.
func TestAuditsFindNothing(t *testing.T) {
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	seen := &calls[*corev1.ConfigMap]{}
	p := run(t, env.Config, runtime.Options{}, capability.When(kind.ConfigMap).InNamespace(ns).WithLabel("app").Audit(200*time.Millisecond).
		IsCreatedOrUpdated().IsDeleted().HasLeft().Reconcile(seen.handle))
	p.ready(t)
	audits := func() float64 { return p.metric(t, "ancho_stream_audits_total") }
	for i := 0; i < 300 || audits() < 10; i++ {
		cm := configMap(ns, fmt.Sprintf("busy-%d", i%10), "n", fmt.Sprint(i))
		cm.Labels = map[string]string{"app": "a"}
		switch {
		case i < 10:
			create(t, c, cm)
		case i%5 == 3:
			must(t, c.Delete(t.Context(), cm))
			create(t, c, cm)
		default:
			must(t, c.Update(t.Context(), cm))
		}
	}
	if n := p.metric(t, "ancho_stream_audit_differences_total"); n != 0 {
		t.Errorf("audits found %v objects that differ", n)
	}
	if n := p.metric(t, "ancho_stream_relists_total", "reason", "audit"); n != 0 {
		t.Errorf("%v snapshots were read because of audits", n)
	}
}
