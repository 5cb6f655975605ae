package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// watcherFiles are the sources of the rooms of package watcher.
func watcherFiles(t *testing.T) []*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, "pkg", "watcher", "internal", "*", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// reasons are the constants of type Reason: name and value.
func reasons(files []*ast.File) map[string]string {
	out := map[string]string{}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "Reason" {
				return true
			}
			for i, name := range spec.Names[:len(spec.Values)] { // a variable has none
				if lit, ok := spec.Values[i].(*ast.BasicLit); ok {
					out[name.Name], _ = strconv.Unquote(lit.Value)
				}
			}
			return true
		})
	}
	return out
}

// blocking are the reasons of the actions that block a stream: action{..., reason: R, ..., block: ...}.
func blocking(files []*ast.File) map[string]bool {
	out := map[string]bool{}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			if typ, ok := lit.Type.(*ast.Ident); !ok || typ.Name != "action" {
				return true
			}
			reason, blocks := "", false
			for _, e := range lit.Elts {
				kv, ok := e.(*ast.KeyValueExpr)
				if !ok {
					continue
				}
				key, _ := kv.Key.(*ast.Ident)
				value := reasonOf(kv.Value)
				switch {
				case key == nil:
				case key.Name == "block":
					blocks = true
				case key.Name == "reason" && value != "":
					reason = value
				}
			}
			if blocks {
				out[reason] = true
			}
			return true
		})
	}
	return out
}

// reasonOf is the name of a constant, of this package or another; "" if it is none.
func reasonOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// The page names every reason; those that block have a row in the table that says what to do.
func TestReasons(t *testing.T) {
	files := watcherFiles(t)
	all := reasons(files)
	named(t, "docs/streams.md", "reason", slices.Sorted(maps.Values(all)))

	_, section, found := strings.Cut(read(t, "docs/streams.md"), "## Blocked streams")
	if !found {
		t.Fatal("docs/streams.md has no section on blocked streams")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	blocks := blocking(files)
	if len(blocks) < 5 {
		t.Fatalf("found %d reasons that block, which cannot be all: this test looks in the wrong place", len(blocks))
	}
	rows := words("(?m)^\\| `(\\w+)` \\| [^|]+ \\| [^|]+ \\|$", section)
	for name := range blocks {
		value, known := all[name]
		if !known {
			t.Errorf("a stream may be blocked for %q, which is no constant of type Reason", name)
		} else if !slices.Contains(rows, value) {
			t.Errorf("docs/streams.md does not say what to do about streams that are blocked as %s", code(value))
		}
	}
	for _, row := range rows {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(blocks)), func(name string) bool { return all[name] == row }) {
			t.Errorf("docs/streams.md says that %s blocks a stream, which it does not", code(row))
		}
	}
}
