package runtime

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// mainWith runs the program with one good capability.
func mainWith(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	o := oneCapability(capability.When(kind.ConfigMap).Reconcile(ignoreMap))
	code = Main(append([]string{"/bin/program"}, args...), &out, &errs, o.Capabilities...)
	return code, out.String(), errs.String()
}

func TestMainRefuses(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "absent"))
	t.Setenv("HOME", t.TempDir())
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	broken := filepath.Join(t.TempDir(), "broken")
	if err := os.WriteFile(broken, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	contexts := filepath.Join(t.TempDir(), "contexts")
	if err := os.WriteFile(contexts, []byte(`{"clusters":[{"name":"c","cluster":{"server":"http://x"}}],"contexts":[{"name":"one","context":{"cluster":"c"}}],"current-context":"one"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--nonsense"}, ExitDeclared, "nonsense"},
		{[]string{"extra"}, ExitDeclared, "unexpected argument"},
		{[]string{"-o", "json"}, ExitDeclared, "goes with --plan, --rbac or --check"},
		{[]string{"--rbac", "-o", "table"}, ExitDeclared, "yaml or json"},
		{[]string{"--rbac", "--plan"}, ExitDeclared, "choose one"},
		{[]string{"--check", "--plan"}, ExitDeclared, "choose one"},
		{[]string{"--check", "--rbac"}, ExitDeclared, "choose one"},
		{[]string{"--check", "-o", "yaml"}, ExitDeclared, "table or json with --check"},
		{[]string{"--check", "--record", "x"}, ExitDeclared, "which writes nothing"},
		{[]string{"--check", "--release-finalizers"}, ExitDeclared, "does not go with"},
		{[]string{"--check", "--check-timeout", "0s"}, ExitDeclared, "above zero"},
		{[]string{"--check-timeout", "1s"}, ExitDeclared, "goes with --check"},
		{[]string{"--check"}, ExitFailed, "--kubeconfig FILE or --server URL"},
		{[]string{"--check", "--only", "other"}, ExitDeclared, "there are: c"},
		{[]string{"--rbac", "--record", "x"}, ExitDeclared, "does not go with --rbac"},
		{[]string{"--rbac", "--only", "other"}, ExitDeclared, "there are: c"},
		{[]string{"--rbac", "--service-account", "robot"}, ExitDeclared, "give namespace/name"},
		{[]string{"--rbac", "--service-account", "a/B"}, ExitDeclared, `the name "B" of the ServiceAccount`},
		{[]string{"--service-account", "a/b"}, ExitDeclared, "goes with --rbac"},
		{[]string{"--plan", "-o", "yaml"}, ExitDeclared, "table or json"},
		{[]string{"--log-level", "loud"}, ExitDeclared, "a number from 0 to 7"},
		{[]string{"--log-level", "-1"}, ExitDeclared, "a number from 0 to 7"},
		{[]string{"--log-level", "8"}, ExitDeclared, "choose 7 at most"},
		{[]string{"--log-format", "xml"}, ExitDeclared, "xml"},
		{[]string{"--plan", "--only", "other"}, ExitDeclared, "there are: c"},
		{[]string{"--server", "http://x", "--context", "y"}, ExitDeclared, "does not go with"},
		{[]string{"--plan", "--record", "x"}, ExitDeclared, "does not go with --plan"},
		{[]string{"--record="}, ExitDeclared, "name the file"},
		{[]string{"--grace-period=-5s"}, ExitDeclared, "give 0 or more"},
		{[]string{"--http=9999"}, ExitDeclared, `--http "9999": give an address with a port`},
		{[]string{"--admin=localhost"}, ExitDeclared, `--admin "localhost": give an address with a port`},
		{[]string{"--kubeconfig", os.DevNull}, ExitFailed, "--kubeconfig " + os.DevNull + ": the file names no cluster"},
		{[]string{"--record-secrets"}, ExitDeclared, "goes with --record FILE"},
		{[]string{"--server", "http://x", "--record", filepath.Join(broken, "no")}, ExitFailed, "--record: open"},
		{[]string{"--server", "nohost"}, ExitDeclared, "nohost"},
		{[]string{"--kubeconfig", contexts, "--context", "other"}, ExitDeclared, "--context other: "},
		{[]string{"--kubeconfig", broken}, ExitFailed, broken},
		{[]string{"--kubeconfig", broken + "-not"}, ExitFailed, broken + "-not"},
		{nil, ExitFailed, "--kubeconfig FILE or --server URL"},
		{[]string{"--only", "other"}, ExitDeclared, "there are: c"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			code, _, stderr := mainWith(t, c.args...)
			if code != c.code || !strings.Contains(stderr, c.says) {
				t.Errorf("exit %d and %q, want %d and something with %q", code, stderr, c.code, c.says)
			}
		})
	}
}

func TestMainHelps(t *testing.T) {
	code, _, stderr := mainWith(t, "--help")
	if code != ExitStopped || !strings.Contains(stderr, "Usage: program [flags]") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	for _, flag := range []string{"--only", "--kubeconfig", "--context", "--server", "--plan", "--rbac", "--service-account", "-o, --output", "--namespace", "--http", "--log-level", "--log-format", "--cbor", "--record", "--record-secrets"} {
		if !strings.Contains(stderr, flag) {
			t.Errorf("help lacks %s", flag)
		}
	}
}

func TestMainPlansWithoutACluster(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "absent"))
	code, stdout, stderr := mainWith(t, "--plan", "--namespace", "here")
	if code != ExitStopped || !strings.Contains(stdout, "/api/v1/namespaces/here/configmaps?watch=true") {
		t.Errorf("exit %d, %q, %q", code, stdout, stderr)
	}
}

func TestMainPrintsRightsWithoutACluster(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "absent"))
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--rbac"}, "  name: default:program\n"},
		{[]string{"--rbac", "--namespace", "here"}, "  name: program\n  namespace: here\n"},
		{[]string{"--rbac", "--service-account", "system/robot"}, "- kind: ServiceAccount\n  name: robot\n  namespace: system\n"},
		{[]string{"--rbac", "-o", "json"}, `"kind": "ClusterRole"`},
		{[]string{"--rbac", "--leader-elect"}, "  resourceNames:\n  - program\n  resources:\n  - leases\n"},
		{[]string{"--rbac", "--leader-elect", "--service-account", "system/robot"}, "  name: robot\n  namespace: system\nrules:\n# create for leader election: the runtime\n"},
		{[]string{"--rbac", "--leader-elect", "--leader-elect-resource-namespace", "locks"}, "  name: program\n  namespace: locks\n"},
	} {
		code, stdout, stderr := mainWith(t, c.args...)
		if code != ExitStopped || !strings.Contains(stdout, c.says) {
			t.Errorf("%q: exit %d, %q; want %q in %s", c.args, code, stderr, c.says, stdout)
		}
	}
}

func TestMainTellsAllMistakesTogether(t *testing.T) {
	var out, errs bytes.Buffer
	code := Main([]string{"p", "--plan"}, &out, &errs,
		func(capability.Env) *capability.Capability {
			return capability.New("one",
				capability.When(kind.ConfigMap).InNamespace("Not A Namespace").Watch(ignoreMap),
				capability.When(kind.Pod).Reconcile(nil))
		},
		func(capability.Env) *capability.Capability { return nil },
		func(capability.Env) *capability.Capability { panic("a mistake of its author") },
		nil,
	)
	if code != ExitDeclared {
		t.Errorf("exit %d, want %d", code, ExitDeclared)
	}
	for _, want := range []string{"Not A Namespace", "flags_test.go:", "returned no capability", "a mistake of its author", "the function is nil"} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, errs.String())
		}
	}
	if n := strings.Count(errs.String(), "flags_test.go:"); n < 4 {
		t.Errorf("%d places named, want one for each mistake that has one:\n%s", n, errs.String())
	}
}
