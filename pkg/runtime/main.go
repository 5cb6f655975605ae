package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/ancho-dev/ancho/pkg/capability"
)

// Exit codes of a program.
const (
	ExitStopped  = 0 // stopped as asked
	ExitFailed   = 1 // could not run, lost the lease, or a second signal ended it
	ExitDeclared = 2 // a flag or a declaration is wrong
)

// Main is the whole program behind ancho.Main: it reads the flags in args (args[0] is the program's name),
// runs the capabilities until a signal, and returns the exit code. What was asked for goes to stdout, logs
// and errors to stderr.
func Main(args []string, stdout, stderr io.Writer, funcs ...capability.Func) int {
	f, help, err := parseFlags(args[0], args[1:], stderr)
	if help {
		return ExitStopped
	}
	if err != nil {
		return fail(stderr, ExitDeclared, err)
	}
	log, err := NewLogger(stderr, f.logLevel, f.logFormat)
	if err != nil {
		return fail(stderr, ExitDeclared, err)
	}
	o := Options{
		Capabilities: funcs,
		Only:         f.only,
		Namespace:    f.namespace,
		Logger:       log,
		HTTPAddress:  f.http,
		GracePeriod:  f.grace,
		AllowCBOR:    f.cbor,
	}
	if f.elect {
		o.LeaderElection = f.leaderElection(args[0])
	}
	if f.plan {
		return printPlan(f, o, stdout, stderr)
	}
	if f.rbac {
		return printRBAC(f, args[0], o, stdout, stderr)
	}
	return run(f, o, stderr)
}

func printPlan(f flags, o Options, stdout, stderr io.Writer) int {
	p, err := PlanFor(o)
	if err != nil {
		return fail(stderr, ExitDeclared, err)
	}
	write := p.WriteTable
	if f.output == outputJSON {
		write = p.WriteJSON
	}
	if err := write(stdout); err != nil {
		return fail(stderr, ExitFailed, err)
	}
	return ExitStopped
}

func run(f flags, o Options, stderr io.Writer) int {
	resolved := o // New does it again, with an identity of its own
	if err := resolved.resolveLeaderElection(); err != nil {
		return fail(stderr, ExitDeclared, err)
	}
	cfg, err := loadConfig(f)
	if err != nil {
		if _, wrong := PlanFor(o); wrong != nil { // comes first: no cluster would mend it
			return fail(stderr, ExitDeclared, wrong)
		}
		return fail(stderr, ExitFailed, err)
	}
	if f.record != "" {
		file, err := recordTo(f.record)
		if err != nil {
			return fail(stderr, ExitFailed, err)
		}
		defer file.Close() //nolint:errcheck // what was to be written is
		o.Record, o.RecordSecrets = file, f.secrets
	}
	useLogger(o.Logger)
	r, err := New(cfg, o)
	var wrong *declarationError
	switch {
	case errors.As(err, &wrong):
		return fail(stderr, ExitDeclared, err)
	case err != nil:
		return fail(stderr, ExitFailed, err)
	}
	r.exit = func() {
		o.Logger.Info("ended before all was stopped: another replica is about to lead")
		os.Exit(ExitFailed)
	}
	ctx, stop := untilSignal(o.Logger)
	defer stop()
	if err := r.Run(ctx); err != nil {
		return fail(stderr, ExitFailed, err)
	}
	return ExitStopped
}

// useLogger sends what the Kubernetes libraries log the same way. Both are globals of theirs, so only the
// program does this, never New.
func useLogger(log logr.Logger) {
	klog.SetLogger(log)
	ctrllog.SetLogger(log)
}

// untilSignal returns a context that SIGTERM or an interrupt ends. A second one ends the process.
func untilSignal(log logr.Logger) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s, ok := <-signals
		if !ok {
			return
		}
		log.Info("stopping", "signal", s.String())
		cancel()
		if s, ok = <-signals; ok {
			log.Info("stopped at once by a second signal", "signal", s.String())
			os.Exit(ExitFailed)
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(signals)
		<-done
		cancel()
	}
}

// fail prints what is wrong, one line for each thing, and passes the code on.
func fail(stderr io.Writer, code int, err error) int {
	_, _ = fmt.Fprintf(stderr, "error: %v\n", err) // there is nowhere else to say it
	return code
}
