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
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// A Package is what the rules look at.
type Package struct {
	Path        string   // relative to the module's root
	Imports     []string // import paths, without those of tests
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

// Load reads all packages of the module at root with the go command, end-to-end
// tests included. overlay is a file as for `go build -overlay`, or empty. It
// fails if a package cannot be loaded, or if there is none.
func Load(ctx context.Context, root, overlay string) ([]Package, error) {
	replaced, err := readOverlay(overlay)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "go", "list", "-overlay="+overlay, "-tags=e2e", //nolint:gosec // a fixed command
		"-json=ImportPath,Dir,GoFiles,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, stderr.String())
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
	if len(tree) == 0 {
		return nil, fmt.Errorf("no packages in %s", root)
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
