// Command prose checks how the pages and the doc comments are written: words that
// have a better one, sentences that are too long, and pages that do not begin with
// a heading and a sentence saying what they are for.
//
//	go run ./hack/prose             # everything that covered() lists
//	go run ./hack/prose docs pkg    # these files and folders instead
//
// It prints one line per finding and exits with 1 if there is any.
package main

import (
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() { os.Exit(run(os.Stdout, os.Stderr, os.Args[1:])) }

// finding is one line of the report.
type finding struct {
	file string
	line int
	text string
}

func run(stdout, stderr io.Writer, paths []string) int {
	if len(paths) == 0 {
		paths = covered()
	}
	var all []finding
	for _, path := range paths {
		files, err := filesOf(path)
		if err != nil {
			fmt.Fprintln(stderr, "prose:", err)
			return 2
		}
		for _, file := range files {
			found, err := check(file)
			if err != nil {
				fmt.Fprintln(stderr, "prose:", err)
				return 2
			}
			all = append(all, found...)
		}
	}
	slices.SortStableFunc(all, func(a, b finding) int {
		return cmp.Or(strings.Compare(a.file, b.file), cmp.Compare(a.line, b.line))
	})
	for _, f := range all {
		fmt.Fprintf(stdout, "%s:%d: %s\n", f.file, f.line, f.text)
	}
	if len(all) > 0 {
		fmt.Fprintf(stderr, "prose: %d findings\n", len(all))
		return 1
	}
	return 0
}

// filesOf lists the pages and Go files under a path, or those that a pattern such as pkg/*.go matches. Tests and generated code are not prose.
func filesOf(path string) ([]string, error) {
	if strings.Contains(path, "*") {
		names, err := filepath.Glob(path)
		return slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, "_test.go") }), err
	}
	var out []string
	err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error { //nolint:gosec // the folders that it is asked to read
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != path && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(d.Name(), "zz_generated"):
		case filepath.Ext(name) == ".md" || filepath.Ext(name) == ".go":
			out = append(out, name)
		}
		return nil
	})
	return out, err
}

func check(file string) ([]finding, error) {
	b, err := os.ReadFile(file) //nolint:gosec // the files that it is asked to read
	if err != nil {
		return nil, err
	}
	var found []finding
	if filepath.Ext(file) == ".md" {
		found = checkPage(filepath.ToSlash(file), string(b))
	} else if found, err = checkGo(file, b); err != nil {
		return nil, err
	}
	for i := range found {
		found[i].file = file
	}
	return found, nil
}
