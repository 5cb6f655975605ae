package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit codes.
const (
	exitMeasured = 0 // everything worked; bars that are not reached are no error
	exitFailed   = 1 // something did not work, or the benchmark was interrupted
	exitUsage    = 2
)

func main() { os.Exit(run(os.Getenv, os.Stdout, os.Stderr)) }

// run is the whole command. It returns after everything that it started has ended.
func run(getenv func(string) string, stdout, stderr io.Writer) int {
	o, err := parseOptions(getenv)
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the benchmark at once; the control plane ends with it
	b := &bench{options: o, out: stdout, log: stderr}
	if err := b.run(ctx); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("interrupted; everything that was started has ended")
		}
		fmt.Fprintln(stderr, "bench:", err)
		return exitFailed
	}
	if b.result.Failed() {
		fmt.Fprintln(stderr, "bench: a contender failed, see above")
		return exitFailed
	}
	return exitMeasured
}
