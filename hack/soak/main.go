package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/pflag"
	"k8s.io/klog/v2"

	"github.com/ancho-dev/ancho/pkg/runtime"
)

// Exit codes.
const (
	exitHeld  = 0 // all gates held
	exitWrong = 1 // one did not, or nothing could be measured
	exitUsage = 2
)

// subjectArg makes this program the subject.
const subjectArg = "subject"

func main() {
	if len(os.Args) > 1 && os.Args[1] == subjectArg {
		go endWith(os.Stdin)
		os.Exit(runtime.Main(append([]string{subjectArg}, os.Args[2:]...), os.Stdout, os.Stderr, subject(os.Stdout)))
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// endWith ends the subject when those that started it are gone.
func endWith(stdin io.Reader) {
	_, _ = io.Copy(io.Discard, stdin)
	os.Exit(exitWrong)
}

type options struct {
	duration time.Duration
	seed     uint64
}

// run is the whole command. Its exit code is returned after everything that it started has ended.
func run(args []string, stdout, stderr io.Writer) int {
	o, err := parseArgs(args, stderr)
	if errors.Is(err, pflag.ErrHelp) {
		return exitHeld
	}
	if err != nil {
		fmt.Fprintln(stderr, "soak:", err)
		return exitUsage
	}
	klog.SetLogger(logr.Discard()) // the clients of this process complain of a server that is broken on purpose
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := soak(ctx, o, stdout); err != nil {
		fmt.Fprintln(stderr, "soak: FAILED:", err)
		return exitWrong
	}
	fmt.Fprintln(stdout, "soak: all gates held")
	return exitHeld
}

func parseArgs(args []string, stderr io.Writer) (o options, err error) {
	set := pflag.NewFlagSet("soak", pflag.ContinueOnError)
	set.SetOutput(stderr)
	minutes := set.Float64("minutes", 10, "how long to go on")
	set.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "order of changes and faults, to have them once more")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	if set.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q: see --help", set.Arg(0))
	}
	if math.IsNaN(*minutes) || *minutes <= 0 {
		return o, fmt.Errorf("--minutes is %v: give a number above 0", *minutes)
	}
	o.duration = time.Duration(*minutes * float64(time.Minute))
	return o, nil
}
