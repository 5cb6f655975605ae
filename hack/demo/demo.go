package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/internal/testenv"
)

// patience bounds every wait. Nothing takes a tenth of it, unless it is in vain.
const patience = time.Minute

// demo is one run.
type demo struct {
	screen *screen
	keep   bool
	steps  int  // things that the demo did
	shown  bool // the script is over: what comes is the user's

	dir        string // temporary: kubeconfig
	root       string // of the checkout
	bin        string // the program
	kubeconfig string // the administrator's
	env        *testenv.Env
	cluster    *kubernetes.Clientset
	objects    client.Client // knows WebApps

	programKubeconfig string // has a token of the program's ServiceAccount

	program *program
	mark    int // lines of the log before the present step
}

// run shows everything and cleans up, whatever happens on the way.
func (d *demo) run(ctx context.Context) (err error) {
	defer func() {
		if errors.Is(err, errEnded) {
			<-d.program.done
			err = fmt.Errorf("%w (%s)", err, d.program.cmd.ProcessState)
		}
		err = errors.Join(err, d.cleanUp())
	}()
	for _, part := range []func(context.Context) error{
		d.prepare,
		d.install,
		d.showPlan,
		d.giveRights,
		d.start,
		d.defaults,
		d.greeting,
		d.pods,
		d.webapp,
		d.outage,
		d.leave,
		d.end,
	} {
		if err := part(ctx); err != nil {
			return errors.Join(err, ctx.Err()) // an error because of an interrupt is one
		}
		if err := ctx.Err(); err != nil && !d.shown {
			return err
		}
	}
	return nil
}

// prepare builds what is missing and starts the control plane.
func (d *demo) prepare(ctx context.Context) (err error) {
	d.screen.line(d.screen.paint(bold, "Ancho: a program of three capabilities on a real Kubernetes API server"))
	d.screen.line("")
	if d.dir, err = os.MkdirTemp("", "ancho-demo-"); err != nil {
		return fmt.Errorf("create a folder for the kubeconfig: %w", err)
	}
	if d.bin, err = d.buildProgram(ctx); err != nil {
		return err
	}
	d.screen.didf("start etcd and kube-apiserver")
	began := time.Now()
	d.env, err = testenv.Start(ctx, testenv.Options{Progress: d.screen.indented()})
	if err != nil {
		return err
	}
	if d.cluster, err = kubernetes.NewForConfig(d.env.Config); err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	version, err := d.cluster.Discovery().ServerVersion()
	if err != nil {
		return fmt.Errorf("ask the API server for its version: %w", err)
	}
	d.kubeconfig = filepath.Join(d.dir, "kubeconfig")
	if err := os.WriteFile(d.kubeconfig, d.env.Kubeconfig(), 0o600); err != nil {
		return fmt.Errorf("write the kubeconfig: %w", err)
	}
	d.screen.sawf("cluster", "Kubernetes %s is ready after %s", version.GitVersion, seconds(time.Since(began)))
	return nil
}

// cleanUp ends what was started, the program first, so that it does not see the servers go.
func (d *demo) cleanUp() error {
	if d.program != nil {
		d.program.kill()
	}
	var errs []error
	if d.env != nil {
		errs = append(errs, d.env.Stop())
	}
	if d.dir != "" {
		errs = append(errs, os.RemoveAll(d.dir))
	}
	return errors.Join(errs...)
}

// lastLines are what the program logged last, for a report of a failure.
func (d *demo) lastLines() []string {
	if d.program == nil {
		return nil
	}
	all := d.program.log.since(0)
	var lines []string
	for _, e := range all[max(0, len(all)-10):] {
		lines = append(lines, e.raw)
	}
	return lines
}

// step says what the demo is about to have done, and notes how far the log is: what comes after it belongs to the
// step.
func (d *demo) step() {
	d.steps++
	d.mark = d.program.log.mark()
}

// expect waits for lines that the program logs in this step, and shows them in the order that is given.
func (d *demo) expect(ctx context.Context, wants ...want) error {
	for _, w := range wants {
		err := within(ctx, w.String(), func(ctx context.Context) error {
			e, err := d.program.log.wait(ctx, d.mark, w)
			if err == nil {
				d.screen.entry(e)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eventually asks until the answer is yes. It is for what nothing announces: the program's answers over HTTP.
func (d *demo) eventually(ctx context.Context, what string, holds func(context.Context) (bool, error)) error {
	return within(ctx, what, func(ctx context.Context) error {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			ok, err := holds(ctx)
			if ok || err != nil {
				return err
			}
			select {
			case <-tick.C:
			case <-d.program.done:
				return errEnded
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
}

// within bounds a wait, and says what it was for if it was in vain.
func within(ctx context.Context, what string, wait func(context.Context) error) error {
	limited, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("not within %s", patience))
	defer cancel()
	err := wait(limited)
	if errors.Is(err, context.DeadlineExceeded) {
		err = context.Cause(limited)
	}
	if err != nil {
		return fmt.Errorf("expected that %s: %w", what, err)
	}
	return nil
}
