//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	drainObjects = 300
	drainSlots   = 8 // of testdata/program
)

// TestSignalUnderLoad: a process with hundreds of waiting objects and all slots busy is asked to stop.
func TestSignalUnderLoad(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	path := buildTestdata(t, "program")

	// loaded starts the program, in a namespace of its own, and waits until its slots are busy and the rest waits.
	loaded := func(t *testing.T, flags ...string) (p *process, namespace string) {
		t.Helper()
		namespace = newNamespace(t, c)
		for i := range drainObjects {
			create(t, c, labelled(namespace, fmt.Sprintf("o-%03d", i), map[string]string{"e2e": "slow"}))
		}
		p = startProcess(t, path, env, append(flags, "--only", "slow", "--namespace", namespace)...)
		waitUntil(t, "busy slots", func() bool { return len(p.out.with("begin")) == drainSlots })
		waitUntil(t, "a backlog", func() bool {
			_, metrics := p.get(t, "/metrics")
			return strings.Contains(metrics, fmt.Sprintf("ancho_binding_waiting{binding=\"configmaps\",capability=\"slow\"} %d\n", drainObjects-drainSlots))
		})
		return p, namespace
	}
	// done lists the objects that a callback has written to.
	done := func(t *testing.T, namespace string) (out []string) {
		t.Helper()
		var all corev1.ConfigMapList
		must(t, c.List(t.Context(), &all, client.InNamespace(namespace)))
		for _, o := range all.Items {
			if o.Data["done"] == "yes" {
				out = append(out, o.Name)
			}
		}
		slices.Sort(out)
		return out
	}

	t.Run("drains", func(t *testing.T) {
		t.Parallel()
		p, ns := loaded(t)
		if code, _ := p.get(t, "/readyz"); code != 200 {
			t.Errorf("/readyz answers %d before the stop", code)
		}
		must(t, p.cmd.Process.Signal(syscall.SIGTERM))
		p.log.wait(t, "stopping: waiting for running callbacks")
		if code, _ := p.get(t, "/readyz"); code != 503 {
			t.Errorf("/readyz answers %d while the program stops", code)
		}
		if code, _ := p.get(t, "/healthz"); code != 200 {
			t.Errorf("/healthz answers %d while the program stops: it would be killed", code)
		}
		must(t, p.stdin.Close()) // the callbacks go on
		if code := p.exit(t); code != 0 {
			t.Errorf("exit code %d, want 0", code)
		}
		begun, ended := p.out.with("begin"), p.out.with("end")
		if len(begun) != drainSlots || !slices.Equal(begun, ended) {
			t.Errorf("begun: %v, ended: %v; want the %d that ran, and no new ones", begun, ended, drainSlots)
		}
		if written := done(t, ns); !slices.Equal(written, begun) {
			t.Errorf("the server has the writes of %v, want those of %v", written, begun)
		}
	})

	t.Run("grace period over", func(t *testing.T) {
		t.Parallel()
		p, ns := loaded(t, "--grace-period", "100ms")
		must(t, p.cmd.Process.Signal(syscall.SIGTERM))
		if code := p.exit(t); code != 0 {
			t.Errorf("exit code %d, want 0", code)
		}
		if begun, cancelled := p.out.with("begin"), p.out.with("cancelled"); len(begun) != drainSlots || len(cancelled) != drainSlots {
			t.Errorf("begun: %v, cancelled: %v; want the %d that ran", begun, cancelled, drainSlots)
		} else if !strings.Contains(cancelled[0], "grace period") {
			t.Errorf("the cause is %q", cancelled[0])
		}
		if written := done(t, ns); len(written) > 0 {
			t.Errorf("the server has the writes of %v", written)
		}
	})

	t.Run("second signal", func(t *testing.T) {
		t.Parallel()
		p, _ := loaded(t, "--grace-period", "1h")
		must(t, p.cmd.Process.Signal(syscall.SIGTERM))
		p.log.wait(t, "stopping: waiting for running callbacks")
		must(t, p.cmd.Process.Signal(syscall.SIGTERM))
		if code := p.exit(t); code != 1 {
			t.Errorf("exit code %d, want 1", code)
		}
		if ended := append(p.out.with("end"), p.out.with("cancelled")...); len(ended) > 0 {
			t.Errorf("callbacks ended: %v; the second signal is to end the process at once", ended)
		}
	})
}
