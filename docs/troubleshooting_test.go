package docs

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// The page has a row for every reason and every metric, and for those that block a stream one that says where to look.
func TestTroubleshooting(t *testing.T) {
	const page = "docs/troubleshooting.md"
	text := read(t, page)
	rows := firstCells(text)
	files := watcherFiles(t)
	all := reasons(files)
	for _, what := range append(slices.Sorted(maps.Values(all)), metricNames(t)...) {
		if !rows[what] {
			t.Errorf("%s has no row for %s", page, code(what))
		}
	}
	_, blocked, found := strings.Cut(text, "\n## A stream is blocked")
	if !found {
		t.Fatalf("%s has no section on blocked streams", page)
	}
	blocked, _, _ = strings.Cut(blocked, "\n## ")
	rows = firstCells(blocked)
	for name := range blocking(files) {
		if !rows[all[name]] {
			t.Errorf("%s does not say where to look when a stream is blocked as %s", page, code(all[name]))
		}
		delete(rows, all[name])
	}
	for left := range rows {
		t.Errorf("%s says that a stream may be blocked as %s, which it may not", page, code(left))
	}
}

// firstCells are the words in code of the first cell of each row of a table.
func firstCells(text string) map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(text) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 || cells[0] != "" {
			continue
		}
		for _, word := range words("`([a-z_]+)`", cells[1]) {
			out[word] = true
		}
	}
	return out
}
