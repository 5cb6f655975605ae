package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// embedded is the examples at work on the API server that they bring along.
type embedded struct {
	cmd    *exec.Cmd
	log    *bufio.Scanner
	stdout bytes.Buffer
	file   string
}

// startEmbedded starts them, and waits for the kubeconfig.
func startEmbedded(t *testing.T) *embedded {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &embedded{file: filepath.Join(t.TempDir(), "kubeconfig")}
	p.cmd = exec.CommandContext(t.Context(), self, "--embedded="+p.file, "--http", "", "--admin", "")
	p.cmd.Env = []string{asProgram + "=1", "KUBECONFIG=/no/such/file"}
	p.cmd.Stdout = &p.stdout
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.log = bufio.NewScanner(stderr)
	p.wait(t, "an API server in memory is running")
	return p
}

// wait reads the log up to a line with all the words.
func (p *embedded) wait(t *testing.T, words ...string) {
	t.Helper()
	var seen []string
next:
	for p.log.Scan() {
		seen = append(seen, p.log.Text())
		for _, w := range words {
			if !strings.Contains(p.log.Text(), w) {
				continue next
			}
		}
		return
	}
	t.Fatalf("no line of the log has all of %q:\n%s", words, strings.Join(seen, "\n"))
}

// The examples run without a cluster, others can change objects on their server, and nothing is left behind.
func TestEmbedded(t *testing.T) {
	p := startEmbedded(t)
	cfg, err := clientcmd.BuildConfigFromFlags("", p.file)
	if err != nil {
		t.Fatal(err)
	}
	web, err := rest.HTTPClientFor(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer web.CloseIdleConnections()
	client, err := kubernetes.NewForConfigAndClient(cfg, web)
	if err != nil {
		t.Fatal(err)
	}
	demo := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "demo"}}
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), demo, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	p.wait(t, "applied the defaults", `"object":"demo"`)
	greeting := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "greeting"}, Data: map[string]string{"text": "hello"}}
	if _, err := client.CoreV1().ConfigMaps("demo").Create(t.Context(), greeting, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	p.wait(t, "the greeting says", `"text":"hello"`)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.wait(t, `"msg":"stopped"`)
	for p.log.Scan() {
		t.Errorf("after the end it logs %s", p.log.Text())
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("the program ended with %v, want exit code 0", err)
	}
	if _, err := os.Stat(p.file); err == nil {
		t.Error("the kubeconfig is left behind")
	}
	for _, want := range []string{"  export KUBECONFIG=" + p.file, "  kubectl create namespace demo"} {
		if !strings.Contains(p.stdout.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, p.stdout.String())
		}
	}
}
