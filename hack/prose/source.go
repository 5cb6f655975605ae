package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// checkGo checks the words of the doc comments of exported identifiers, and of the package.
func checkGo(file string, src []byte) ([]finding, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, src, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	if ast.IsGenerated(f) {
		return nil, nil
	}
	var out []finding
	for _, doc := range docs(f) {
		var lines []string
		for _, c := range doc.List {
			lines = append(lines, blankIndented(c.Text))
		}
		out = append(out, inText(strings.Join(lines, "\n"), fset.Position(doc.Pos()).Line)...)
	}
	return out, nil
}

// blankIndented takes the text of a comment's line, and nothing of one that go doc shows as code.
func blankIndented(line string) string {
	if strings.HasPrefix(line, "//\t") || strings.HasPrefix(line, "//  ") {
		return ""
	}
	return strings.TrimPrefix(line, "//")
}

// docs lists the doc comments that users read.
func docs(f *ast.File) []*ast.CommentGroup {
	var out []*ast.CommentGroup
	add := func(groups ...*ast.CommentGroup) {
		for _, g := range groups {
			if g != nil {
				out = append(out, g)
			}
		}
	}
	add(f.Doc)
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && (d.Recv == nil || receiver(d.Recv.List[0].Type)) {
				add(d.Doc)
			}
		case *ast.GenDecl:
			if slices.ContainsFunc(d.Specs, specExported) {
				add(d.Doc)
			}
			for _, s := range d.Specs {
				add(specDocs(s)...)
			}
		}
	}
	return out
}

// receiver reports whether a method's type is exported.
func receiver(t ast.Expr) bool {
	switch t := t.(type) {
	case *ast.StarExpr:
		return receiver(t.X)
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.IndexListExpr:
		return receiver(t.X)
	case *ast.Ident:
		return t.IsExported()
	}
	return false
}

func specExported(s ast.Spec) bool {
	switch s := s.(type) {
	case *ast.TypeSpec:
		return s.Name.IsExported()
	case *ast.ValueSpec:
		for _, n := range s.Names {
			if n.IsExported() {
				return true
			}
		}
	}
	return false
}

// specDocs are the comments of an exported type, constant or variable, and of the fields and methods in it.
func specDocs(s ast.Spec) []*ast.CommentGroup {
	if !specExported(s) {
		return nil
	}
	switch s := s.(type) {
	case *ast.ValueSpec:
		return []*ast.CommentGroup{s.Doc, s.Comment}
	case *ast.TypeSpec:
		out := []*ast.CommentGroup{s.Doc, s.Comment}
		var fields *ast.FieldList
		switch t := s.Type.(type) {
		case *ast.StructType:
			fields = t.Fields
		case *ast.InterfaceType:
			fields = t.Methods
		}
		if fields == nil {
			return out
		}
		for _, f := range fields.List {
			if len(f.Names) == 0 || f.Names[0].IsExported() {
				out = append(out, f.Doc, f.Comment)
			}
		}
		return out
	}
	return nil
}
