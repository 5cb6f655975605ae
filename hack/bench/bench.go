package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/ancho-dev/ancho/hack/bench/internal/contender"
	"github.com/ancho-dev/ancho/hack/bench/internal/play"
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
	result  report.Result
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.log, "== "+format+"\n", args...)
}

func (b *bench) run(ctx context.Context) (err error) {
	if b.dir, err = os.Getwd(); err != nil {
		return fmt.Errorf("no working directory: %w", err)
	}
	b.result.Machine = report.Machine{
		Date: time.Now(), System: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.NumCPU(), Go: runtime.Version(),
	}
	if err := b.build(ctx); err != nil {
		return err
	}
	s, err := b.openStage(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.filler.Namespaces(ctx); err != nil {
		return err
	}
	if err := b.fill(ctx, s, contender.Pods, b.options.objects); err != nil {
		return err
	}
	if err := b.cold(ctx, s); err != nil {
		return err
	}
	return b.result.WriteTable(b.out)
}

// build makes the contenders' programs.
func (b *bench) build(ctx context.Context) error {
	b.say("building the contenders")
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

func scenarioNames() []string { return []string{"cold-pods"} }

func (b *bench) cold(ctx context.Context, s *stage) error {
	n := b.options.objects
	sc := &report.Scenario{Name: "cold-pods", Title: fmt.Sprintf("cold start, %d Pods, every one handled once", n), Objects: n, Rounds: b.options.rounds}
	b.result.Scenarios = append(b.result.Scenarios, sc)
	for round := range b.options.rounds {
		for _, c := range []struct{ name, program, encoding string }{
			{"drop, protobuf", "drop", "protobuf"},
			{"drop, JSON", "drop", "json"},
			{"ancho", "ancho", ""},
			{"controller-runtime", "controllerruntime", ""},
		} {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			task := s.task(contender.Pods, n, n)
			task.Encoding = c.encoding
			if b.options.profile && c.program == "ancho" {
				task.CPUProfile, task.HeapProfile = b.profiles(sc.Name, c.name, round)
			}
			u, err := play.Once(ctx, []string{filepath.Join(b.dir, "bin", c.program)}, task, limit)
			if err != nil {
				sc.Row(c.name).Error = err.Error()
				b.say("%s, round %d, %s: %v", sc.Name, round+1, c.name, err)
				continue
			}
			b.say("%s, round %d, %s: %.2f s CPU, %.0f MB", sc.Name, round+1, c.name, u.CPU.Seconds(), float64(u.Peak)/1e6)
			row := sc.Row(c.name)
			row.Add("CPU", report.Seconds, u.CPU.Seconds())
			row.Add("peak memory", report.Megabytes, float64(u.Peak)/1e6)
			if u.Read > 0 {
				row.Add("an object", report.Kilobytes, float64(u.Read)/1e3/float64(n))
			}
			row.Add("time", report.Seconds, u.Wall.Seconds())
		}
	}
	return nil
}

// profiles are the files for the profiles of one run.
func (b *bench) profiles(scenario, contender string, round int) (cpu, heap string) {
	name := filepath.Join(b.dir, "results", fmt.Sprintf("%s-%s-%d", scenario, contender, round+1))
	b.say("profiles: %s.{cpu,heap}.prof", name)
	return name + ".cpu.prof", name + ".heap.prof"
}
