package docs

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each test that the page of field reports names exists, and each row has one or says that it has none.
func TestFieldReportsNameTests(t *testing.T) {
	tests := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != root:
			return filepath.SkipDir
		case strings.HasSuffix(path, "_test.go"):
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			for _, name := range words(`(?m)^func (Test\w+)\(`, read(t, rel)) {
				tests[name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	page := read(t, "docs/field-reports.md")
	named := words("`(Test\\w+)", page)
	for _, name := range named {
		if !tests[name] {
			t.Errorf("%s is named, and no such test exists", name)
		}
	}
	if len(named) < 20 {
		t.Errorf("%d tests are named", len(named))
	}
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| report |") && !regexp.MustCompile("`Test|No test").MatchString(line) {
			t.Errorf("no test in the row: %s", line)
		}
	}
}
