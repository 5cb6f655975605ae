package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ancho-dev/ancho/hack/bench/internal/report"
)

// show writes the results: as a table, as JSON beside it, and into the documentation if that is wanted.
func (b *bench) show() error {
	if err := errors.Join(b.result.WriteTable(b.out), b.result.WriteBars(b.out)); err != nil {
		return fmt.Errorf("show the results: %w", err)
	}
	text, err := json.MarshalIndent(b.result, "", "  ")
	if err != nil {
		return fmt.Errorf("the results as JSON: %w", err)
	}
	text = append(text, '\n')
	name := filepath.Join(b.dir, "results", b.result.Machine.Date.Format("2006-01-02T150405Z")+".json")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		return fmt.Errorf("the results as JSON: %w", err)
	}
	fmt.Fprintf(b.out, "\nthe same as JSON: %s\n", name)
	if !b.options.docs {
		return nil
	}
	return b.document(text)
}

// document writes the results into the documentation.
func (b *bench) document(asJSON []byte) error {
	docs := filepath.Join(b.dir, "..", "..", "docs")
	page := filepath.Join(docs, "performance.md")
	before, err := os.ReadFile(page) //nolint:gosec // our own
	if err != nil {
		return fmt.Errorf("the page of the documentation: %w", err)
	}
	after, err := report.Replace(string(before), b.result.Markdown())
	if err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	for name, text := range map[string][]byte{
		page:                                    []byte(after),
		filepath.Join(docs, "performance.json"): asJSON,
		filepath.Join(docs, "performance.svg"):  []byte(b.result.SVG()),
	} {
		if err := os.WriteFile(name, text, 0o644); err != nil { //nolint:gosec // to be read by everybody
			return fmt.Errorf("write the documentation: %w", err)
		}
	}
	b.sayf("wrote docs/performance.md, .json and .svg")
	return nil
}
