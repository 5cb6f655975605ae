package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var root = filepath.Join("..", "..")

// The README shows what is counted.
func TestReadmeShowsTheTable(t *testing.T) {
	want, err := table(root)
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), want) {
		t.Errorf("README.md does not show (go -C hack/compare run .)\n%s", want)
	}
}

// The operator takes less than half of the lines that it takes with controller-runtime.
func TestLessThanHalf(t *testing.T) {
	ancho, controller := 0, 0
	for _, r := range rows()[:2] {
		left, right, err := r.count(root)
		if err != nil {
			t.Fatal(err)
		}
		ancho, controller = ancho+left, controller+right
	}
	if ancho == 0 || 2*ancho >= controller {
		t.Errorf("%d lines for %d", ancho, controller)
	}
}

// All files of the program with controller-runtime are counted, and nothing else is.
func TestAllIsCounted(t *testing.T) {
	all, err := linesOf("webapp")
	if err != nil {
		t.Fatal(err)
	}
	counted := 0
	for _, r := range rows()[:2] {
		_, right, err := r.count(root)
		if err != nil {
			t.Fatal(err)
		}
		counted += right
	}
	if counted != all {
		t.Errorf("%d lines are counted of %d", counted, all)
	}
	if _, err := linesOf("nowhere"); err == nil {
		t.Error("a folder that is not there was counted")
	}
	if _, err := linesOf("nowhere.go"); err == nil {
		t.Error("a file that is not there was counted")
	}
}

func TestLines(t *testing.T) {
	text := "// Package p is a comment.\npackage p\n\nvar x = `one\n\nthree` // and more\n\n/* over\nlines */\nvar (\n\ty = 1\n)\n"
	if got := lines([]byte(text)); got != 7 {
		t.Errorf("%d lines, want 7", got)
	}
}
