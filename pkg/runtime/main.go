package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/cli"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/environment"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/logbuf"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/logs"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/patience"
)

// Exit codes of a program.
const (
	ExitStopped  = 0 // stopped as asked
	ExitFailed   = 1 // could not run, lost the lease, or a second signal ended it
	ExitDeclared = 2 // a flag or a declaration is wrong
)

// Program is the whole program behind ancho.Main.
type Program struct {
	// Capabilities are what it can do, as in Options.
	Capabilities []capability.Func
	// Embedded opens the API server that --embedded asks for. Nil: the program has no such flag.
	Embedded func() (EmbeddedServer, error)
}

// Main is Program.Main for a program that has no API server of its own.
func Main(args []string, stdout, stderr io.Writer, funcs ...capability.Func) int {
	return Program{Capabilities: funcs}.Main(args, stdout, stderr)
}

// Main reads the flags in args (args[0] is the program's name), runs the capabilities until a signal, and
// returns the exit code. What was asked for goes to stdout, logs and errors to stderr.
func (p Program) Main(args []string, stdout, stderr io.Writer) int {
	out := logbuf.New(stderr) // nothing that the program does waits for a pipe that nothing reads
	defer out.Flush(patience.LastWords)
	if stderr == io.Writer(os.Stderr) && stdlog.Writer() == stderr { // of net/http, among others
		stdlog.SetOutput(out)
	}
	return p.main(args, stdout, stderr, out)
}

// main is Main where what goes to stderr waits in a buffer.
func (p Program) main(args []string, stdout, terminal io.Writer, stderr *logbuf.Writer) int {
	f, help, err := cli.Parse(args[0], args[1:], stderr, p.Embedded != nil)
	if help {
		return ExitStopped
	}
	if err != nil {
		return fail(stderr, ExitDeclared, err)
	}
	log, err := logs.NewBuffered(stderr, terminal, f.LogLevel, f.LogFormat)
	if err != nil {
		return fail(stderr, ExitDeclared, err)
	}
	o := Options{
		Capabilities: p.Capabilities,
		Only:         f.Only,
		Namespace:    f.Namespace,
		Logger:       log,
		logOut:       stderr,
		HTTPAddress:  f.HTTP,
		AdminAddress: f.Admin,
		GracePeriod:  f.Grace,
		Audit:        f.Audit,
		AllowCBOR:    f.CBOR,
	}
	if f.Elect {
		o.LeaderElection = f.LeaderElection(args[0])
	}
	if f.Plan {
		return printPlan(f, o, stdout, stderr)
	}
	if f.RBAC {
		return printRBAC(f, args[0], o, stdout, stderr)
	}
	if f.Policies {
		return printPolicies(args[0], o, stdout, stderr)
	}
	if f.Embedded != "" {
		return p.runEmbedded(f, o, stdout, stderr)
	}
	return run(f, args[0], o, stdout, stderr)
}

func run(f cli.Flags, program string, o Options, stdout, stderr io.Writer) int {
	resolved := o // New does it again, with an identity of its own
	if err := resolved.resolveLeaderElection(); err != nil {
		return fail(stderr, ExitDeclared, err)
	}
	cfg, err := cli.LoadConfig(f)
	if err != nil {
		if _, wrong := PlanFor(o); wrong != nil { // comes first: no cluster would mend it
			return fail(stderr, ExitDeclared, wrong)
		}
		if _, bad := errors.AsType[cli.BadFlagError](err); bad {
			return fail(stderr, ExitDeclared, err)
		}
		return fail(stderr, ExitFailed, err)
	}
	if f.Check {
		return checkProgram(f, cfg, o, stdout, stderr)
	}
	if f.Release {
		return releaseFinalizers(&f, cfg, program, o, stdout, stderr)
	}
	return serve(f, cfg, o, stderr, func(*Runtime) (func(), error) { return func() {}, nil })
}

// checkProgram is --check.
func checkProgram(f cli.Flags, cfg *rest.Config, o Options, stdout, stderr io.Writer) int {
	useLogger(o.Logger)
	r, err := New(cfg, o)
	if _, wrong := errors.AsType[*environment.DeclarationError](err); wrong {
		return fail(stderr, ExitDeclared, err)
	}
	if err != nil {
		return fail(stderr, ExitFailed, err)
	}
	return r.runCheck(f, stdout, stderr)
}

// serve runs the capabilities against the server of cfg until a signal. What prepare does is done before the first
// request, and undone after the last.
func serve(f cli.Flags, cfg *rest.Config, o Options, stderr io.Writer, prepare func(*Runtime) (undo func(), err error)) int {
	if f.Record != "" {
		file, err := cli.RecordTo(f.Record)
		if err != nil {
			return fail(stderr, ExitFailed, err)
		}
		defer patience.WaitFor(patience.LastWords, func() { _ = file.Close() }) // what was to be written is; a disk may hang
		o.Record, o.RecordSecrets = file, f.Secrets
	}
	useLogger(o.Logger)
	r, err := New(cfg, o)
	var wrong *environment.DeclarationError
	switch {
	case errors.As(err, &wrong):
		return fail(stderr, ExitDeclared, err)
	case err != nil:
		return fail(stderr, ExitFailed, err)
	}
	r.exit = func() {
		o.Logger.Info("ended before all was stopped: another replica is about to lead")
		o.logOut.Flush(patience.LastLine)
		os.Exit(ExitFailed)
	}
	ctx, stop := untilSignal(o)
	defer stop()
	undo, err := prepare(r)
	if err != nil {
		return fail(stderr, ExitFailed, err)
	}
	defer undo()
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

// keepClosedPipes has writes to a stdout or stderr whose reader has closed it fail, for as long as the process runs. Without it the Go runtime
// ends the process with SIGPIPE (package os/signal): while it holds a lease, or after its work, when it writes its last lines. The
// signal is caught, not ignored, since commands that the process starts inherit ignored signals.
var keepClosedPipes = sync.OnceFunc(func() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) })

// untilSignal returns a context that SIGTERM or an interrupt ends. A second one ends the process.
func untilSignal(o Options) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	keepClosedPipes()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s, ok := <-signals
		if !ok {
			return
		}
		cancel()
		o.Logger.Info("stopping", "signal", s.String())
		if s, ok = <-signals; ok {
			o.Logger.Info("stopped at once by a second signal", "signal", s.String())
			o.logOut.Flush(patience.LastLine)
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
