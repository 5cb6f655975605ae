package watcher

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// Every Delta that says Gone is made by a constructor that has to state whether the object may have left the selection, but
// for the one that passes a DELETED event on.
func TestGoneIsMadeInOnePlace(t *testing.T) {
	made := map[string]int{}
	for _, dir := range []string{".", "internal/*", "../runtime", "../runtime/internal/*"} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				if l, ok := n.(*ast.CompositeLit); ok && named(l.Type) == "Delta" && saysGone(l) {
					made[filepath.Base(file)]++
				}
				return true
			})
		}
	}
	if made["gone.go"] != 2 || made["diff.go"] != 1 || len(made) != 2 {
		t.Errorf("a Gone is made in %v, want gone.go (2) and, for DELETED events, diff.go (1): use Missing or Replaced", made)
	}
}

// named is the last part of a type's or a constant's name.
func named(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	default:
		return ""
	}
}

func saysGone(l *ast.CompositeLit) bool {
	for _, e := range l.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok && named(kv.Key) == "Kind" && named(kv.Value) == "Gone" {
			return true
		}
	}
	return false
}
