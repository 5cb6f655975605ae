package main

import (
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) {
	const fetching = `echo 'govulncheck: fetching vulnerabilities: `
	for name, c := range map[string]struct {
		script   string
		code     int
		unsaid   bool // that nothing was checked is not said
		complain string
	}{
		"nothing found":     {script: "echo No vulnerabilities found.", unsaid: true},
		"something found":   {script: "echo Vulnerability; exit 3", code: 3, unsaid: true},
		"no name server":    {script: fetching + `Get "https://db/x": dial tcp: lookup db: no such host' >&2; exit 1`},
		"nobody there":      {script: fetching + `Get "https://db/x": dial tcp 1.2.3.4:443: connect: connection refused' >&2; exit 1`},
		"no answer":         {script: fetching + `Get "https://db/x": read tcp: i/o timeout' >&2; exit 1`},
		"wrong address":     {script: fetching + `HTTP GET https://db/x returned unexpected status 404' >&2; exit 1`, code: 1, unsaid: true},
		"wrong certificate": {script: fetching + `Get "https://db/x": tls: failed to verify certificate' >&2; exit 1`, code: 1, unsaid: true},
		"does not compile":  {script: "echo 'govulncheck: loading packages: dial tcp' >&2; exit 1", code: 1, unsaid: true},
		"found, and then unreachable for another reason": {
			script: `echo 'fetching vulnerabilities: Get "x": dial tcp'; exit 3`, code: 3, unsaid: true,
		},
		"killed": {script: "kill -KILL $$", code: 1, unsaid: true, complain: "signal"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs strings.Builder
			if got := run(t.Context(), &out, &errs, []string{"/bin/sh", "-c", c.script}); got != c.code {
				t.Errorf("got exit code %d, want %d", got, c.code)
			}
			if got := strings.Contains(out.String(), "NOT CHECKED"); got == c.unsaid {
				t.Errorf("that nothing was checked: said %t, output %q", got, out.String())
			}
			if !strings.Contains(errs.String(), c.complain) {
				t.Errorf("got %q on stderr, want %q in it", errs.String(), c.complain)
			}
		})
	}
}

func TestRunWithoutCommand(t *testing.T) {
	var out, errs strings.Builder
	if got := run(t.Context(), &out, &errs, nil); got != 2 || !strings.Contains(errs.String(), "hack/vuln") {
		t.Errorf("got %d, %q, want a usage error", got, errs.String())
	}
	if got := run(t.Context(), &out, &errs, []string{"./no-such-program"}); got != 1 {
		t.Errorf("got %d, want a failure", got)
	}
}
