package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRunRefuses(t *testing.T) {
	for want, args := range map[string][]string{
		"say what to build: controlplane, tools": nil,
		`unknown set "x"`:                        {"x"},
	} {
		var log strings.Builder
		if err := run(t.Context(), &log, args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", args, err, want)
		}
	}
	t.Chdir(t.TempDir())
	if err := run(t.Context(), &strings.Builder{}, []string{"tools"}); err == nil {
		t.Error("built something outside the project")
	}
}

func TestReadyMadeBinariesWin(t *testing.T) {
	t.Setenv("KUBEBUILDER_ASSETS", t.TempDir())
	var log strings.Builder
	if err := run(t.Context(), &log, []string{"controlplane"}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "KUBEBUILDER_ASSETS is set") {
		t.Errorf("got %q, want to be told that nothing is built", log.String())
	}
}

// The table builds what the nested modules pin, all of it and nothing else.
func TestSetsAreWhatIsPinned(t *testing.T) {
	for name, s := range sets() {
		out, err := goOutput(t.Context(), filepath.Join("..", "..", s.module), "mod", "edit", "-json")
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range s.programs {
			if !strings.Contains(out, `"Path": "`+p.pkg+`"`) {
				t.Errorf("%s: %s is not a tool of %s/go.mod", name, p.pkg, s.module)
			}
		}
		_, tools, _ := strings.Cut(out, `"Tool": [`)
		tools, _, _ = strings.Cut(tools, "]")
		if got := strings.Count(tools, `"Path"`); got != len(s.programs) {
			t.Errorf("%s: %s/go.mod has %d tools, the table %d programs", name, s.module, got, len(s.programs))
		}
	}
}

func TestLdflags(t *testing.T) {
	got, err := ldflags("v1.37.1")
	if err != nil {
		t.Fatal(err)
	}
	const version = "k8s.io/component-base/version."
	for _, want := range []string{version + "gitVersion=v1.37.1", version + "gitMajor=1", version + "gitMinor=37"} {
		if !slices.Contains(strings.Fields(got), want) {
			t.Errorf("got %q, want %q in it", got, want)
		}
	}
	if got, err := ldflags(""); err != nil || strings.Contains(got, "-X") {
		t.Errorf("no version: got %q, %v", got, err)
	}
	for _, wrong := range []string{"v1", "v1.37", "1..2", "(devel)"} {
		if got, err := ldflags(wrong); err == nil {
			t.Errorf("%s: got %q, want an error", wrong, got)
		}
	}
}

// module writes a module with one program into a project, and returns the
// project's root and the set that builds it.
func module(t *testing.T, source string) (root string, s set) {
	t.Helper()
	root = t.TempDir()
	for path, content := range map[string]string{
		"nested/go.mod":  "module example.com/nested\n\ngo 1.26.0\n",
		"nested/go.sum":  "",
		"nested/main.go": source,
	} {
		write(t, filepath.Join(root, path), content)
	}
	return root, set{module: "nested", out: "bin", programs: []program{{name: "hello", pkg: "example.com/nested"}}}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestBuildsOnceUntilSomethingChanges(t *testing.T) {
	root, s := module(t, "package main\n\nfunc main() {}\n")
	build := func() string {
		t.Helper()
		var log strings.Builder
		if err := s.build(t.Context(), &log, "set", root); err != nil {
			t.Fatal(err)
		}
		return log.String()
	}
	if log := build(); !strings.Contains(log, "hello: built in") {
		t.Errorf("first build: got %q", log)
	}
	info, err := os.Stat(filepath.Join(root, "bin", "hello"))
	if err != nil || info.Mode()&0o111 == 0 {
		t.Fatalf("no program: %v", err)
	}
	if log := build(); log != "" {
		t.Errorf("nothing changed: got %q, want nothing to be done", log)
	}

	write(t, filepath.Join(root, "nested", "go.sum"), "\n")
	if log := build(); !strings.Contains(log, "built in") {
		t.Errorf("other pins: got %q, want a build", log)
	}
	if err := os.Remove(filepath.Join(root, "bin", "hello")); err != nil {
		t.Fatal(err)
	}
	if log := build(); !strings.Contains(log, "built in") {
		t.Errorf("the program is gone: got %q, want a build", log)
	}
	s.programs[0].pkg += "/."
	if stamp, err := s.stamp(filepath.Join(root, "nested")); err != nil || s.fresh(filepath.Join(root, "bin"), stamp) {
		t.Errorf("another table: is fresh, %v", err)
	}
}

func TestFailedBuildSaysWhyAndLeavesTheOldBinary(t *testing.T) {
	root, s := module(t, "package main\n\nfunc main() { undefined() }\n")
	old := filepath.Join(root, "bin", "hello")
	write(t, old, "old")
	err := s.build(t.Context(), &strings.Builder{}, "set", root)
	if err == nil || !strings.Contains(err.Error(), "undefined") {
		t.Fatalf("got %v, want the compiler's words", err)
	}
	if got, err := os.ReadFile(old); err != nil || string(got) != "old" {
		t.Errorf("the old binary is %q, %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(root, "bin", stampFile)); err == nil {
		t.Error("a failed build was noted as done")
	}
}
