package main

import (
	"fmt"
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"strings"
)

// linesOf counts the lines of code of Go files: those that any token is on, or goes over. Of a folder it counts the files
// in it, without tests and what was generated.
func linesOf(paths ...string) (int, error) {
	sum := 0
	for _, path := range paths {
		files := []string{path}
		if filepath.Ext(path) != ".go" {
			var err error
			if files, err = filepath.Glob(filepath.Join(path, "*.go")); err != nil {
				return 0, fmt.Errorf("count lines: %w", err)
			}
			if len(files) == 0 {
				return 0, fmt.Errorf("count lines: there are no Go files in %s", path)
			}
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(filepath.Base(file), "zz_generated") {
				continue
			}
			text, err := os.ReadFile(file) //nolint:gosec // the table names it
			if err != nil {
				return 0, fmt.Errorf("count lines: %w", err)
			}
			sum += lines(text)
		}
	}
	return sum, nil
}

// lines counts those of one file.
func lines(text []byte) int {
	set := token.NewFileSet()
	file := set.AddFile("", -1, len(text))
	var s scanner.Scanner
	s.Init(file, text, nil, 0)
	seen := map[int]bool{}
	for {
		at, tok, literal := s.Scan()
		switch {
		case tok == token.EOF:
			return len(seen)
		case tok == token.SEMICOLON && literal == "\n": // put in by the scanner
			continue
		}
		first := file.Line(at)
		for i := range strings.Count(literal, "\n") + 1 {
			seen[first+i] = true
		}
	}
}
