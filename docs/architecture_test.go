package docs

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// arrows are the edges of the diagram that has a room in it.
func arrows(t *testing.T, page string) map[string][]string {
	t.Helper()
	for _, diagram := range fenced(page, "mermaid") {
		if !strings.Contains(diagram, "dispatch --> binding") {
			continue
		}
		out := map[string][]string{}
		for _, m := range regexp.MustCompile(`(?m)^ +(\w+) --> (\w+)$`).FindAllStringSubmatch(diagram, -1) {
			out[m[1]] = append(out[m[1]], m[2])
		}
		return out
	}
	t.Fatal("docs/architecture.md has no diagram of the rooms")
	return nil
}

// The diagram of the rooms has the arrows of the rules: none that is not there, and a way for each that is.
func TestArchitectureShowsTheRooms(t *testing.T) {
	page := read(t, "docs/architecture.md")
	drawn, rules := arrows(t, page), map[string][]string{}
	_, source, found := strings.Cut(read(t, "internal/layers/rooms.go"), "func runtimeRooms(")
	if !found {
		t.Fatal("internal/layers/rooms.go does not have the rooms of the runtime")
	}
	for _, m := range regexp.MustCompile(`room\("(\w+)"((?:, "\w+")*)\)`).FindAllStringSubmatch(source, -1) {
		rules[m[1]] = words(`"(\w+)"`, m[2])
	}
	for _, m := range regexp.MustCompile(`"pkg/runtime/internal/(\w+)"`).FindAllStringSubmatch(source, -1) {
		rules[m[1]] = nil
	}
	if len(rules) < 15 {
		t.Fatalf("found %d rooms: this test looks in the wrong place", len(rules))
	}
	var reaches func(from, to string) bool
	reaches = func(from, to string) bool {
		return from == to || slices.ContainsFunc(drawn[from], func(next string) bool { return reaches(next, to) })
	}
	for room, below := range rules {
		if !firstCells(page)[room] {
			t.Errorf("docs/architecture.md has no row for the room %s", room)
		}
		for _, b := range below {
			if !reaches(room, b) {
				t.Errorf("the diagram has no way from %s to %s", room, b)
			}
		}
	}
	for from, below := range drawn {
		for _, to := range below {
			if !slices.Contains(rules[from], to) {
				t.Errorf("the diagram has an arrow from %s to %s, which the rules forbid", from, to)
			}
		}
	}
}

// sources are the Go files of a folder that are no tests: name and text.
func sources(t *testing.T, folder string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, file := range files {
		if rel, err := filepath.Rel(root, file); err == nil && !strings.HasSuffix(rel, "_test.go") {
			out[rel] = read(t, rel)
		}
	}
	return out
}

// The functions on the path of an event exist: methods, or fields that hold a function.
func TestArchitectureNamesFunctions(t *testing.T) {
	_, section, found := strings.Cut(read(t, "docs/architecture.md"), "## The path of one event")
	if !found {
		t.Fatal("docs/architecture.md does not have the path of an event")
	}
	folders := map[string]string{
		"watcher": "pkg/watcher/internal/machine", "queue": "pkg/queue", "compile": "pkg/runtime/internal/compile",
		"dispatch": "pkg/runtime/internal/dispatch", "layout": "pkg/runtime/internal/layout", "binding": "pkg/runtime/internal/binding",
		"finalize": "pkg/runtime/internal/finalize", "observe": "pkg/runtime/internal/observe",
	}
	steps := regexp.MustCompile("(?m)^\\| \\d+ \\| `(\\w+)\\.(\\w+)\\.(\\w+)`").FindAllStringSubmatch(section, -1)
	if len(steps) < 10 {
		t.Errorf("found %d steps", len(steps))
	}
	for _, m := range steps {
		method := regexp.MustCompile(`(?m)^func \(\w+ \*?` + m[2] + `(\[\w+\])?\) ` + m[3] + `[\[(]|^\t` + m[3] + ` func\(`)
		if !slices.ContainsFunc(slices.Collect(maps.Values(sources(t, folders[m[1]]))), method.MatchString) {
			t.Errorf("docs/architecture.md names %s.%s.%s, which does not exist", m[1], m[2], m[3])
		}
	}
}
