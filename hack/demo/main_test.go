package main

import (
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParseArgs(t *testing.T) {
	for name, c := range map[string]struct {
		env        string
		args       []string
		keep, help bool
		err        string
	}{
		"nothing":          {},
		"flag":             {args: []string{"--keep"}, keep: true},
		"KEEP=1":           {env: "1", keep: true},
		"KEEP=0":           {env: "0"},
		"flag before KEEP": {env: "1", args: []string{"--keep=false"}},
		"help":             {args: []string{"--help"}, help: true},
		"unknown flag":     {args: []string{"--kep"}, err: "unknown flag: --kep"},
		"argument":         {args: []string{"keep"}, err: `unexpected argument "keep"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("KEEP", c.env)
			var stderr strings.Builder
			keep, help, err := parseArgs(c.args, &stderr)
			if keep != c.keep && c.err == "" || help != c.help {
				t.Errorf("keep %v, help %v, want %v, %v", keep, help, c.keep, c.help)
			}
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("got %v, want %q", err, c.err)
			}
			if help && !strings.Contains(stderr.String(), "--keep") {
				t.Errorf("the help does not name the flag: %s", stderr.String())
			}
		})
	}
}

func TestWrongUsageStartsNothing(t *testing.T) {
	var stdout, stderr strings.Builder
	if code := run([]string{"--no-such-flag"}, &stdout, &stderr); code != exitUsage {
		t.Errorf("exit code %d, want %d", code, exitUsage)
	}
	if stdout.Len() > 0 || stderr.Len() == 0 {
		t.Errorf("said %q, and as an error %q", stdout.String(), stderr.String())
	}
}
