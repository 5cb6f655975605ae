package layers_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ancho-dev/ancho/internal/layers"
)

const root = "../.."

func load(t *testing.T, overlay string) []layers.Package {
	t.Helper()
	tree, err := layers.Load(t.Context(), root, overlay)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// The check itself.
func TestTheTreeKeepsTheLayers(t *testing.T) {
	for _, breach := range layers.Check(layers.Rules(), load(t, "")) {
		t.Error(breach)
	}
}

// What the check looks at is there: without these, a breach could not be seen.
func TestTheTreeIsSeen(t *testing.T) {
	tree := load(t, "")
	for from, to := range map[string]string{
		"":               "pkg/runtime",
		"pkg/runtime":    "pkg/capability",
		"pkg/capability": "pkg/kind",
		"pkg/watcher":    "pkg/kind",
		"hack/bench":     "internal/testenv", // a nested module
	} {
		i := slices.IndexFunc(tree, func(p layers.Package) bool { return p.Path == from })
		if i < 0 {
			t.Errorf("package %q was not loaded", from)
			continue
		}
		if !slices.Contains(tree[i].Imports, layers.Module+"/"+to) {
			t.Errorf("the import of %s by %q was not seen", to, from)
		}
	}
	i := slices.IndexFunc(tree, func(p layers.Package) bool { return p.Path == "test/e2e" })
	if i < 0 || !slices.Contains(tree[i].TestImports, layers.Module+"/internal/testenv") {
		t.Error("the end-to-end tests, in a nested module, were not seen")
	}
	i = slices.IndexFunc(tree, func(p layers.Package) bool { return p.Path == "pkg/capability" })
	if i < 0 || !slices.Contains(tree[i].Uses["k8s.io/client-go/rest"], "Config") {
		t.Error("that pkg/capability uses rest.Config was not seen")
	}
}

// Files that break rules, put into the real tree, are found.
func TestForbiddenEdgesAreCaught(t *testing.T) {
	cases := map[string]struct{ file, source, want string }{
		"kind to watcher": {
			"pkg/kind/zz_forbidden_test.go", "package kind_test\nimport _ \"github.com/ancho-dev/ancho/pkg/watcher\"",
			"a test of pkg/kind imports pkg/watcher",
		},
		"watcher to queue": {
			"pkg/watcher/zz_forbidden.go", "package watcher\nimport _ \"github.com/ancho-dev/ancho/pkg/queue\"",
			"pkg/watcher imports pkg/queue",
		},
		"watcher to the test environment, in no test": {
			"pkg/watcher/zz_testenv.go", "package watcher\nimport _ \"github.com/ancho-dev/ancho/internal/testenv\"",
			"pkg/watcher imports internal/testenv",
		},
		"a package within watcher to queue": {
			"pkg/watcher/internal/zz/zz.go", "package zz\nimport _ \"github.com/ancho-dev/ancho/pkg/queue\"",
			"pkg/watcher/internal/zz imports pkg/queue",
		},
		"queue to the API types": {
			"pkg/queue/zz_forbidden.go", "package queue\nimport _ \"k8s.io/apimachinery/pkg/types\"",
			"pkg/queue imports k8s.io/apimachinery/pkg/types",
		},
		"capability to the net": {
			"pkg/capability/zz_forbidden.go", "package capability\nimport _ \"net/http\"",
			"pkg/capability imports net/http",
		},
		"capability opens a connection": {
			"pkg/capability/zz_connects.go", "package capability\nimport z \"k8s.io/client-go/rest\"\nvar _ = z.HTTPClientFor",
			"pkg/capability uses HTTPClientFor of k8s.io/client-go/rest",
		},
		"capability hides what it uses": {
			"pkg/capability/zz_hides.go", "package capability\nimport . \"k8s.io/client-go/rest\"\nvar _ = HTTPClientFor",
			"pkg/capability uses . of k8s.io/client-go/rest",
		},
		"library to the test environment": {
			"pkg/runtime/zz_forbidden.go", "package runtime\nimport _ \"github.com/ancho-dev/ancho/internal/testenv\"",
			"pkg/runtime imports internal/testenv",
		},
		"end-to-end test in the library": {
			"pkg/runtime/zz_forbidden_test.go",
			"//go:build e2e\n\npackage runtime_test\nimport _ \"github.com/ancho-dev/ancho/internal/testenv\"",
			"a test of pkg/runtime imports internal/testenv",
		},
		"root to the wire": {
			"zz_forbidden.go", "package ancho\nimport _ \"github.com/ancho-dev/ancho/pkg/watcher\"",
			"the root package imports pkg/watcher",
		},
		"a room of the runtime to what joins it": {
			"pkg/runtime/internal/replicas/zz_back_test.go",
			"package replicas_test\nimport _ \"github.com/ancho-dev/ancho/pkg/runtime\"",
			"a test of pkg/runtime/internal/replicas imports pkg/runtime",
		},
		"a binding to the dispatcher": {
			"pkg/runtime/internal/binding/zz_back_test.go",
			"package binding_test\nimport _ \"github.com/ancho-dev/ancho/pkg/runtime/internal/dispatch\"",
			"a test of pkg/runtime/internal/binding imports pkg/runtime/internal/dispatch",
		},
		"the dispatcher to the command line": {
			"pkg/runtime/internal/dispatch/zz_forbidden.go",
			"package dispatch\nimport _ \"github.com/ancho-dev/ancho/pkg/runtime/internal/cli\"",
			"pkg/runtime/internal/dispatch imports pkg/runtime/internal/cli",
		},
		"what a stream remembers to the stream": {
			"pkg/watcher/internal/index/zz_back_test.go",
			"package index_test\nimport _ \"github.com/ancho-dev/ancho/pkg/watcher\"",
			"a test of pkg/watcher/internal/index imports pkg/watcher",
		},
		"the client to the state machine": {
			"pkg/watcher/internal/apiclient/zz_back_test.go",
			"package apiclient_test\nimport _ \"github.com/ancho-dev/ancho/pkg/watcher/internal/machine\"",
			"a test of pkg/watcher/internal/apiclient imports pkg/watcher/internal/machine",
		},
		"a room nobody planned": {
			"pkg/zz/zz.go", "package zz\nimport _ \"os\"",
			"pkg/zz has no rule: add one to internal/layers",
		},
	}
	files := map[string]string{}
	for _, c := range cases {
		files[c.file] = c.source
	}
	if len(files) != len(cases) {
		t.Fatal("two cases use one file")
	}
	got := layers.Check(layers.Rules(), load(t, overlay(t, files)))
	for name, c := range cases {
		if !slices.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q among it", name, got, c.want)
		}
	}
	own := layers.Check(layers.Rules(), load(t, ""))
	if len(got) != len(own)+len(cases) {
		t.Errorf("got %d breaches, want one a case, %d, beside the tree's own %q: %q", len(got), len(cases), own, got)
	}
}

// overlay puts files into the tree without writing there.
func overlay(t *testing.T, files map[string]string) string {
	t.Helper()
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	replace := map[string]string{}
	for file, source := range files {
		stands := filepath.Join(dir, strconv.Itoa(len(replace))+".go")
		if err := os.WriteFile(stands, []byte(source+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(top, file)] = stands
	}
	raw, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRulesWithoutPackagesFail(t *testing.T) {
	tree := []layers.Package{{Path: "pkg/kind", Imports: []string{"fmt"}}}
	var want []string
	for _, r := range layers.Rules() {
		if r.Path != "pkg/kind" {
			want = append(want, r.Path)
		}
	}
	got := layers.Check(layers.Rules(), tree)
	if len(got) != len(want) {
		t.Errorf("got %q, want a breach for each of %q", got, want)
	}
	if got := layers.Check(layers.Rules(), nil); len(got) != len(layers.Rules()) {
		t.Errorf("an empty tree: got %d breaches, want one for each of %d rules", len(got), len(layers.Rules()))
	}
}

func TestCheck(t *testing.T) {
	rules := []layers.Rule{
		{Path: "", Project: []string{"b"}},
		{Path: "a", Denied: []string{"net"}, Allowed: []string{"net/url"}, Names: map[string][]string{"x.io/y": {"T"}}},
		{Path: "b", Project: []string{"a"}},
		{Path: "b/special"},
		{Path: "c", Free: true},
		{Path: "d", Tests: []string{"c"}},
	}
	ours := func(path string) string { return layers.Module + "/" + path }
	for name, c := range map[string]struct {
		p    layers.Package
		want string // empty: nothing
	}{
		"own layer":               {layers.Package{Path: "b/one", Imports: []string{ours("b/two")}}, ""},
		"down":                    {layers.Package{Path: "b", Imports: []string{ours("a/deep")}}, ""},
		"up":                      {layers.Package{Path: "a", Imports: []string{ours("b")}}, "a imports b"},
		"up in a test":            {layers.Package{Path: "a", TestImports: []string{ours("b")}}, "a test of a imports b"},
		"for tests, in a test":    {layers.Package{Path: "d", TestImports: []string{ours("c/deep")}}, ""},
		"for tests, in no test":   {layers.Package{Path: "d", Imports: []string{ours("c")}}, "d imports c"},
		"own test":                {layers.Package{Path: "a", TestImports: []string{ours("a")}}, ""},
		"longest rule":            {layers.Package{Path: "b/special", Imports: []string{ours("a")}}, "b/special imports a"},
		"root to what it may":     {layers.Package{Imports: []string{ours("b")}}, ""},
		"root has nothing below":  {layers.Package{Imports: []string{ours("a")}}, "the root package imports a"},
		"to the root":             {layers.Package{Path: "a", Imports: []string{layers.Module}}, "a imports the root package"},
		"free":                    {layers.Package{Path: "c", Imports: []string{ours("a"), ours("b"), layers.Module}}, ""},
		"denied below":            {layers.Package{Path: "a", Imports: []string{"net/http"}}, "a imports net/http"},
		"not below":               {layers.Package{Path: "a", Imports: []string{"network"}}, ""},
		"exception":               {layers.Package{Path: "a", Imports: []string{"net/url"}}, ""},
		"tests may from outside":  {layers.Package{Path: "a", TestImports: []string{"net/http"}}, ""},
		"allowed name":            {layers.Package{Path: "a", Imports: []string{"x.io/y"}, Uses: map[string][]string{"x.io/y": {"T"}}}, ""},
		"other name":              {layers.Package{Path: "a", Uses: map[string][]string{"x.io/y": {"T", "U"}}}, "a uses U of x.io/y"},
		"names that are not seen": {layers.Package{Path: "a", Imports: []string{"x.io/y"}}, "a uses something of x.io/y"},
		"similar name":            {layers.Package{Path: "bb"}, "bb has no rule: add one to internal/layers"},
	} {
		t.Run(name, func(t *testing.T) {
			got := slices.DeleteFunc(layers.Check(rules, []layers.Package{c.p}), func(s string) bool {
				return strings.HasSuffix(s, "the rule checks nothing")
			})
			if strings.Join(got, "; ") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestLoadFailsOnABrokenPackage(t *testing.T) {
	_, err := layers.Load(t.Context(), root, overlay(t, map[string]string{"pkg/queue/zz_broken.go": "package other"}))
	if err == nil {
		t.Error("a package that does not load was taken as it is")
	}
	if _, err := layers.Load(t.Context(), t.TempDir(), ""); err == nil {
		t.Error("a folder without a module was taken for an empty tree")
	}
}
