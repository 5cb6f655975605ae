package runtime

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/plan"
)

// toy is an embedded server that serves nothing, and notes what is asked of it.
type toy struct {
	address    string
	registered []string
	closed     int
}

func (s *toy) Register(kinds ...kind.Any) {
	for _, k := range kinds {
		s.registered = append(s.registered, k.Resource().String())
	}
}
func (s *toy) Config() *rest.Config { return &rest.Config{Host: s.address} }
func (s *toy) Kubeconfig() []byte   { return kubeconfigOf(s.address, "") }
func (s *toy) Close() error         { s.closed++; return nil }

// kubeconfigOf is a kubeconfig for a server, with what a user has there.
func kubeconfigOf(address, user string) []byte {
	return []byte("apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n" +
		"clusters: [{name: a, cluster: {server: '" + address + "'}}]\nusers: [{name: a, user: {" + user + "}}]\n")
}

// deadAddress is one where nobody listens.
func deadAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // at once
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return "http://" + l.Addr().String()
}

// embeddedMain runs a program with these flags that has the server for --embedded.
func embeddedMain(t *testing.T, s *toy, c capability.Func, args ...string) (code int, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	p := Program{Capabilities: []capability.Func{c}, Embedded: func() (EmbeddedServer, error) { return s, nil }}
	return p.Main(append([]string{"program"}, args...), &out, &errs), errs.String()
}

var gadget = kind.Unstructured(schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Gadget"})

func good(capability.Env) *capability.Capability {
	return capability.New("c",
		capability.When(kind.ConfigMap).InNamespace("demo", "default").Reconcile(ignoreMap),
		capability.When(gadget).Watch(func(context.Context, capability.Event[*unstructured.Unstructured]) error { return nil }))
}

func TestEmbeddedFlags(t *testing.T) {
	for _, c := range []struct{ args, says string }{
		{"--embedded --kubeconfig x", "does not go with --kubeconfig"},
		{"--embedded=y --context x", "does not go with"},
		{"--embedded --server http://x", "does not go with"},
		{"--embedded --plan", "does not go with --plan"},
		{"--embedded=", "name the kubeconfig"},
		{"--embedded some.file", "--embedded=some.file"},
	} {
		s := &toy{}
		if code, stderr := embeddedMain(t, s, good, strings.Fields(c.args)...); code != ExitDeclared || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: exit %d and %q, want %d and something with %q", c.args, code, stderr, ExitDeclared, c.says)
		}
	}
	if code, _, stderr := mainWith(t, "--embedded"); code != ExitDeclared || !strings.Contains(stderr, "unknown flag") {
		t.Errorf("a program without such a server: exit %d, %q", code, stderr)
	}
}

// All that the bindings watch is served, before anything is asked for; and the server is closed, however it ends.
func TestEmbeddedRegistersAndCloses(t *testing.T) {
	s := &toy{address: deadAddress(t)}
	taken := filepath.Join(t.TempDir(), "taken")
	if err := os.WriteFile(taken, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stderr := embeddedMain(t, s, good, "--embedded="+taken)
	if code != ExitFailed || !strings.Contains(stderr, taken+" is there already") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	if want := []string{"configmaps", "gadgets.example.com"}; !slices.Equal(s.registered, want) || s.closed != 1 {
		t.Errorf("registered %q, want %q; closed %d times", s.registered, want, s.closed)
	}
	if text, err := os.ReadFile(taken); err != nil || string(text) != "mine" {
		t.Errorf("somebody's file is now %q, %v", text, err)
	}
	wrong := func(capability.Env) *capability.Capability {
		return capability.New("c", capability.When(kind.ConfigMap).Reconcile(nil))
	}
	file := filepath.Join(t.TempDir(), "file")
	if code, stderr := embeddedMain(t, s, wrong, "--embedded="+file); code != ExitDeclared || s.closed != 2 {
		t.Errorf("a wrong declaration: exit %d, %s, closed %d times", code, stderr, s.closed)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a program that did not start left its file behind")
	}
	p := Program{Capabilities: []capability.Func{good}, Embedded: func() (EmbeddedServer, error) { return nil, errors.New("no port is free") }}
	var errs bytes.Buffer
	if code := p.Main([]string{"program", "--embedded"}, &errs, &errs); code != ExitFailed || !strings.Contains(errs.String(), "--embedded: no port is free") {
		t.Errorf("a server that does not open: exit %d, %s", code, errs.String())
	}
}

func TestInvitation(t *testing.T) {
	compiled, err := declared(Options{Capabilities: []capability.Func{good}}, capability.Env{})
	if err != nil {
		t.Fatal(err)
	}
	got := invitation("/some where/it's", plan.New(compiled))
	for _, want := range []string{
		`  export KUBECONFIG='/some where/it'\''s'` + "\n",
		"  kubectl create namespace demo\n  kubectl get configmaps,gadgets.example.com --all-namespaces\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if got := invitation("/tmp/a.b", plan.New(compiled)); !strings.Contains(got, "KUBECONFIG=/tmp/a.b\n") {
		t.Error(got)
	}
}
