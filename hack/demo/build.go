package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const modulePath = "github.com/ancho-dev/ancho"

// slowBuild is after how long a build says that it goes on.
const slowBuild = 10 * time.Second

// buildProgram compiles the examples into bin, which git ignores. Where nothing changed that takes a moment.
func (d *demo) buildProgram(ctx context.Context) (bin string, err error) {
	d.screen.didf("build the examples (go build ./examples)")
	d.root, err = goCommand(ctx, "list", "-m", "-f", "{{.Dir}}", modulePath)
	if err != nil {
		return "", fmt.Errorf("find the module %s: %w; run the demo inside a checkout", modulePath, err)
	}
	began := time.Now()
	tick := time.AfterFunc(slowBuild, func() { d.screen.notef("compiling, which takes a minute or two the first time") })
	defer tick.Stop()
	bin = filepath.Join(d.root, "bin", "examples")
	if _, err := goCommand(ctx, "build", "-o", bin, modulePath+"/examples"); err != nil {
		return "", fmt.Errorf("build the examples: %w", err)
	}
	d.screen.notef("built in %s", seconds(time.Since(began)))
	return bin, nil
}

// goCommand runs the go command and returns what it prints.
func goCommand(ctx context.Context, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // the arguments are this file's
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, stderr.String())
	}
	return strings.TrimSpace(stdout.String()), nil
}
