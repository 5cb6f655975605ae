package docs

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// testNames are the names of all tests of the project.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
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
	return tests
}

// namesTests checks that each test that a page names exists, and that each row of its tables has one or says that it has none.
func namesTests(t *testing.T, path string, least int) {
	t.Helper()
	tests, page := testNames(t), read(t, path)
	named := words("`(Test\\w+)", page)
	for _, name := range named {
		if !tests[name] {
			t.Errorf("%s names %s, and no such test exists", path, name)
		}
	}
	if len(named) < least {
		t.Errorf("%s names %d tests", path, len(named))
	}
	for line := range strings.Lines(page) {
		heading := strings.HasPrefix(line, "| report |") || strings.HasPrefix(line, "| promise |")
		if strings.HasPrefix(line, "| ") && !heading && !regexp.MustCompile("`Test|No test").MatchString(line) {
			t.Errorf("%s: no test in the row: %s", path, line)
		}
	}
}

func TestFieldReportsNameTests(t *testing.T) { namesTests(t, "docs/field-reports.md", 20) }

func TestGuaranteesNameTests(t *testing.T) { namesTests(t, "docs/guarantees.md", 80) }
