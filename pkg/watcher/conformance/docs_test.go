package conformance

import (
	"os"
	"strings"
	"testing"
)

const page = "../../../docs/conformance.md"

// between are the marks around what is generated on the page.
const (
	tableBegin, tableEnd = "<!-- cases -->\n", "<!-- end of cases -->\n"
	restBegin, restEnd   = "<!-- rules elsewhere -->\n", "<!-- end of rules elsewhere -->\n"
)

// section is what stands between two marks, and what is around it.
func section(t *testing.T, text, begin, end string) (before, inside, after string) {
	t.Helper()
	before, rest, ok := strings.Cut(text, begin)
	inside, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no section between %q and %q", page, begin, end)
	}
	return before + begin, inside, end + after
}

func readPage(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// complete tells whether no case was left out by a filter of tests.
func complete(results []Result) bool {
	for _, r := range results {
		if r.Name == "" {
			return false
		}
	}
	return true
}

// columns are the first n columns of a table.
func columns(table string, n int) string {
	var b strings.Builder
	for line := range strings.Lines(table) {
		cells := strings.SplitN(line, "|", n+2)
		b.WriteString(strings.Join(cells[:min(len(cells), n+1)], "|") + "|\n")
	}
	return b.String()
}

// expectPage holds the page to results of the first rigs on it.
func expectPage(t *testing.T, rigs []string, results ...[]Result) {
	t.Helper()
	for _, r := range results {
		if !complete(r) {
			return
		}
	}
	text := readPage(t)
	_, have, _ := section(t, text, tableBegin, tableEnd)
	if columns(have, 2+len(rigs)) != Table(rigs, results...) {
		t.Errorf("%s does not say what was seen: run the end-to-end test of this package with ANCHO_CONFORMANCE_DOCS=1", page)
	}
	if _, have, _ = section(t, text, restBegin, restEnd); have != Elsewhere() {
		t.Errorf("%s does not name the rules elsewhere: run the end-to-end test of this package with ANCHO_CONFORMANCE_DOCS=1", page)
	}
}
