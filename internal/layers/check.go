package layers

import (
	"fmt"
	"slices"
	"strings"
)

// Check returns what in the tree breaks a rule, one sentence each, sorted; none
// if all is well. A rule that no package falls under, and a package without a
// rule, are breaches too: a check that looks at nothing must not pass.
func Check(rules []Rule, tree []Package) []string {
	var found []string
	seen := make([]bool, len(rules))
	for _, p := range tree {
		at := ruleFor(rules, p.Path)
		if at < 0 {
			found = append(found, fmt.Sprintf("%s has no rule: add one to internal/layers", name(p.Path)))
			continue
		}
		seen[at] = seen[at] || len(p.Imports)+len(p.TestImports) > 0
		found = append(found, rules[at].check(p)...)
	}
	for i, r := range rules {
		if !seen[i] {
			found = append(found, fmt.Sprintf("no package with imports at %s: the rule checks nothing", name(r.Path)))
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// check returns the breaches of r in one package.
func (r Rule) check(p Package) []string {
	var found []string
	for _, imp := range p.Imports {
		path, ours := project(imp)
		switch {
		case ours && !r.mayUse(p.Path, path):
			found = append(found, fmt.Sprintf("%s imports %s", name(p.Path), name(path)))
		case !ours && underAny(r.Denied, imp) && !underAny(r.Allowed, imp):
			found = append(found, fmt.Sprintf("%s imports %s", name(p.Path), imp))
		}
	}
	for _, imp := range p.TestImports {
		if path, ours := project(imp); ours && !r.mayUse(p.Path, path) && !underAny(r.Tests, path) {
			found = append(found, fmt.Sprintf("a test of %s imports %s", name(p.Path), name(path)))
		}
	}
	for imp, allowed := range r.Names {
		used := p.Uses[imp]
		if len(used) == 0 && slices.Contains(p.Imports, imp) {
			// The compiler wants every import to be used, so this did not see it.
			used = []string{"something"}
		}
		for _, n := range used {
			if !slices.Contains(allowed, n) {
				found = append(found, fmt.Sprintf("%s uses %s of %s", name(p.Path), n, imp))
			}
		}
	}
	return found
}

// mayUse reports whether the package at from may import the project's package
// at to. What is under one rule is one layer.
func (r Rule) mayUse(from, to string) bool {
	if r.Free || from == to || (r.Path != "" && under(r.Path, to)) {
		return true
	}
	return underAny(r.Project, to)
}

// ruleFor returns the index of the rule with the longest path that path falls
// under, or -1.
func ruleFor(rules []Rule, path string) int {
	at := -1
	for i, r := range rules {
		if under(r.Path, path) && (at < 0 || len(r.Path) > len(rules[at].Path)) {
			at = i
		}
	}
	return at
}

// under reports whether path is dir or below it. The root has nothing below it.
func under(dir, path string) bool {
	return path == dir || (dir != "" && strings.HasPrefix(path, dir+"/"))
}

func underAny(dirs []string, path string) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool { return under(dir, path) })
}

// project returns the path of an import relative to the module's root, if it is
// one of this project.
func project(imp string) (path string, ours bool) {
	if imp == Module {
		return "", true
	}
	return strings.CutPrefix(imp, Module+"/")
}

func name(path string) string {
	if path == "" {
		return "the root package"
	}
	return path
}
