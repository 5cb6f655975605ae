package surface

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Names lists what the packages below a root export, a line each: the package's folder, and the name of a constant, a variable, a function,
// a type, a method ("Type.Method") or a field ("Type.Field"). Internal packages, tests and nested modules are left out.
func Names(root string) (out []string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if path != root && skipped(path) {
			return fs.SkipDir
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		names, err := ofFolder(path)
		for _, n := range names {
			out = append(out, filepath.ToSlash(rel)+" "+n)
		}
		return err
	})
	slices.Sort(out)
	return slices.Compact(out), err
}

// skipped reports whether a folder holds nothing that others can import.
func skipped(path string) bool {
	base := filepath.Base(path)
	if base == "internal" || base == "testdata" || strings.HasPrefix(base, ".") {
		return true
	}
	_, err := os.Stat(filepath.Join(path, "go.mod"))
	return err == nil
}

func ofFolder(path string) (out []string, err error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	set := token.NewFileSet()
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, filepath.Join(path, e.Name()), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		if f.Name.Name == "main" {
			return nil, nil
		}
		for _, d := range f.Decls {
			out = append(out, ofDeclaration(d)...)
		}
	}
	return out, nil
}

func ofDeclaration(d ast.Decl) (out []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		name := d.Name.Name
		if d.Recv != nil {
			on := receiver(d.Recv.List[0].Type)
			if !ast.IsExported(on) {
				return nil
			}
			name = on + "." + name
		}
		if d.Name.IsExported() {
			out = append(out, name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			out = append(out, ofSpec(s)...)
		}
	}
	return out
}

func ofSpec(s ast.Spec) (out []string) {
	switch s := s.(type) {
	case *ast.ValueSpec:
		for _, n := range s.Names {
			if n.IsExported() {
				out = append(out, n.Name)
			}
		}
	case *ast.TypeSpec:
		if !s.Name.IsExported() {
			return nil
		}
		name := s.Name.Name
		if s.Assign.IsValid() {
			name += " (alias)"
		}
		out = append(out, name)
		for _, member := range members(s.Type) {
			out = append(out, s.Name.Name+"."+member)
		}
	}
	return out
}

// members are the exported fields of a struct, and the exported methods of an interface.
func members(t ast.Expr) (out []string) {
	var fields *ast.FieldList
	switch t := t.(type) {
	case *ast.StructType:
		fields = t.Fields
	case *ast.InterfaceType:
		fields = t.Methods
	default:
		return nil
	}
	for _, f := range fields.List {
		for _, n := range f.Names {
			if n.IsExported() {
				out = append(out, n.Name)
			}
		}
		if len(f.Names) == 0 {
			if n := receiver(f.Type); ast.IsExported(n) {
				out = append(out, n+" (embedded)")
			}
		}
	}
	return out
}

// receiver is the name of a type, without pointers, parameters and its package.
func receiver(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.StarExpr:
		return receiver(t.X)
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.IndexListExpr:
		return receiver(t.X)
	case *ast.SelectorExpr:
		return t.Sel.Name
	case *ast.Ident:
		return t.Name
	}
	return fmt.Sprintf("%T", t)
}
