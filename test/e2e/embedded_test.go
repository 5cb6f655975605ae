//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ancho-dev/ancho/internal/testenv"
)

// kubectl is a kubectl that talks to one server.
type kubectl struct {
	path, dir string
	env       []string
}

// newKubectl takes the kubectl that is built beside the control plane. It keeps its cache in the test's folder.
func newKubectl(t *testing.T, kubeconfig string) *kubectl {
	t.Helper()
	path, err := testenv.Kubectl(t.Context(), nil)
	must(t, err)
	dir := t.TempDir()
	return &kubectl{path, dir, []string{"KUBECONFIG=" + kubeconfig, "HOME=" + dir, "PATH=" + os.Getenv("PATH"), "KUBE_EDITOR=sed -i s/hello/goodbye/"}}
}

func (k *kubectl) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, k.path, args...)
	cmd.Env, cmd.Dir = k.env, k.dir
	return cmd
}

// try runs kubectl with arguments without blanks, and returns what it prints to both of its outputs.
func (k *kubectl) try(t *testing.T, stdin, args string) (out string, err error) {
	t.Helper()
	cmd := k.command(t.Context(), strings.Fields(args)...)
	cmd.Stdin = strings.NewReader(stdin)
	raw, err := cmd.CombinedOutput()
	return string(raw), err
}

// does runs kubectl, which has to work, and to say something.
func (k *kubectl) does(t *testing.T, args, says string) {
	t.Helper()
	k.pipe(t, "", args, says)
}

// pipe is does with something to read.
func (k *kubectl) pipe(t *testing.T, stdin, args, says string) {
	t.Helper()
	if out, err := k.try(t, stdin, args); err != nil || !strings.Contains(out, says) {
		t.Fatalf("kubectl %s: %v, want %q in\n%s", args, err, says, out)
	}
}

// fails runs kubectl, which has to fail, and to say something.
func (k *kubectl) fails(t *testing.T, stdin, args, says string) {
	t.Helper()
	if out, err := k.try(t, stdin, args); err == nil || !strings.Contains(out, says) {
		t.Fatalf("kubectl %s: %v, want it to fail and %q in\n%s", args, err, says, out)
	}
}

// A program with --embedded needs no cluster: kubectl is all it takes to see it at work.
func TestEmbedded(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "examples")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "github.com/ancho-dev/ancho/examples")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p, file := startEmbedded(t, bin)
	k := newKubectl(t, file)
	t.Run("discovery", func(t *testing.T) { testKubectlDiscovers(t, k) })
	t.Run("a greeting", func(t *testing.T) { testKubectlGreets(t, k, p.log) })
	t.Run("apply", func(t *testing.T) { testKubectlApplies(t, k, p.log) })
	t.Run("pods", func(t *testing.T) { testKubectlPods(t, k, p.log) })
	t.Run("watch", func(t *testing.T) { testKubectlWatches(t, k) })
	k.does(t, "delete namespace demo", `namespace "demo" deleted`)
	k.fails(t, "", "get namespace demo", "NotFound")
	must(t, p.cmd.Process.Signal(syscall.SIGTERM))
	if code := p.exit(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the kubeconfig is left behind")
	}
}

// startEmbedded starts a program with an API server of its own, and waits for the kubeconfig.
func startEmbedded(t *testing.T, bin string) (p *process, kubeconfig string) {
	t.Helper()
	kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	return startEmbeddedAt(t, bin, kubeconfig), kubeconfig
}

func startEmbeddedAt(t *testing.T, bin, kubeconfig string) *process {
	t.Helper()
	p := startBare(t, exec.Command(bin, "--embedded="+kubeconfig, "--http", "127.0.0.1:0", "--admin", "127.0.0.1:0")) //nolint:noctx // ended with the test
	p.log.wait(t, "an API server in memory is running")
	return p
}

func testKubectlDiscovers(t *testing.T, k *kubectl) {
	t.Helper()
	k.does(t, "version", "Server Version: v1.37")
	k.does(t, "api-resources --api-group=apps", "deployments           deploy       apps/v1      true         Deployment")
	k.does(t, "api-versions", "networking.k8s.io/v1")
	k.does(t, "cluster-info", "is running at http://127.0.0.1:")
	k.does(t, "get --raw /readyz", "ok")
	k.fails(t, "", "get nosuchthing", `the server doesn't have a resource type "nosuchthing"`)
}

func testKubectlGreets(t *testing.T, k *kubectl, log *lines) {
	t.Helper()
	k.does(t, "create namespace demo", "namespace/demo created")
	log.wait(t, `"msg":"applied the defaults","capability":"namespaces","binding":"namespaces","object":"demo"`)
	k.does(t, "get configmaps,limitranges -n demo -o name", "configmap/defaults\nlimitrange/defaults\n")
	k.does(t, "create configmap greeting -n demo --from-literal=text=hello", "configmap/greeting created")
	log.wait(t, `"event":"Added","text":"hello"`)
	k.does(t, "get cm -n demo", "greeting")
	k.does(t, "get cm greeting -n demo -o yaml", "data:\n  text: hello\n")
	k.does(t, "get cm -n demo --field-selector metadata.name=greeting -o jsonpath={.items[*].data.text}", "hello")
	k.does(t, "label cm greeting -n demo mood=good", "labeled")
	k.does(t, "get cm -A -l mood=good --no-headers", "demo   greeting")
	k.does(t, "annotate cm greeting -n demo example.com/by=kubectl", "annotated")
	k.does(t, "describe cm greeting -n demo", "Annotations:  example.com/by: kubectl")
	k.does(t, `patch cm greeting -n demo -p {"data":{"text":"patched"}}`, "patched")
	log.wait(t, `"text":"patched"`)
	k.does(t, `patch cm greeting -n demo --type=json -p [{"op":"replace","path":"/data/text","value":"hello"}]`, "patched")
	k.does(t, "edit cm greeting -n demo", "edited")
	log.wait(t, `"text":"goodbye"`)
	k.does(t, "delete cm greeting -n demo", "deleted")
	log.wait(t, `"msg":"the greeting is gone"`)
	k.does(t, "wait --for=delete cm/greeting -n demo --timeout=30s", "")
}

// Both ways of apply work, with the checks of the fields that kubectl leaves to the server.
func testKubectlApplies(t *testing.T, k *kubectl, log *lines) {
	t.Helper()
	text := func(s string) string {
		return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: greeting\n  namespace: demo\ndata:\n  text: " + s + "\n"
	}
	k.pipe(t, text("one"), "apply -f -", "configmap/greeting created")
	log.wait(t, `"text":"one"`)
	k.pipe(t, text("one"), "apply -f -", "configmap/greeting unchanged")
	k.pipe(t, text("two"), "apply -f -", "configmap/greeting configured")
	log.wait(t, `"text":"two"`)
	k.pipe(t, text("three"), "apply --server-side -f -", "configmap/greeting serverside-applied")
	log.wait(t, `"text":"three"`)
	k.fails(t, text("other"), "apply --server-side --field-manager=other -f -", `conflict with "kubectl": .data.text`)
	k.pipe(t, text("other"), "apply --server-side --field-manager=other --force-conflicts -f -", "configmap/greeting serverside-applied")
	log.wait(t, `"text":"other"`)
	k.fails(t, text("four"), "diff -f -", "+  text: four")
	k.pipe(t, text("four"), "replace -f -", "configmap/greeting replaced")
	log.wait(t, `"text":"four"`)
	k.fails(t, strings.Replace(text("five"), "\ndata:", "\ndat:", 1), "replace -f -", `strict decoding error: unknown field "dat"`)
	k.pipe(t, text("five"), "delete -f -", "deleted")
}

func testKubectlPods(t *testing.T, k *kubectl, log *lines) {
	t.Helper()
	k.does(t, "run web --image=nginx -n demo -l app=web", "pod/web created")
	log.wait(t, `"msg":"a pod joined the web pods","capability":"hello","binding":"web-pods","object":"demo/web"`)
	k.does(t, `patch pod web -n demo --subresource=status -p {"status":{"phase":"Running"}}`, "patched")
	log.wait(t, `"msg":"the web pod runs"`)
	k.does(t, "wait --for=jsonpath={.status.phase}=Running pod/web -n demo --timeout=30s", "condition met")
	k.does(t, "describe pod web -n demo", "Image:        nginx")
	k.does(t, "label pod web -n demo app-", "unlabeled")
	log.wait(t, `"msg":"a pod left the web pods"`)
	k.does(t, "create deployment site --image=nginx -n demo", "deployment.apps/site created")
	k.does(t, "set image deployment/site nginx=nginx:2 -n demo", "image updated")
	k.does(t, "rollout restart deployment/site -n demo", "restarted")
	k.does(t, "get all -n demo", "deployment.apps/site")
	k.does(t, "delete pod web -n demo", "deleted")
	log.wait(t, `"msg":"a pod is gone"`)
}

// What changes is seen by kubectl get --watch while it runs.
func testKubectlWatches(t *testing.T, k *kubectl) {
	t.Helper()
	cmd := k.command(t.Context(), "get", "configmaps", "-n", "demo", "--watch", "-o", "name")
	p := startBare(t, cmd)
	p.out.wait(t, "configmap/defaults")
	k.does(t, "create configmap late -n demo", "created")
	p.out.wait(t, "configmap/late")
	if s := p.log.String(); s != "" {
		t.Errorf("kubectl complains: %s", s)
	}
}

// A kind that the program watches can be created without a CustomResourceDefinition; one that it does not know cannot.
func TestEmbeddedCustomKind(t *testing.T) {
	p, file := startEmbedded(t, buildTestdata(t, "gadget"))
	k := newKubectl(t, file)
	gadget := func(size string) string {
		return "apiVersion: example.com/v1\nkind: Gadget\nmetadata:\n  name: g\n  namespace: default\nspec:\n  size: " + size + "\n"
	}
	k.does(t, "api-resources --api-group=example.com", "gadgets                example.com/v1   true         Gadget")
	k.pipe(t, gadget("1"), "apply -f -", "gadget.example.com/g created")
	p.out.wait(t, "Added g 1")
	k.pipe(t, gadget("2"), "apply -f -", "gadget.example.com/g configured")
	p.out.wait(t, "Modified g 2")
	k.does(t, "get gadgets", "g ")
	k.does(t, "delete gadget g", "deleted")
	p.out.wait(t, "Deleted g")
	k.fails(t, strings.Replace(gadget("1"), "Gadget", "Widget", 1), "apply -f -", `no matches for kind "Widget"`)

	// A second program must not take the file of the first away from it.
	var stderr bytes.Buffer
	second := exec.CommandContext(t.Context(), p.cmd.Path, "--embedded="+file, "--http", "", "--admin", "")
	second.Stderr = &stderr
	if err := second.Run(); second.ProcessState.ExitCode() != 1 || !strings.Contains(stderr.String(), file+" is there already") {
		t.Errorf("%v\n%s", err, stderr.String())
	}
	// What a killed program leaves behind is in nobody's way.
	must(t, p.cmd.Process.Kill())
	<-p.ended
	p = startEmbeddedAt(t, p.cmd.Path, file)
	must(t, p.cmd.Process.Signal(syscall.SIGTERM))
	if code := p.exit(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
