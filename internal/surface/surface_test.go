package surface

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/names.txt")

const golden = "testdata/names.txt"

// The packages that users import export what the list says. A change of the list is a change for users: say it in CHANGELOG.md.
func TestExportedNames(t *testing.T) {
	names, err := Names("../..")
	if err != nil {
		t.Fatal(err)
	}
	names = slices.DeleteFunc(names, func(line string) bool { return !strings.HasPrefix(line, "pkg/") && !strings.HasPrefix(line, ". ") })
	if *update {
		if err := os.WriteFile(golden, []byte(strings.Join(names, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(raw)), "\n")
	for _, n := range names {
		if !slices.Contains(want, n) {
			t.Errorf("%s is exported, and not in internal/surface/%s: make it internal, or run go test ./internal/surface -update", n, golden)
		}
	}
	for _, n := range want {
		if !slices.Contains(names, n) {
			t.Errorf("%s is in internal/surface/%s, and not exported: run go test ./internal/surface -update", n, golden)
		}
	}
}

// What others cannot import, or is no declaration of the package, is not listed.
func TestNames(t *testing.T) {
	names, err := Names("testdata/tree")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		". Alias (alias)", ". C", ". Generic", ". Generic.Method", ". I", ". I.M", ". I.Stringer (embedded)", ". S", ". S.Field", ". S.T (embedded)",
		". T", ". V", "below F",
	}
	if !slices.Equal(names, want) {
		t.Errorf("got  %q\nwant %q", names, want)
	}
}
