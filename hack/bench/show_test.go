package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ancho-dev/ancho/hack/bench/internal/report"
)

// measured is a benchmark that has its results, in a project that has nothing else.
func measured(t *testing.T, page string) (b *bench, out *bytes.Buffer, docs string) {
	t.Helper()
	root := t.TempDir()
	docs = filepath.Join(root, "docs")
	dir := filepath.Join(root, "hack", "bench")
	for _, d := range []string{docs, filepath.Join(dir, "results")} {
		if err := os.MkdirAll(d, 0o750); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(docs, "performance.md"), []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	out = &bytes.Buffer{}
	b = &bench{dir: dir, out: out, log: &bytes.Buffer{}}
	s := &report.Scenario{Name: report.ColdPods, Title: "cold start", Objects: 100, Rounds: 1}
	s.Row(report.Ancho).Add(report.CPU, report.Seconds, 0.5)
	s.Row(report.Reference).Add(report.CPU, report.Seconds, 2)
	b.result.Scenarios = append(b.result.Scenarios, s)
	b.result.Judge()
	return b, out, docs
}

const emptyPage = "# Performance\n\n<!-- begin of the results -->\n<!-- end of the results -->\n"

func TestShow(t *testing.T) {
	b, out, docs := measured(t, emptyPage)
	if err := b.show(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "0.25") || !strings.Contains(out.String(), "reached") {
		t.Errorf("no ratio and no verdict in\n%s", out)
	}
	files, err := filepath.Glob(filepath.Join(b.dir, "results", "*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("results: %v, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	var again report.Result
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if v, ok := again.Value(report.ColdPods, report.Reference, report.CPU); !ok || v != 2 {
		t.Errorf("the JSON has %v, %v", v, ok)
	}
	if _, err := os.Stat(filepath.Join(docs, "performance.json")); err == nil {
		t.Error("the documentation is written without having been asked for")
	}
}

func TestDocument(t *testing.T) {
	b, _, docs := measured(t, emptyPage)
	b.options.docs = true
	if err := b.show(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"performance.md": "| ancho | 0.50 s | 0.25 |", "performance.json": `"median": 0.5`, "performance.svg": "controller-runtime",
	} {
		text, err := os.ReadFile(filepath.Join(docs, name))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v, no %q in\n%s", name, err, want, text)
		}
	}
}

func TestDocumentWithoutAPlace(t *testing.T) {
	b, _, docs := measured(t, "# Performance\n")
	b.options.docs = true
	if err := b.show(); err == nil {
		t.Error("want an error")
	}
	if text, err := os.ReadFile(filepath.Join(docs, "performance.md")); err != nil || string(text) != "# Performance\n" {
		t.Errorf("the page was changed: %q, %v", text, err)
	}
}

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		b := &bench{log: &log}
		done := b.progress("something")
		time.Sleep(21 * time.Second)
		done()
		if got, want := log.String(), "== something: at work for 10s\n== something: at work for 20s\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
