package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestListed(t *testing.T) {
	got := listed("FuzzA\nFuzzB\nok  \texample.com/a\t0.01s\n?   \texample.com/b\t[no test files]\nok  \texample.com/c\t0.01s\nFuzzC\nok  \texample.com/d\t0.02s\n")
	want := []target{{"example.com/a", "FuzzA"}, {"example.com/a", "FuzzB"}, {"example.com/d", "FuzzC"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestArgs(t *testing.T) {
	for _, args := range []string{"--time 0s", "--time x", "--parallel -1", "--nonsense"} {
		var stderr strings.Builder
		if code := run(t.Context(), strings.Fields(args), &stderr, &stderr); code != exitUsage || stderr.Len() == 0 {
			t.Errorf("%s: exit %d, %q", args, code, stderr.String())
		}
	}
	if o, err := parseArgs(nil, os.Stderr); err != nil || o.only != "^Fuzz" || !slices.Equal(o.packages, []string{"./..."}) {
		t.Errorf("%+v, %v", o, err)
	}
}

// fakeGo puts a go command into the PATH that knows two targets, of which one finds something.
func fakeGo(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	script := `#!/bin/sh
case "$*" in
"test -list ^Fuzz ./...") printf 'FuzzBad\nFuzzGood\nok  \texample.com/m\t0.01s\n' ;;
"test -list Nobody ./...") printf 'ok  \texample.com/m\t0.01s\n' ;;
"test -list Broken ./...") echo 'm.go:1: wrong' >&2; exit 1 ;;
"test -run ^$ -fuzz ^FuzzBad$ -fuzztime 3s -fuzzminimizetime 50x -parallel 2 example.com/m")
	printf 'fuzz: elapsed: 3s, execs: 7 (2/sec)\nnot zero\nFAIL\n'; exit 1 ;;
"test -run ^$ -fuzz ^FuzzGood$ -fuzztime 3s -fuzzminimizetime 50x -parallel 2 example.com/m")
	printf 'fuzz: elapsed: 0s, execs: 5 (2/sec)\nfuzz: elapsed: 3s, execs: 1234 (2/sec)\nok\n' ;;
*) echo "what is $*?" >&2; exit 9 ;;
esac
`
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// A target that holds and one that does not: both are run, the finding is told, and the exit code says so.
func TestFuzz(t *testing.T) {
	fakeGo(t)
	var out, errs strings.Builder
	if code := run(t.Context(), []string{"--time", "3s", "--parallel", "2"}, &out, &errs); code != exitFound {
		t.Errorf("exit %d", code)
	}
	want := "2 targets, 3s each\n[1/2] FuzzBad of example.com/m: FOUND SOMETHING\n[2/2] FuzzGood of example.com/m: nothing found, 1234 executions\n" +
		"found something in 1 of 2 targets: [FuzzBad]\n"
	if out.String() != want {
		t.Errorf("it prints\n%s\nwant\n%s", out.String(), want)
	}
	if !strings.Contains(errs.String(), "not zero") || strings.Contains(errs.String(), "fuzz: elapsed") {
		t.Errorf("the error is\n%s", errs.String())
	}
	for only, says := range map[string]string{"Nobody": "no fuzz target matches", "Broken": "m.go:1: wrong"} {
		errs.Reset()
		if code := run(t.Context(), []string{"--only", only}, &out, &errs); code != exitFound || !strings.Contains(errs.String(), says) {
			t.Errorf("%s: exit %d:\n%s", only, code, errs.String())
		}
	}
}
