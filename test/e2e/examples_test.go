//go:build e2e

package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	nsdefaults "github.com/ancho-dev/ancho/examples/02-namespaces"
	"github.com/ancho-dev/ancho/internal/testenv"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// The examples write into every Namespace, so they have a control plane of their own.
func TestExamples(t *testing.T) {
	env := ownCluster(t, testenv.Options{})
	t.Run("namespaces", func(t *testing.T) { testNamespaces(t, env) })
	t.Run("namespaces leaves the system alone", func(t *testing.T) { testSystemNamespaces(t, env) })
	t.Run("the binary stops", func(t *testing.T) { testBinaryStops(t, env) })
}

// A new Namespace gets its defaults; what another manager added to them stays, and what it changed is put right.
func testNamespaces(t *testing.T, env *testenv.Env) {
	t.Helper()
	c := newClient(t, env.Config)
	p := run(t, env.Config, runtime.Options{Capabilities: []capability.Func{nsdefaults.Capability}})
	p.ready(t)

	name := newNamespace(t, c)
	limits, cm := &corev1.LimitRange{}, &corev1.ConfigMap{}
	waitUntil(t, "the Namespace has its defaults", func() bool {
		return c.Get(t.Context(), client.ObjectKey{Namespace: name, Name: nsdefaults.LimitName}, limits) == nil
	})
	if got := limits.Spec.Limits[0].Default.Memory().String(); got != "256Mi" {
		t.Errorf("the LimitRange gives %s of memory, want 256Mi", got)
	}
	key := client.ObjectKey{Namespace: name, Name: nsdefaults.ConfigName}
	must(t, c.Get(t.Context(), key, cm)) // applied before the LimitRange

	cm.Data["log-level"], cm.Data["team"] = "debug", "blue"
	must(t, c.Update(t.Context(), cm, client.FieldOwner("somebody")))
	ns := &corev1.Namespace{}
	must(t, c.Get(t.Context(), client.ObjectKey{Name: name}, ns))
	ns.Labels["stage"] = "test"
	must(t, c.Update(t.Context(), ns))
	waitUntil(t, "what is ours is as declared again", func() bool {
		must(t, c.Get(t.Context(), key, cm))
		return cm.Data["log-level"] == "info"
	})
	if cm.Data["team"] != "blue" {
		t.Errorf("the key of another manager is gone: %v", cm.Data)
	}
}

// The system's namespaces are left alone, also those that were there before the program.
func testSystemNamespaces(t *testing.T, env *testenv.Env) {
	t.Helper()
	c := newClient(t, env.Config)
	name := newNamespace(t, c) // before the program: an initial object
	p := run(t, env.Config, runtime.Options{Capabilities: []capability.Func{nsdefaults.Capability}})
	p.ready(t)
	waitUntil(t, "a Namespace from before has its defaults", func() bool {
		return c.Get(t.Context(), client.ObjectKey{Namespace: name, Name: nsdefaults.LimitName}, &corev1.LimitRange{}) == nil
	})
	p.stop(t)
	for _, system := range []string{"default", "kube-system"} {
		var all corev1.LimitRangeList
		must(t, c.List(t.Context(), &all, client.InNamespace(system)))
		if len(all.Items) > 0 {
			t.Errorf("%s got a LimitRange", system)
		}
	}
}

// SIGTERM ends the program that ancho.Main makes with 0, from wherever it is started.
func testBinaryStops(t *testing.T, env *testenv.Env) {
	t.Helper()
	dir := t.TempDir()
	bin, kubeconfig := filepath.Join(dir, "examples"), filepath.Join(dir, "kubeconfig")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "github.com/ancho-dev/ancho/examples").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	must(t, os.WriteFile(kubeconfig, env.Kubeconfig(), 0o600))

	cmd := exec.CommandContext(t.Context(), bin, "--kubeconfig", kubeconfig, "--http", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	log := &output{}
	cmd.Stderr = log
	cmd.Dir = dir
	must(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	c := newClient(t, env.Config)
	demo := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "demo"}}
	must(t, c.Create(t.Context(), demo))
	greeting := configMap("demo", "greeting", "text", "hello")
	must(t, c.Create(t.Context(), greeting))
	waitUntil(t, "the program greets", func() bool {
		select {
		case err := <-ended:
			t.Fatalf("the program ended by itself: %v\n%s", err, log)
		default:
		}
		return strings.Contains(log.String(), `"msg":"the greeting says"`)
	})
	must(t, cmd.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("the program ended with %v, want exit code 0\n%s", err, log)
		}
	case <-time.After(patience):
		t.Fatalf("the program does not end\n%s", log)
	}
	for _, want := range []string{`"msg":"stopping"`, `"msg":"stopped"`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
}

// output keeps what a process writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

// String returns what was written.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
