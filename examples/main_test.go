package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/ancho-dev/ancho/pkg/runtime"
)

// update writes the golden files instead of comparing with them: go test ./examples -update.
var update = flag.Bool("update", false, "write the golden files")

// asProgram in the environment makes this test binary the program that main makes.
const asProgram = "ANCHO_EXAMPLES_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main() // it ends the process
	}
	goleak.VerifyTestMain(m)
}

// program runs main in a process of its own, far from any cluster.
func program(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = []string{asProgram + "=1", "HOME=" + t.TempDir()}
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// golden compares with a file. Blanks at the ends of lines are the table's.
func golden(t *testing.T, name, got string) {
	t.Helper()
	var lines []string
	for line := range strings.Lines(got) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	got = strings.Join(lines, "\n") + "\n"
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("not as in %s (go test ./examples -update writes it anew); got:\n%s", path, got)
	}
}

func TestPlanTable(t *testing.T) {
	stdout, stderr, code := program(t, "--plan")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	golden(t, "plan.txt", stdout)
}

func TestPlanJSON(t *testing.T) {
	stdout, stderr, code := program(t, "--plan", "-o", "json")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	golden(t, "plan.json", stdout)
	var p runtime.Plan
	if err := json.Unmarshal([]byte(stdout), &p); err != nil {
		t.Fatal(err)
	}
	streams := map[string][]string{}
	for _, b := range p {
		streams[b.Binding] = b.Streams
		for _, s := range b.Streams {
			if strings.Contains(s, "=&") || strings.HasSuffix(s, "=") {
				t.Errorf("%s: an empty parameter in %s", b.Binding, s)
			}
		}
	}
	shared := []string{"/api/v1/namespaces/demo/pods?watch=true"}
	for _, name := range []string{"new-pods", "gone-pods", "web-pods"} {
		if !slices.Equal(streams[name], shared) {
			t.Errorf("%s is served by %q, want the stream that it shares: %q", name, streams[name], shared)
		}
	}
	if both := streams["web-running"]; len(both) != 1 || !strings.HasSuffix(both[0], "fieldSelector=metadata.name%3Dweb%2Cstatus.phase%3DRunning") {
		t.Errorf("web-running is served by %q, want both selectors in one fieldSelector", both)
	}
	if n := p.Streams(); n != 9 {
		t.Errorf("%d streams, want 9", n)
	}
}

// account is the ServiceAccount that config/ makes.
const account = "ancho-examples/examples"

func TestRBAC(t *testing.T) {
	deployed := filepath.Join("..", "..", "config", "rbac", "rbac.yaml") // what config/ gives is what is needed
	for format, file := range map[string]string{"yaml": deployed, "json": "rbac.json"} {
		stdout, stderr, code := program(t, "--rbac", "--leader-elect", "--leader-elect-resource-name", "examples", "--service-account", account, "-o", format)
		if code != 0 || stderr != "" {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		golden(t, file, stdout)
	}
}

func TestPlanOfOneCapability(t *testing.T) {
	stdout, _, code := program(t, "--plan", "--only", "namespaces")
	if code != 0 || strings.Contains(stdout, "hello/") || !strings.Contains(stdout, "1 binding, 1 stream") {
		t.Errorf("exit code %d:\n%s", code, stdout)
	}
}

func TestExitCodes(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"help":                     {[]string{"--help"}, 0, "--kubeconfig"},
		"unknown flag":             {[]string{"--no-such-flag"}, 2, "unknown flag"},
		"unknown capability":       {[]string{"--only", "nobody"}, 2, "hello, namespaces, webapp"},
		"outside of its namespace": {[]string{"--plan", "--namespace", "elsewhere"}, 2, `namespace "demo" is outside the program's namespace "elsewhere"`},
		"no cluster":               {nil, 1, "no cluster to talk to"},
	} {
		t.Run(name, func(t *testing.T) {
			_, stderr, code := program(t, c.args...)
			if code != c.code || !strings.Contains(stderr, c.says) {
				t.Errorf("exit code %d, want %d and %q:\n%s", code, c.code, c.says, stderr)
			}
		})
	}
}
