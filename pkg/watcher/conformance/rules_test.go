package conformance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"testing"
)

// ruleCount is the number of rules in the protocol's list.
const ruleCount = 56

// Every rule is shown by a case, or is not for a server to show, and then there is the test that is said to have it.
func TestEveryRuleIsAccountedFor(t *testing.T) {
	shown := map[int]bool{}
	for _, c := range Cases() {
		for _, n := range c.Rules {
			shown[n] = true
		}
	}
	names := streamTests(t)
	for _, r := range notForAServer() {
		if shown[r.rule] {
			t.Errorf("rule %d is shown by a case, and said not to be", r.rule)
		}
		if !slices.Contains(names, r.test) {
			t.Errorf("rule %d: there is no test %s", r.rule, r.test)
		}
		shown[r.rule] = true
	}
	for n := 1; n <= ruleCount; n++ {
		if !shown[n] {
			t.Errorf("rule %d is shown by no case", n)
		}
		delete(shown, n)
	}
	for n := range shown {
		t.Errorf("there is no rule %d", n)
	}
}

// streamTests are the tests of the rooms of package watcher.
func streamTests(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../internal/*/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				names = append(names, fn.Name.Name)
			}
		}
	}
	return names
}

// Names and the namespaces made of them tell cases apart, and reasons are given.
func TestCasesAreToldApart(t *testing.T) {
	names, spaces := map[string]bool{}, map[string]bool{}
	for _, c := range Cases() {
		if names[c.Name] || spaces[namespaceOf(c.Name)] {
			t.Errorf("there are two cases %q", c.Name)
		}
		names[c.Name], spaces[namespaceOf(c.Name)] = true, true
		for rig, why := range c.NotShownBy {
			if why == "" {
				t.Errorf("%s: no reason why %s does not show it", c.Name, rig)
			}
		}
	}
	if len(names) < 100 {
		t.Errorf("%d cases", len(names))
	}
}
