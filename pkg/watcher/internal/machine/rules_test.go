package machine

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// ruleCount is the number of rules in the protocol's list.
const ruleCount = 65

// rulesElsewhere are tested where they are kept: a streamed snapshot that shows nothing, audits, finalizers.
var rulesElsewhere = []int{58, 63, 64}

// ruleTests are the tests of rules that are not named after them.
var ruleTests = map[int]string{
	32: "TestServerOpensMoreConnections",
}

// Every rule has a row in the table of classify, or a test whose name begins with TestRule and its number.
func TestEveryRuleIsTested(t *testing.T) {
	covered := map[int]bool{}
	for _, row := range ruleRows {
		number, _, _ := strings.Cut(row.name, " ")
		n, err := strconv.Atoi(number)
		if err != nil {
			t.Errorf("row %q does not begin with the number of a rule", row.name)
		}
		covered[n] = true
	}
	names := testNames(t)
	for n, name := range ruleTests {
		covered[n] = slices.Contains(names, name)
	}
	for _, name := range names {
		if m := regexp.MustCompile(`^TestRule(\d\d)`).FindStringSubmatch(name); m != nil {
			n, _ := strconv.Atoi(m[1])
			covered[n] = true
		}
	}
	for n := 1; n <= ruleCount; n++ {
		if !covered[n] && !slices.Contains(rulesElsewhere, n) {
			t.Errorf("rule %d has neither a row nor a test", n)
		}
	}
}

// testNames are the test functions of this room and those next to it, as they are written.
func testNames(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, pattern := range []string{"*_test.go", "../*/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(fmt.Errorf("parsing %s: %w", f, err))
			}
			for _, d := range parsed.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
					names = append(names, fn.Name.Name)
				}
			}
		}
	}
	return names
}
