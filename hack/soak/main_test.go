package main

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == subjectArg { // this program, started by one of its tests
		main()
	}
	goleak.VerifyTestMain(m)
}

func TestArguments(t *testing.T) {
	o, err := parseArgs([]string{"--minutes", "2.5", "--seed", "7"}, io.Discard)
	if err != nil || o.duration != 150*time.Second || o.seed != 7 {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err := parseArgs(nil, io.Discard); err != nil || o.duration != 10*time.Minute {
		t.Errorf("without arguments: %+v, %v", o, err)
	}
	for _, wrong := range [][]string{{"--minutes", "0"}, {"--minutes", "-1"}, {"--minutes", "NaN"}, {"--minutes", "x"}, {"more"}, {"--what"}} {
		if code := run(wrong, io.Discard, io.Discard); code != exitUsage {
			t.Errorf("%q: exit code %d, want %d", wrong, code, exitUsage)
		}
	}
	if code := run([]string{"--help"}, io.Discard, io.Discard); code != exitHeld {
		t.Errorf("--help: exit code %d", code)
	}
}

// The bindings are those that the ledger knows, and every one has a stream or rides on one.
func TestTheSubjectIsDeclaredWell(t *testing.T) {
	p, err := runtime.PlanFor(runtime.Options{Capabilities: []capability.Func{subject(io.Discard)}})
	if err != nil {
		t.Fatal(err)
	}
	l := newLedger()
	if len(p) != len(l.last) {
		t.Errorf("%d bindings, and the ledger knows %d", len(p), len(l.last))
	}
	for _, b := range p {
		if l.last[strings.TrimPrefix(b.Binding, "soak/")] == nil {
			t.Errorf("the ledger does not know %q", b.Binding)
		}
	}
}

func TestWhatTheSubjectTells(t *testing.T) {
	var out strings.Builder
	tell := func(binding string, e capability.EventType, o kind.Object) error {
		_, err := out.WriteString(strings.Join([]string{binding, string(e), string(o.GetUID()), o.GetResourceVersion()}, " "))
		return err
	}
	o := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{UID: "u", ResourceVersion: "3"}}
	err := telling(latest, tell, kind.ConfigMap)(t.Context(), capability.Event[*corev1.ConfigMap]{Type: capability.Added, Object: o})
	if err != nil {
		t.Fatal(err)
	}
	if err := newLedger().add(out.String()); err != nil {
		t.Errorf("the ledger cannot read it: %v", err)
	}
}

// The name that the certificate is checked for stays the server's.
func TestKubeconfig(t *testing.T) {
	for _, host := range []string{"https://10.1.2.3:6443", "10.1.2.3:6443"} {
		cfg := &rest.Config{Host: host}
		cfg.CAData, cfg.CertData, cfg.KeyData = []byte("ca"), []byte("cert"), []byte("key")
		path, err := kubeconfig(t.TempDir(), cfg, "127.0.0.1:99")
		if err != nil {
			t.Fatal(err)
		}
		got, err := clientcmd.BuildConfigFromFlags("", path)
		if err != nil {
			t.Fatal(err)
		}
		if got.Host != "https://127.0.0.1:99" || got.ServerName != "10.1.2.3" || string(got.CertData) != "cert" {
			t.Errorf("%s: host %s, server name %s, certificate %q", host, got.Host, got.ServerName, got.CertData)
		}
	}
	if _, err := kubeconfig(t.TempDir(), &rest.Config{Host: "nowhere"}, "127.0.0.1:99"); err == nil {
		t.Error("a server without a port: no error")
	}
}

// A subject that cannot run is found out, with what it says.
func TestTheEndOfTheSubject(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p, err := startProcess(ctx, "/no/such/kubeconfig", newLedger().read)
	if err != nil {
		t.Fatal(err)
	}
	<-p.ended
	if err := p.alive(); err == nil || !strings.Contains(err.Error(), "/no/such/kubeconfig") {
		t.Errorf("got %v, want what the subject says", err)
	}
	if _, _, err := p.measure(ctx, 1); err == nil {
		t.Error("a subject that never served was measured")
	}
}

func TestLogKeepsBeginningAndEnd(t *testing.T) {
	var l logTail
	for range 3 * keep {
		if n, err := l.Write([]byte("x")); n != 1 || err != nil {
			t.Fatal(n, err)
		}
	}
	if n, err := l.Write([]byte("end")); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	if s := l.String(); len(s) != 2*keep || !strings.HasSuffix(s, "xend") {
		t.Errorf("kept %d bytes, ending in %q", len(s), s[len(s)-4:])
	}
}
