// Command fuzz runs all fuzz targets of the module, one after the other, and says what came of each:
//
//	go run ./hack/fuzz --time 1m
//
// What the fuzzers find is written to testdata/fuzz of the package, and fails its ordinary tests from then on, until it is mended:
// commit it with the repair. The run goes on after a finding, and ends with 1.
//
// The time that a fuzzer spends on making inputs smaller is limited to some tries: by default the go command may spend most of a
// short run on that.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/pflag"
)

// Exit codes.
const (
	exitHeld  = 0 // nothing was found
	exitFound = 1 // something was, or a target could not be run
	exitUsage = 2
)

type options struct {
	each     time.Duration
	parallel int
	only     string
	packages []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole command, and returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseArgs(args, stderr)
	if errors.Is(err, pflag.ErrHelp) {
		return exitHeld
	}
	if err != nil {
		fmt.Fprintln(stderr, "fuzz:", err)
		return exitUsage
	}
	targets, err := o.find(ctx)
	if err != nil {
		fmt.Fprintln(stderr, "fuzz:", err)
		return exitFound
	}
	fmt.Fprintf(stdout, "%d targets, %s each\n", len(targets), o.each)
	var found []string
	for i, t := range targets {
		fmt.Fprintf(stdout, "[%d/%d] %s of %s: ", i+1, len(targets), t.name, t.pkg)
		verdict, err := o.fuzz(ctx, t)
		if ctx.Err() != nil {
			fmt.Fprintln(stdout, "interrupted")
			return exitFound
		}
		fmt.Fprintln(stdout, verdict)
		if err != nil {
			found = append(found, t.name)
			fmt.Fprintln(stderr, err)
		}
	}
	if len(found) > 0 {
		fmt.Fprintf(stdout, "found something in %d of %d targets: %v\n", len(found), len(targets), found)
		return exitFound
	}
	fmt.Fprintf(stdout, "nothing was found in %d targets\n", len(targets))
	return exitHeld
}

func parseArgs(args []string, stderr io.Writer) (o options, err error) {
	set := pflag.NewFlagSet("fuzz", pflag.ContinueOnError)
	set.SetOutput(stderr)
	set.DurationVar(&o.each, "time", time.Minute, "how long each target is fuzzed")
	set.IntVar(&o.parallel, "parallel", 0, "how many workers each target has; 0: as many as there are processors")
	set.StringVar(&o.only, "only", "^Fuzz", "the targets whose names match this regular expression")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	if o.packages = set.Args(); len(o.packages) == 0 {
		o.packages = []string{"./..."}
	}
	if o.each <= 0 || o.parallel < 0 {
		return o, fmt.Errorf("--time %s --parallel %d: give a time above 0, and 0 workers or more", o.each, o.parallel)
	}
	return o, nil
}

// goCommand is a go command that ends when ctx does, with the tests that it started.
func goCommand(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // the arguments are those of the targets
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	return cmd
}
