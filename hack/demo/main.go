package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"
	"golang.org/x/term"
)

// Exit codes.
const (
	exitShown = 0 // everything was as expected
	exitWrong = 1 // something was not, or the demo was interrupted
	exitUsage = 2
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the whole command. Its exit code is returned after everything that it started has ended.
func run(args []string, stdout, stderr io.Writer) int {
	keep, help, err := parseArgs(args, stderr)
	switch {
	case help:
		return exitShown
	case err != nil:
		_, _ = fmt.Fprintln(stderr, "demo:", err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the demo at once; its children end with it
	d := &demo{screen: newScreen(stdout, colours(stdout)), keep: keep}
	err = d.run(ctx)
	switch {
	case errors.Is(err, context.Canceled):
		d.screen.interrupted()
		return exitWrong
	case err != nil:
		d.screen.failed(err, d.lastLines())
		return exitWrong
	}
	d.screen.closing(d.steps)
	return exitShown
}

// parseArgs reads the flags; KEEP=1 in the environment is the same as --keep, as make passes it on.
func parseArgs(args []string, stderr io.Writer) (keep, help bool, err error) {
	set := pflag.NewFlagSet("demo", pflag.ContinueOnError)
	set.SetOutput(stderr)
	env := os.Getenv("KEEP")
	set.BoolVar(&keep, "keep", env != "" && env != "0", "leave everything running after the demo, until Ctrl-C (also: KEEP=1)")
	err = set.Parse(args)
	if errors.Is(err, pflag.ErrHelp) {
		return keep, true, nil
	}
	if err == nil && set.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q: the demo takes --keep alone", set.Arg(0))
	}
	return keep, false, err
}

// colours says whether the output is for a terminal that shows them (see no-color.org).
func colours(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
