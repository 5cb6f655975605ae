package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// blocks finds what the README shows in one language.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	var out []string
	for _, m := range regexp.MustCompile("(?s)\n```"+language+"\n(.*?)```\n").FindAllStringSubmatch(read(t, "README.md"), -1) {
		out = append(out, m[1])
	}
	if len(out) == 0 {
		t.Fatalf("the README shows nothing in %s", language)
	}
	return out
}

// readmeModule makes a module of a program that the README shows, as the README says, but for the network: the
// versions are those of this project.
func readmeModule(t *testing.T, program string) string {
	t.Helper()
	dir := t.TempDir()
	self, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(read(t, "go.mod"), "\n")
	if !found {
		t.Fatal("go.mod is empty")
	}
	for name, text := range map[string]string{
		"main.go": program,
		"go.sum":  read(t, "go.sum"),
		"go.mod": "module example.com/hello\n" + rest +
			"\nrequire github.com/ancho-dev/ancho v0.0.0\n\nreplace github.com/ancho-dev/ancho => " + self + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// goIn runs the go command in a module and returns what it prints to its standard output.
func goIn(t *testing.T, dir string, args ...string) string {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String()
}

// What the README shows is what happens: its program is sound, and its plan is the one that is printed there.
func TestReadmeProgram(t *testing.T) {
	programs := blocks(t, "go")
	if len(programs) != 1 {
		t.Fatalf("the README shows %d programs; this test knows one", len(programs))
	}
	dir := readmeModule(t, programs[0])
	goIn(t, dir, "vet", ".")

	var got strings.Builder
	for line := range strings.Lines(goIn(t, dir, "run", ".", "--plan")) {
		got.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	if shown := blocks(t, "text"); !slices.Contains(shown, got.String()) {
		t.Errorf("the plan is\n%s\nthe README shows\n%s", got.String(), strings.Join(shown, "\n"))
	}
}

// The README's program is formatted as gofmt does.
func TestReadmeProgramIsFormatted(t *testing.T) {
	for _, program := range blocks(t, "go") {
		path := filepath.Join(t.TempDir(), "main.go")
		if err := os.WriteFile(path, []byte(program), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "gofmt", "-l", path).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("gofmt: %v %s", err, out)
		}
	}
}

// The two commands are targets of the Makefile.
func TestReadmeTargets(t *testing.T) {
	makefile := read(t, "Makefile")
	for _, target := range words(`\bmake ([a-z-]+)`, strings.Join(blocks(t, "sh"), "\n")) {
		if !strings.Contains(makefile, "\n"+target+":") {
			t.Errorf("the README says make %s, and the Makefile has no such target", target)
		}
	}
}
