//go:build e2e

package tutorial

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// block is a piece of the page in a language, or one of its comments.
type block struct {
	line           int // of the page
	language, text string
	path           string // that the line above names
	verb, name     string // of the comment above, or of this one
}

var (
	comment = regexp.MustCompile(`^<!-- (\w+) (\w+) -->$`)
	named   = regexp.MustCompile("`([^`]+)`:$")
)

// blocks reads the page.
func blocks(t *testing.T, page string) (out []block) {
	t.Helper()
	var b block
	inside := false
	for i, line := range strings.Split(page, "\n") {
		m := comment.FindStringSubmatch(line)
		switch {
		case inside && line == "```":
			out = append(out, b)
			b, inside = block{}, false
		case inside:
			b.text += line + "\n"
		case strings.HasPrefix(line, "```"):
			b.line, b.language, inside = i+1, strings.TrimPrefix(line, "```"), true
		case len(m) == 3 && m[1] == "stop":
			out = append(out, block{line: i + 1, verb: m[1], name: m[2]})
		case len(m) == 3:
			b.verb, b.name = m[1], m[2]
		case line != "":
			b = block{}
			if m := named.FindStringSubmatch(line); m != nil {
				b.path = m[1]
			}
		}
	}
	if inside || len(out) < 10 {
		t.Fatalf("the page has %d blocks, and the last one is open: %v", len(out), inside)
	}
	return out
}

// put writes a block into its file, or changes the file's functions.
func put(t *testing.T, dir string, b block) {
	t.Helper()
	path := filepath.Join(dir, b.path)
	text := b.text
	if b.language == "go" && !regexp.MustCompile(`(?m)^package `).MatchString(text) {
		before, err := os.ReadFile(path)
		must(t, err)
		text = withFunctions(t, string(before), text)
	}
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(text), 0o600))
}

// withFunctions is a file in which functions are replaced by those of the same name, or added.
func withFunctions(t *testing.T, file, functions string) string {
	t.Helper()
	const clause = "package p\n"
	for name, f := range functionsOf(t, clause+functions) {
		if old, ok := functionsOf(t, file)[name]; ok {
			file = strings.Replace(file, old, f, 1)
		} else {
			file += "\n" + f + "\n"
		}
	}
	return file
}

// functionsOf are the functions of a file, with their comments, by name.
func functionsOf(t *testing.T, file string) map[string]string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), "", file, parser.ParseComments)
	must(t, err)
	out := map[string]string{}
	for _, d := range parsed.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		from := f.Pos()
		if f.Doc != nil {
			from = f.Doc.Pos()
		}
		out[f.Name.Name] = file[from-parsed.FileStart : f.End()-parsed.FileStart]
	}
	return out
}

var duration = regexp.MustCompile(`\d+\.\d+s`)

// prints reports whether an output is what the page shows.
func prints(output, shown string) bool {
	lines := func(s string) []string {
		all := strings.Split(strings.TrimRight(duration.ReplaceAllString(s, "0s"), "\n"), "\n")
		for i, line := range all {
			all[i] = strings.TrimRight(line, " ")
		}
		return all
	}
	got, gap := lines(output), false
	for _, want := range lines(shown) {
		if want == "..." {
			gap = true
			continue
		}
		at := slices.Index(got, want)
		if at < 0 || at > 0 && !gap {
			return false
		}
		got, gap = got[at+1:], false
	}
	return gap || len(got) == 0
}

func TestPrints(t *testing.T) {
	for _, c := range []struct {
		output, shown string
		want          bool
	}{
		{"a\nb\n", "a\nb\n", true},
		{"a  \nok 0.5s\n", "a\nok 12.25s\n", true},
		{"a\nb\n", "a\n", false},
		{"a\nb\n", "b\n", false},
		{"a\nb\nc\n", "...\nb\n...\n", true},
		{"b\n", "...\nb\n...\n", true},
		{"a\nc\n", "...\nb\n...\n", false},
		{"a\nb\nc\n", "a\n...\nc\n", true},
		{"", "a\n", false},
	} {
		if got := prints(c.output, c.shown); got != c.want {
			t.Errorf("%q shown as %q: %v", c.output, c.shown, got)
		}
	}
}

func TestWithFunctions(t *testing.T) {
	got := withFunctions(t, "package x\n\n// a is old.\nfunc a() {}\n\nfunc b() {}\n", "// a is new.\nfunc a() { b() }\n\nfunc c() {}\n")
	if want := "package x\n\n// a is new.\nfunc a() { b() }\n\nfunc b() {}\n\nfunc c() {}\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
