package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/ancho-dev/ancho/hack/bench/internal/contender"
	"github.com/ancho-dev/ancho/hack/bench/internal/report"
)

// limit is how long a contender may take for one report.
const limit = 5 * time.Minute

// bench is one run of the benchmark.
type bench struct {
	options options
	out     io.Writer // the table
	log     io.Writer // what goes on
	dir     string    // of hack/bench
	node    node
	stage   *stage // nil if no scenario needs one
	result  report.Result
}

func (b *bench) sayf(format string, args ...any) {
	fmt.Fprintf(b.log, "== "+format+"\n", args...)
}

// run does all scenarios that are wanted, and shows what came out, also if it ends early.
func (b *bench) run(ctx context.Context) (err error) {
	if b.dir, err = os.Getwd(); err != nil {
		return fmt.Errorf("no working directory: %w", err)
	}
	if err := b.build(ctx); err != nil {
		return err
	}
	b.node = b.findNode(ctx)
	b.result.Machine = b.machine(ctx)
	defer func() {
		if b.stage != nil {
			err = errors.Join(err, b.stage.close())
		}
	}()
	if err := b.open(ctx); err != nil {
		return err
	}
	for _, s := range scenarios() {
		if !b.options.wants(s.name) {
			continue
		}
		if err := b.scenario(ctx, s); err != nil {
			return err
		}
	}
	b.result.Judge()
	return b.show()
}

// build makes the contenders' programs.
func (b *bench) build(ctx context.Context) error {
	b.sayf("building the contenders")
	defer b.progress("building the contenders")()
	for _, name := range []string{"bin", "results"} {
		if err := os.MkdirAll(filepath.Join(b.dir, name), 0o750); err != nil {
			return fmt.Errorf("create a folder: %w", err)
		}
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", "bin/", "./cmd/...")
	cmd.Dir = b.dir
	cmd.Stdout, cmd.Stderr = b.log, b.log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build the contenders: %w", err)
	}
	return nil
}

// open starts the control plane and fills it, as far as that is needed.
func (b *bench) open(ctx context.Context) error {
	pods, widgets := false, false
	for _, s := range scenarios() {
		if b.options.wants(s.name) {
			pods = pods || s.pods
			widgets = widgets || s.widgets
		}
	}
	if !pods && !widgets {
		return nil
	}
	var err error
	if b.stage, err = b.openStage(ctx); err != nil {
		return err
	}
	if err := b.stage.filler.Namespaces(ctx); err != nil {
		return err
	}
	if pods {
		if err := b.fill(ctx, contender.Pods); err != nil {
			return err
		}
	}
	if !widgets {
		return nil
	}
	if err := b.stage.filler.Define(ctx); err != nil {
		return err
	}
	return b.fill(ctx, contender.Widgets)
}
