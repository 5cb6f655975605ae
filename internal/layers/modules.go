package layers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Modules are the modules of a program that uses the library, as paths without
// versions, sorted.
type Modules struct {
	// Compiled modules provide packages of the program.
	Compiled []string
	// Listed modules are in the module graph (`go list -m all`) because the go.mod of
	// a dependency names them. None of their code is compiled.
	Listed []string
	// Ours are the Listed modules that no dependency but this project names.
	Ours []string
}

// program imports what the first program in the README imports.
const program = `package main

import (
	_ "github.com/go-logr/logr"
	_ "k8s.io/api/core/v1"

	_ "` + Module + `"
	_ "` + Module + `/pkg/capability"
	_ "` + Module + `/pkg/kind"
)

func main() {}
`

// requirements are what a go.mod says, as `go mod edit -json` prints it.
type requirements struct {
	Go      string        `json:"Go"`
	Require []requirement `json:"Require"`
}

type requirement struct {
	Path    string `json:"Path"`
	Version string `json:"Version"`
}

// ModulesOf writes a program into the empty folder dir and returns its modules. Its
// go.mod is the one that `go mod tidy` writes, with this project as it lies at root.
func ModulesOf(ctx context.Context, root, dir string) (Modules, error) {
	required, err := readRequirements(ctx, root)
	if err != nil {
		return Modules{}, err
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum")) //nolint:gosec // of this project
	if err != nil {
		return Modules{}, fmt.Errorf("read the checksums: %w", err)
	}
	for name, text := range map[string]string{"main.go": program, "go.sum": string(sums)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return Modules{}, fmt.Errorf("write the program: %w", err)
		}
	}
	if err := required.write(root, dir, nil); err != nil {
		return Modules{}, err
	}
	var m Modules
	if m.Compiled, err = goLines(ctx, dir, "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "."); err != nil {
		return Modules{}, err
	}
	if err := required.write(root, dir, m.Compiled); err != nil {
		return Modules{}, err
	}
	all, err := goLines(ctx, dir, "list", "-m", "-f", "{{if not .Main}}{{.Path}}{{end}}", "all")
	if err != nil {
		return Modules{}, err
	}
	m.Listed = slices.DeleteFunc(all, func(path string) bool { return slices.Contains(m.Compiled, path) })
	edges, err := goLines(ctx, dir, "mod", "graph")
	if err != nil {
		return Modules{}, err
	}
	byOthers := map[string]bool{}
	for _, edge := range edges {
		if from, to, _ := strings.Cut(edge, " "); withoutVersion(from) != Module {
			byOthers[withoutVersion(to)] = true
		}
	}
	m.Ours = slices.DeleteFunc(slices.Clone(m.Listed), func(path string) bool { return byOthers[path] })
	return m, nil
}

// TestOnly returns the modules that the go.mod at root requires for its tests and
// programs alone: they provide nothing to the packages that users import.
func TestOnly(ctx context.Context, root string) ([]string, error) {
	required, err := readRequirements(ctx, root)
	if err != nil {
		return nil, err
	}
	used, err := goLines(ctx, root, "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".", "./pkg/...")
	if err != nil {
		return nil, err
	}
	var rest []string
	for _, r := range required.Require {
		if !slices.Contains(used, r.Path) {
			rest = append(rest, r.Path)
		}
	}
	slices.Sort(rest)
	return rest, nil
}

func readRequirements(ctx context.Context, root string) (requirements, error) {
	out, err := goOutput(ctx, root, "mod", "edit", "-json")
	if err != nil {
		return requirements{}, err
	}
	var r requirements
	if err := json.Unmarshal(out, &r); err != nil {
		return requirements{}, fmt.Errorf("read go.mod: %w", err)
	}
	return r, nil
}

// write writes the program's go.mod: with all requirements, or with those of
// some modules.
func (r requirements) write(root, dir string, only []string) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return fmt.Errorf("absolute path of %s: %w", root, err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "module example.com/hello\n\ngo %s\n\nrequire %s v0.0.0\n\nreplace %s => %s\n\nrequire (\n", r.Go, Module, Module, root)
	for _, m := range r.Require {
		if only == nil || slices.Contains(only, m.Path) {
			fmt.Fprintf(&b, "\t%s %s\n", m.Path, m.Version)
		}
	}
	b.WriteString(")\n")
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(b.String()), 0o600); err != nil {
		return fmt.Errorf("write the program's go.mod: %w", err)
	}
	return nil
}

// withoutVersion is the path of a node of `go mod graph`.
func withoutVersion(node string) string {
	path, _, _ := strings.Cut(node, "@")
	return path
}

// goLines returns the lines that a go command prints, each once, sorted.
func goLines(ctx context.Context, dir string, args ...string) ([]string, error) {
	out, err := goOutput(ctx, dir, args...)
	if err != nil {
		return nil, err
	}
	lines := slices.DeleteFunc(strings.Split(string(out), "\n"), func(line string) bool { return line == "" })
	slices.Sort(lines)
	return slices.Compact(lines), nil
}

func goOutput(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // fixed commands
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s in %s: %w\n%s", strings.Join(args, " "), dir, err, stderr.String())
	}
	return out, nil
}
