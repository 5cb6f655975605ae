package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stderr, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

// run builds the sets named in args, one after the other, and writes its
// progress to log.
func run(ctx context.Context, log io.Writer, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("say what to build: %s", strings.Join(setNames(), ", "))
	}
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	for _, name := range args {
		s, ok := sets()[name]
		if !ok {
			return fmt.Errorf("unknown set %q: have %s", name, strings.Join(setNames(), ", "))
		}
		if s.replacedBy != "" && os.Getenv(s.replacedBy) != "" {
			fmt.Fprintf(log, "%s: %s is set, its binaries are used and nothing is built\n", name, s.replacedBy)
			continue
		}
		if err := s.build(ctx, log, name, root); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// moduleRoot is the folder of the project's root module: the nearest one, from
// the working directory upwards, that holds hack/build.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("no working directory: %w", err)
	}
	for {
		_, err := os.Stat(filepath.Join(dir, "hack", "build", "main.go"))
		if err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("not inside the project: run it from a checkout")
		}
		dir = parent
	}
}

func setNames() []string {
	var names []string
	for name := range sets() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
