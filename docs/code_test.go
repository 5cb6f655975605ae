package docs

import (
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ancho-dev/ancho/docs/examples"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// before is code that pages show of another framework; TestCodeOfOthers compiles it.
const before = "docs/testdata/before"

// cutTo is what lines become that do not begin with as many tabs as are taken off: no page has it.
const cutTo = "\x00"

// unindented takes tabs off all lines of a file.
func unindented(text string, tabs int) string {
	prefix := strings.Repeat("\t", tabs)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		rest, ok := strings.CutPrefix(line, prefix)
		if !ok && line != "" {
			rest = cutTo
		}
		lines[i] = rest
	}
	return "\n" + strings.Join(lines, "\n")
}

// compiled is the code that pages may show: by file, with 0, 1, 2 ... tabs taken off.
func compiled(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, dir := range []string{"docs/examples", before, "examples", "pkg/anchotest"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
				return err
			}
			b, err := os.ReadFile(path)
			for tabs := range 4 {
				out[path] = append(out[path], unindented(string(b), tabs))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// fenced finds the blocks of a page in one language.
func fenced(page, language string) []string {
	var out []string
	for _, m := range regexp.MustCompile("(?s)\n```"+language+"\n(.*?)```\n").FindAllStringSubmatch(page, -1) {
		out = append(out, m[1])
	}
	return out
}

// programs are the pages whose code a test builds and runs as a program: TestReadmeProgram, and TestTutorial in test/tutorial.
var programs = []string{"README.md", "docs/tutorial.md"}

// What pages show in Go is compiled: its lines stand together in a file, with whatever tabs before them.
func TestGoBlocks(t *testing.T) {
	files := compiled(t)
	if len(files) < 10 {
		t.Fatalf("found %d files of code: this test looks in the wrong place", len(files))
	}
	shown := 0
	for page, text := range pages(t) {
		if slices.Contains(programs, page) {
			continue
		}
		for _, block := range fenced(text, "go") {
			shown++
			if !slices.ContainsFunc(slices.Collect(maps.Values(files)), func(forms []string) bool {
				return slices.ContainsFunc(forms, func(f string) bool { return strings.Contains(f, "\n"+block) })
			}) {
				t.Errorf("%s shows code that is in no file which a test compiles:\n%s", page, block)
			}
		}
	}
	if shown < 10 {
		t.Errorf("the pages show %d blocks of Go: this test does not find them", shown)
	}
}

// planOf is the table that --plan prints, without blanks at the ends of lines.
func planOf(t *testing.T, funcs ...capability.Func) string {
	t.Helper()
	p, err := runtime.PlanFor(runtime.Options{Capabilities: funcs})
	if err != nil {
		t.Fatal(err)
	}
	var table, out strings.Builder
	if err := p.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(table.String()) {
		out.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return out.String()
}

// The plans that pages show are those of the code beside them.
func TestPlans(t *testing.T) {
	var plans []string
	for _, f := range examples.All() {
		plans = append(plans, planOf(t, f))
	}
	shown := 0
	for page, text := range pages(t) {
		if slices.Contains(programs, page) {
			continue
		}
		for _, block := range fenced(text, "text") {
			if !strings.HasPrefix(block, "BINDING") {
				continue
			}
			shown++
			if !slices.Contains(plans, block) {
				t.Errorf("%s shows a plan that no example has:\n%sthey have\n%s", page, block, strings.Join(plans, "\n"))
			}
		}
	}
	if shown < 2 {
		t.Errorf("the pages show %d plans: this test does not find them", shown)
	}
}

// What pages show of controller-runtime compiles: with the versions that the benchmark uses, which has it as a dependency.
func TestCodeOfOthers(t *testing.T) {
	dir := t.TempDir()
	_, rest, found := strings.Cut(read(t, "hack/bench/go.mod"), "\n")
	if !found {
		t.Fatal("hack/bench/go.mod is empty")
	}
	self, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"go.mod": "module example.com/before\n" + strings.Replace(rest, "=> ../..", "=> "+self, 1),
		"go.sum": read(t, "hack/bench/go.sum"),
	}
	entries, err := os.ReadDir(filepath.Join(root, before))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		files[e.Name()] = read(t, filepath.Join(before, e.Name()))
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "vet", ".")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("go vet: %v\n%s", err, out)
	}
}
