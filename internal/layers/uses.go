package layers

import (
	"go/ast"
	"path"
	"slices"
	"strconv"
)

// hidden is noted for an import whose names cannot be told apart from the
// package's own.
const hidden = "."

// usesOf adds to found the names that f uses of each of its imports.
func usesOf(f *ast.File, found map[string][]string) {
	imports := map[string]string{} // the name in this file -> import path
	for _, spec := range f.Imports {
		imp, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has seen to it
		}
		// The last element names the package: true of every import that a rule limits.
		local := path.Base(imp)
		if spec.Name != nil {
			local = spec.Name.Name
		}
		if local == "." {
			note(found, imp, hidden)
			continue
		}
		imports[local] = imp
	}
	ast.Inspect(f, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		// A variable of the name of an import would be taken for it. That errs on
		// the side of a finding, and no such name is needed.
		if x, ok := sel.X.(*ast.Ident); ok {
			if imp, ok := imports[x.Name]; ok {
				note(found, imp, sel.Sel.Name)
			}
		}
		return true
	})
}

func note(found map[string][]string, imp, name string) {
	if !slices.Contains(found[imp], name) {
		found[imp] = append(found[imp], name)
	}
}
