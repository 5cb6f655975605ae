package layers_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ancho-dev/ancho/internal/layers"
)

// testOnly are the modules that the library's go.mod requires only for tests. docs/adr/0016-test-modules.md says why they stay.
var testOnly = []string{"go.uber.org/goleak", "pgregory.net/rapid"}

const modulesFile = "testdata/modules.txt"

// Users of the library get the modules that modulesFile names, and no others. ANCHO_UPDATE=1 writes the file.
func TestModulesOfAProgram(t *testing.T) {
	m, err := layers.ModulesOf(t.Context(), root, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# The modules of a program that uses the library (go list -m all), without versions. A test compares them.\n")
	fmt.Fprintf(&b, "\n# %d modules provide packages of the program.\n%s\n", len(m.Compiled), strings.Join(m.Compiled, "\n"))
	fmt.Fprintf(&b, "\n# %d more are named in the go.mod of a dependency. None of their code is compiled.\n%s\n", len(m.Listed), strings.Join(m.Listed, "\n"))
	if os.Getenv("ANCHO_UPDATE") != "" {
		if err := os.WriteFile(modulesFile, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(modulesFile)
	if err != nil {
		t.Fatal(err)
	}
	known := strings.Split(string(want), "\n")
	for _, path := range slices.Concat(m.Compiled, m.Listed) {
		if !slices.Contains(known, path) {
			t.Errorf("users of the library get a new module: %s. If only tests import it, move them to test/", path)
		}
	}
	if b.String() != string(want) && !t.Failed() {
		t.Errorf("%s is out of date: run ANCHO_UPDATE=1 go test -run %s ./internal/layers", modulesFile, t.Name())
	}
	for _, path := range m.Ours {
		if !slices.Contains(testOnly, path) {
			t.Errorf("users of the library get %s although nothing that they compile needs it: move what imports it to test/", path)
		}
	}
	if len(m.Compiled) < 10 || !slices.Contains(m.Compiled, layers.Module) || !slices.Contains(m.Listed, "pgregory.net/rapid") {
		t.Errorf("%d modules are compiled, %d listed: this test does not see them", len(m.Compiled), len(m.Listed))
	}
}

// What only tests import stands in the go.mod of test/, with few exceptions.
func TestTheLibraryRequiresNoTestModules(t *testing.T) {
	got, err := layers.TestOnly(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, testOnly) {
		t.Errorf("only tests and programs of this project need %q of go.mod, want %q", got, testOnly)
	}
}
