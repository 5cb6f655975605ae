// Package docs holds the documentation to the code.
package docs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"k8s.io/client-go/rest"

	hello "github.com/ancho-dev/ancho/examples/01-hello"
	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// root is the project's folder, seen from this one.
const root = ".."

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// pages are all pages that users read: path and text.
func pages(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, name := range []string{"README.md", "CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "SECURITY.md"} {
		out[name] = read(t, name)
	}
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err == nil {
			out[name] = read(t, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// words finds what a pattern's first group matches.
func words(pattern, text string) []string {
	set := map[string]bool{}
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		set[m[1]] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// code quotes a word as the pages do.
func code(word string) string { return "`" + word + "`" }

// named checks that a page names each of these, as code.
func named(t *testing.T, page, what string, all []string) {
	t.Helper()
	if len(all) == 0 {
		t.Fatalf("found no %s in the code: this test looks in the wrong place", what)
	}
	text := read(t, page)
	for _, one := range all {
		if !strings.Contains(text, code(one)) {
			t.Errorf("%s does not name the %s %s", page, what, code(one))
		}
	}
}

func TestFlags(t *testing.T) {
	var help strings.Builder
	p := runtime.Program{
		Capabilities: []capability.Func{hello.Capability},
		Embedded:     func() (runtime.EmbeddedServer, error) { return nil, errors.New("only the flag is asked for") },
	}
	if exit := p.Main([]string{"program", "--help"}, &help, &help); exit != 0 {
		t.Fatalf("--help ends with %d", exit)
	}
	flags := words(`(?m)^ +(?:-\w, )?(--[a-z-]+)`, help.String())
	named(t, "docs/operations.md", "flag", flags)
	for _, flag := range words("(?m)^\\| `(--[a-z-]+)`", read(t, "docs/operations.md")) {
		if !slices.Contains(flags, flag) {
			t.Errorf("docs/operations.md has a row for %s, which the program does not have", flag)
		}
	}
}

// metricNames are those that a runtime registers.
func metricNames(t *testing.T) []string {
	t.Helper()
	registry := prometheus.NewRegistry()
	r, err := runtime.New(&rest.Config{Host: "http://no-cluster.invalid"}, runtime.Options{
		Capabilities: []capability.Func{hello.Capability}, Registry: registry, Logger: logr.Discard(),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Run(ctx); err != nil { // so that nothing of it is left
		t.Fatal(err)
	}
	descs := make(chan *prometheus.Desc)
	go func() {
		defer close(descs)
		registry.Describe(descs)
	}()
	var names []string
	for d := range descs {
		names = append(names, words(`fqName: "(\w+)"`, d.String())...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestMetrics(t *testing.T) {
	names := metricNames(t)
	named(t, "docs/operations.md", "metric", names)
	for page, text := range pages(t) {
		for _, name := range words(`\b(ancho_\w+)`, text) {
			if !slices.Contains(names, name) {
				t.Errorf("%s names the metric %s, which there is not", page, name)
			}
		}
	}
}

func TestOutcomes(t *testing.T) {
	var all []string
	for o := queue.Done; o <= queue.Drop; o++ {
		all = append(all, o.String())
	}
	named(t, "docs/operations.md", "outcome", all)
	named(t, "docs/operations.md", "reason to drop", []string{string(queue.DropGone), string(queue.DropReplaced)})
}

func TestPhases(t *testing.T) {
	var all []string
	for _, p := range watcher.Phases() {
		all = append(all, p.String())
	}
	named(t, "docs/streams.md", "phase", all)
}

func TestSettings(t *testing.T) {
	text := read(t, "docs/callbacks.md")
	for step, value := range map[string]string{
		"Concurrency(n)":           fmt.Sprint(declare.DefaultConcurrency),
		"Backoff(lowest, highest)": fmt.Sprintf("%s, %.0fm", declare.DefaultBackoffMin, declare.DefaultBackoffMax.Minutes()),
		"MemoryBudget(bytes)":      fmt.Sprintf("%d MiB", declare.DefaultMemoryBudget>>20),
	} {
		if row := "| " + code(step) + " | " + value + " |"; !strings.Contains(text, row) {
			t.Errorf("docs/callbacks.md has no row %q", row)
		}
	}
	if weighs := fmt.Sprintf("%d bytes", queue.CallOverhead); !strings.Contains(text, weighs) {
		t.Errorf("docs/callbacks.md does not say that a call weighs %s", weighs)
	}
	grace := "| `--grace-period` | " + code(runtime.DefaultGracePeriod.String()) + " |"
	if !strings.Contains(read(t, "docs/operations.md"), grace) {
		t.Errorf("docs/operations.md has no row %q", grace)
	}
}

// prose is a page without its code, which has brackets of its own.
func prose(text string) string {
	text = regexp.MustCompile("(?s)\n```.*?\n```\n").ReplaceAllString(text, "\n")
	return regexp.MustCompile("`[^`\n]*`").ReplaceAllString(text, "``")
}

// Links between pages lead somewhere.
func TestLinks(t *testing.T) {
	for page, text := range pages(t) {
		for _, link := range words(`\]\(([^)#:]+)(?:#[^)]*)?\)`, prose(text)) { // none with a scheme
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(page), link)); err != nil {
				t.Errorf("%s: the link to %s leads nowhere: %v", page, link, err)
			}
		}
	}
	index := read(t, "docs/README.md")
	for page := range pages(t) {
		if name, ok := strings.CutPrefix(page, "docs/"); ok && name != "README.md" && !strings.Contains(index, "("+name+")") {
			t.Errorf("docs/README.md does not lead to %s", name)
		}
	}
}

// anchors are the headings of a page, as links name them: in lower case, without punctuation, with hyphens for blanks.
func anchors(text string) []string {
	var out []string
	for _, heading := range words(`(?m)^#+ (.+)$`, text) {
		heading = regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(heading), "")
		out = append(out, strings.ReplaceAll(heading, " ", "-"))
	}
	return out
}

// Links to parts of pages lead to headings that are there.
func TestAnchors(t *testing.T) {
	all := pages(t)
	seen := 0
	for page, text := range all {
		for _, link := range words(`\]\(([^):]*#[^)]+)\)`, prose(text)) {
			seen++
			to, anchor, _ := strings.Cut(link, "#")
			target := page
			if to != "" {
				target = filepath.Join(filepath.Dir(page), to)
			}
			if !slices.Contains(anchors(all[target]), anchor) {
				t.Errorf("%s: the link to %s names a heading that %s does not have", page, link, target)
			}
		}
	}
	if seen < 10 {
		t.Errorf("found %d links to headings: this test does not find them", seen)
	}
}
