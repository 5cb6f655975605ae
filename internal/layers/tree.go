package layers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A Package is what the rules look at.
type Package struct {
	Path        string   // relative to the module's root
	Imports     []string // import paths, without the tests'
	TestImports []string // import paths of its tests
	// Uses are, by import path from outside, the names that the package uses of
	// it; "." stands for an import that hides them.
	Uses map[string][]string
}

// listed is what `go list -json` says of a package.
type listed struct {
	ImportPath   string   `json:"ImportPath"`
	Dir          string   `json:"Dir"`
	GoFiles      []string `json:"GoFiles"`
	Imports      []string `json:"Imports"`
	TestImports  []string `json:"TestImports"`
	XTestImports []string `json:"XTestImports"`
}

// Load reads all packages of the module at root, and of the modules nested in it,
// with the go command, end-to-end tests included. overlay is a file as for
// `go build -overlay`, or empty. It fails if a package cannot be loaded, or if
// the module at root has none.
func Load(ctx context.Context, root, overlay string) ([]Package, error) {
	tree, err := loadModule(ctx, root, overlay)
	if err != nil {
		return nil, err
	}
	if len(tree) == 0 {
		return nil, fmt.Errorf("no packages in %s", root)
	}
	nested, err := nestedModules(root)
	if err != nil {
		return nil, err
	}
	for _, dir := range nested {
		more, err := loadModule(ctx, dir, overlay)
		if err != nil {
			return nil, err
		}
		tree = append(tree, more...)
	}
	return tree, nil
}

// nestedModules returns the folders below root that have a go.mod of their own
// and Go code. A module without code only pins programs.
func nestedModules(root string) (dirs []string, err error) {
	code := map[string]bool{}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.Name() == "go.mod" && filepath.Dir(path) != filepath.Clean(root):
			dirs = append(dirs, filepath.Dir(path))
		case filepath.Ext(path) == ".go":
			for dir := filepath.Dir(path); len(dir) > len(filepath.Clean(root)); dir = filepath.Dir(dir) {
				code[dir] = true
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find nested modules: %w", err)
	}
	return slices.DeleteFunc(dirs, func(dir string) bool { return !code[dir] }), nil
}

// loadModule reads the packages of one module.
func loadModule(ctx context.Context, dir, overlay string) ([]Package, error) {
	replaced, err := readOverlay(overlay)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "go", "list", "-overlay="+overlay, "-tags=e2e", //nolint:gosec // a fixed command
		"-json=ImportPath,Dir,GoFiles,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list in %s: %w\n%s", dir, err, stderr.String())
	}

	var tree []Package
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		err := d.Decode(&l)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read what go list says: %w", err)
		}
		p, err := l.load(replaced)
		if err != nil {
			return nil, err
		}
		tree = append(tree, p)
	}
	return tree, nil
}

func (l listed) load(replaced map[string]string) (Package, error) {
	rel, ours := project(l.ImportPath)
	if !ours {
		return Package{}, fmt.Errorf("%s is not in module %s", l.ImportPath, Module)
	}
	p := Package{
		Path:        rel,
		Imports:     l.Imports,
		TestImports: slices.Concat(l.TestImports, l.XTestImports),
		Uses:        map[string][]string{},
	}
	for _, file := range l.GoFiles {
		at := filepath.Join(l.Dir, file)
		if instead, ok := replaced[at]; ok {
			at = instead
		}
		f, err := parser.ParseFile(token.NewFileSet(), at, nil, parser.SkipObjectResolution)
		if err != nil {
			return Package{}, fmt.Errorf("parse: %w", err)
		}
		usesOf(f, p.Uses)
	}
	return p, nil
}

// readOverlay returns what stands for what in a file for `go build -overlay`.
func readOverlay(file string) (map[string]string, error) {
	if file == "" {
		return map[string]string{}, nil
	}
	raw, err := os.ReadFile(file) //nolint:gosec // written by this package's test
	if err != nil {
		return nil, fmt.Errorf("read the overlay: %w", err)
	}
	var overlay struct {
		Replace map[string]string `json:"Replace"`
	}
	if err := json.Unmarshal(raw, &overlay); err != nil {
		return nil, fmt.Errorf("read the overlay: %w", err)
	}
	return overlay.Replace, nil
}
