package main

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"
)

// target is one fuzzer.
type target struct{ pkg, name string }

// find lists the targets, in the order of their packages.
func (o options) find(ctx context.Context) ([]target, error) {
	var stderr bytes.Buffer
	cmd := goCommand(ctx, append([]string{"test", "-list", o.only}, o.packages...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list the targets: %w\n%s%s", err, out, stderr.String())
	}
	targets := listed(string(out))
	if len(targets) == 0 {
		return nil, fmt.Errorf("no fuzz target matches %q in %s", o.only, strings.Join(o.packages, " "))
	}
	return targets, nil
}

// listed reads what go test -list prints: the names, and below them the package.
func listed(out string) (targets []target) {
	var names []string
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		fields := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "Fuzz") && len(fields) == 1:
			names = append(names, line)
		case len(fields) > 1 && (fields[0] == "ok" || fields[0] == "?"):
			for _, name := range names {
				targets = append(targets, target{fields[1], name})
			}
			names = nil
		}
	}
	return targets
}

// fuzz runs one target. The error has what it printed.
func (o options) fuzz(ctx context.Context, t target) (verdict string, err error) {
	args := []string{"test", "-run", "^$", "-fuzz", "^" + t.name + "$", "-fuzztime", o.each.String(), "-fuzzminimizetime", "50x"}
	if o.parallel > 0 {
		args = append(args, "-parallel", fmt.Sprint(o.parallel))
	}
	out, err := goCommand(ctx, append(args, t.pkg)...).CombinedOutput()
	if err != nil {
		return "FOUND SOMETHING", fmt.Errorf("%s of %s: %w\n%s", t.name, t.pkg, err, withoutProgress(string(out)))
	}
	return "nothing found, " + executions(string(out)), nil
}

var executed = regexp.MustCompile(`execs: (\d+)`)

// executions is how often the target was called, as the last line of progress says.
func executions(out string) string {
	all := executed.FindAllStringSubmatch(out, -1)
	if len(all) == 0 {
		return "executions not told"
	}
	return all[len(all)-1][1] + " executions"
}

// withoutProgress is output without the lines that come every three seconds.
func withoutProgress(out string) string {
	var b strings.Builder
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "fuzz: elapsed:") {
			b.WriteString(line)
		}
	}
	return b.String()
}
