package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// build brings the binaries of s up to date. One run works at a time: a second
// waits for the first, and then finds its work done.
func (s set) build(ctx context.Context, log io.Writer, name, root string) error {
	module, out := filepath.Join(root, s.module), filepath.Join(root, s.out)
	if err := os.MkdirAll(out, 0o750); err != nil {
		return fmt.Errorf("create the folder for the binaries: %w", err)
	}
	unlock, err := lock(filepath.Join(out, ".lock"), func() {
		fmt.Fprintf(log, "%s: waiting for another build to end\n", name)
	})
	if err != nil {
		return err
	}
	defer unlock()

	want, err := s.stamp(module)
	if err != nil {
		return err
	}
	if s.fresh(out, want) {
		return nil
	}
	fmt.Fprintf(log, "%s: building %d programs into %s\n", name, len(s.programs), s.out)
	for _, p := range s.programs {
		if err := p.build(ctx, log, module, out); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return writeStamp(out, want)
}

// build compiles one program and puts it into out under its name, which never
// holds a half-written binary.
func (p program) build(ctx context.Context, log io.Writer, module, out string) error {
	start := time.Now()
	packages, err := goOutput(ctx, module, "list", "-deps", p.pkg)
	if err != nil {
		return err
	}
	version := ""
	if p.stampedBy != "" {
		if version, err = goOutput(ctx, module, "list", "-m", "-f", "{{.Version}}", p.stampedBy); err != nil {
			return err
		}
	}
	flags, err := ldflags(strings.TrimSpace(version))
	if err != nil {
		return err
	}

	fresh := filepath.Join(out, "."+p.name+".new")
	cmd := goCommand(ctx, module, "build", "-v", "-buildvcs=false", "-ldflags", flags, "-o", fresh, p.pkg)
	pr := newProgress(log, p.name, strings.Count(packages, "\n"), start)
	cmd.Stdout, cmd.Stderr = pr, pr
	stop := pr.tick(10 * time.Second)
	err = cmd.Run()
	stop()
	if err != nil {
		return fmt.Errorf("go build %s: %w\n%s", p.pkg, err, pr.errors())
	}
	if err := os.Rename(fresh, filepath.Join(out, p.name)); err != nil {
		return fmt.Errorf("put the binary in place: %w", err)
	}
	fmt.Fprintf(log, "%s: built in %s\n", p.name, time.Since(start).Round(time.Second))
	return nil
}

// goCommand runs the go command in a module, without a workspace (the nested
// modules stand alone) and without cgo (no C compiler is asked for).
func goCommand(ctx context.Context, module string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // arguments come from the table in sets.go
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	// The go command ends its compilers when it is interrupted, and not when it is
	// killed.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

func goOutput(ctx context.Context, module string, args ...string) (string, error) {
	var stderr bytes.Buffer
	cmd := goCommand(ctx, module, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out), nil
}
