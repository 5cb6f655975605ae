package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// texts are the findings as they are printed, without the file.
func texts(found []finding) []string {
	var out []string
	for _, f := range found {
		out = append(out, f.text)
	}
	return out
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ text, found string }{
		{"Nobody reads it.", `"Nobody": `},
		{"It sits beside the stream.", `"beside": write "next to"`},
		{"The log tells of each.", `"tells": `},
		{"The field tells two objects apart.", ""},
		{"It is read once\nmore after that.", `"once more": `},
		{"It looks at the object, and all looks fine.", `"all looks": `},
		{"The stream looks up a name.", ""},
		{"Those looks are many.", `"Those looks": write "existence check"`},
		{"The history does not reach what is gone.", `"what is gone": `},
		{"What others change is put right.", `"put right": `},
		{"The wait is over when the Lease expires.", `"is over": `},
		{"A binding that is over its budget pauses.", ""},
		{"The call is tried again.", `"is tried again": `},
		{"Ancho retries the call.", ""},
		{"A recommended setting.", ""},
		{"Those that wait.", `"Those that": name the noun`},
		{"It puts the finalizer on.", `"puts the finalizer on": write "add" or "remove"`},
		{"It brings a server along.", `"brings a server along": `},
	} {
		got := strings.Join(texts(inText(c.text, 1)), "; ")
		if c.found == "" && got != "" || !strings.Contains(got, c.found) {
			t.Errorf("%q: %q, want %q", c.text, got, c.found)
		}
	}
}

func TestCodeOfPagesIsNoProse(t *testing.T) {
	page := strings.Join([]string{
		"# Nobody",
		"",
		"This page is for `nobody` and [others](beside.md).",
		"",
		"```sh",
		"echo beside",
		"```",
		"",
		"    tells",
		"",
		"- an item",
		"  that tells",
		"",
		"<!-- begin of the results -->",
		"beside",
		"<!-- end of the results -->",
		"",
	}, "\n")
	var lines []int
	for _, f := range checkPage("docs/page.md", page) {
		lines = append(lines, f.line)
	}
	if !slices.Equal(lines, []int{1, 12}) {
		t.Errorf("findings in lines %v, want 1 and 12", lines)
	}
}

func TestSentences(t *testing.T) {
	words := func(n int) string { return strings.TrimSpace(strings.Repeat("word ", n)) }
	for text, want := range map[string]int{
		words(40) + ".":                                  0,
		words(41) + ".":                                  1,
		words(30) + ". " + words(30) + ".":               0,
		words(30) + ": " + words(30) + ".":               0,
		words(30) + "\n" + words(30) + ".":               1,
		words(30) + "\n\n" + words(30):                   0,
		"- " + words(30) + "\n- " + words(30):            0,
		"| " + words(30) + " | " + words(30) + " |":      0,
		"| " + words(30) + " | " + words(41) + ". | x |": 1,
	} {
		if got := sentences(text); len(got) != want {
			t.Errorf("%q: %v, want %d findings", text, got, want)
		}
	}
	long := "# Page\n\nShort. " + words(3) + ".\nA " + words(45) + "."
	if got := sentences(long); len(got) != 1 || got[0].line != 4 {
		t.Errorf("%v, want a finding in line 4", got)
	}
}

func TestBeginning(t *testing.T) {
	for page, sound := range map[string]bool{
		"# Page\n\nThis page lists the flags.\n": true,
		"# Page\n\n`When` starts a selection.\n": true,
		"This page lists the flags.\n":           false,
		"# Page\n\n## Part\n":                    false,
		"# Page\n\n- item\n":                     false,
		"# Page\n\n```go\n":                      false,
		"# Page\n":                               false,
	} {
		if got := beginning(page); (len(got) == 0) != sound {
			t.Errorf("%q: %v", page, got)
		}
	}
}

// Of a decision record the title and the decision count, of the changelog what is not released.
func TestPartsOfPages(t *testing.T) {
	adr := "# 0001: One\n\nStatus: accepted\n\n## Context\n\nbeside\n\n## Decision\n\nbeside\n\n## Consequences\n\nbeside\n"
	if got := checkPage("docs/adr/0001-one.md", adr); len(got) != 1 || got[0].line != 11 {
		t.Errorf("%v, want a finding in line 11", got)
	}
	log := "# Changelog\n\nChanges.\n\n## [Unreleased]\n\n- beside\n\n## [0.1.0]\n\n- beside\n"
	if got := checkPage("CHANGELOG.md", log); len(got) != 1 || got[0].line != 7 {
		t.Errorf("%v, want a finding in line 7", got)
	}
}

func TestDocComments(t *testing.T) {
	src := `// Package p is beside others.
package p

// Public is read once
// more.
type Public struct {
	// Field tells.
	Field  int // beside it
	hidden int // beside it
}

// hidden tells.
type hidden struct{}

// Method tells.
func (hidden) Method() {}

// Method tells.
//
//	tells
func (*Public) Method() {} // beside it

const (
	// One tells.
	One = 1
	two = 2 // tells
)
`
	got, err := checkGo("p.go", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	for _, f := range got {
		lines = append(lines, f.line)
	}
	if want := []int{1, 4, 7, 8, 18, 24}; !slices.Equal(lines, want) {
		t.Errorf("findings in lines %v, want %v", lines, want)
	}
}

func TestRun(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"docs/page.md":         "# Page\n\nNobody reads it.\n",
		"docs/page_test.go":    "// Package p tells.\npackage p\n",
		"docs/testdata/no.md":  "Nobody\n",
		"docs/zz_generated.go": "// Package p tells.\npackage p\n",
		"sound/page.md":        "# Page\n\nThis page is for a test.\n",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		path   string
		exit   int
		prints string
	}{
		{"docs", 1, filepath.Join("docs", "page.md") + ":3: \"Nobody\": say which component does or does not\n"},
		{"sound", 0, ""},
		{"none", 2, ""},
	} {
		var stdout, stderr strings.Builder
		if exit := run(&stdout, &stderr, []string{c.path}); exit != c.exit || stdout.String() != c.prints {
			t.Errorf("%s: exit %d, printed %q", c.path, exit, stdout.String())
		}
	}
}

// Everything that is checked exists, so that a page that moves stays checked.
func TestCovered(t *testing.T) {
	for _, path := range covered() {
		if names, err := filepath.Glob(filepath.Join("..", "..", path)); err != nil || len(names) == 0 {
			t.Errorf("%s does not exist (%v)", path, err)
		}
	}
}
