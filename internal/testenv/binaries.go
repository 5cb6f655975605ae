package testenv

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Names of the binaries, wherever they are.
const (
	etcdName      = "etcd"
	apiServerName = "kube-apiserver"
	kubectlName   = "kubectl"
)

// assetsEnv names a folder of ready-made binaries, as everywhere in the field.
const assetsEnv = "KUBEBUILDER_ASSETS"

const modulePath = "github.com/ancho-dev/ancho"

// Kubectl returns the absolute path of a kubectl of the control plane's version, having built it if there is none. The
// lines of a build go to progress; nil is os.Stderr.
func Kubectl(ctx context.Context, progress io.Writer) (string, error) {
	dir, err := folder(ctx, progress, kubectlName)
	return filepath.Join(dir, kubectlName), err
}

// binaries returns the absolute path of the folder that holds the servers,
// having built them if there are none.
func binaries(ctx context.Context, progress io.Writer) (string, error) {
	return folder(ctx, progress, etcdName, apiServerName)
}

// folder returns the absolute path of the folder that holds the binaries of these
// names, having built them if there are none.
func folder(ctx context.Context, progress io.Writer, names ...string) (string, error) {
	if dir := os.Getenv(assetsEnv); dir != "" {
		if err := complete(dir, names...); err != nil {
			return "", fmt.Errorf("%s is set to %s: %w; put it there, or unset it to build what is needed", assetsEnv, dir, err)
		}
		return absolute(dir)
	}
	wd, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("no working directory: %w", err)
	}
	root, err := moduleRoot(wd)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, "hack", "controlplane", "bin")
	if complete(dir, names...) == nil {
		return dir, nil
	}
	if progress == nil {
		progress = os.Stderr
	}
	if err := buildBinaries(ctx, root, progress); err != nil {
		return "", err
	}
	if err := complete(dir, names...); err != nil {
		return "", fmt.Errorf("after a build without error: %w", err)
	}
	return dir, nil
}

// buildBinaries runs the project's own build, and passes on what it says.
func buildBinaries(ctx context.Context, root string, progress io.Writer) error {
	fmt.Fprintln(progress, "testenv: building the control plane and kubectl (some minutes, once)")
	dir, err := os.MkdirTemp("", "ancho-testenv-build-")
	if err != nil {
		return fmt.Errorf("build the control plane: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	// Not `go run`, which does not pass on a signal that it alone gets.
	builder := filepath.Join(dir, "build")
	for _, args := range [][]string{
		{"go", "build", "-buildvcs=false", "-o", builder, "./hack/build"},
		{builder, "controlplane"},
	} {
		cmd := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // a fixed command
		cmd.Dir = root
		cmd.Stdout, cmd.Stderr = progress, progress
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.WaitDelay = 30 * time.Second
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("build the control plane (make controlplane): %w", err)
		}
	}
	return nil
}

// complete says which of the binaries dir lacks.
func complete(dir string, names ...string) error {
	for _, name := range names {
		info, err := os.Stat(filepath.Join(dir, name)) //nolint:gosec // the folder is the user's choice
		if err != nil {
			return fmt.Errorf("no binary of %s: %w", name, err)
		}
		if info.IsDir() || info.Mode()&0o111 == 0 {
			return fmt.Errorf("%s in %s is not an executable file", name, dir)
		}
	}
	return nil
}

func absolute(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("absolute path of %s: %w", dir, err)
	}
	return abs, nil
}

// moduleRoot is the folder of this project's go.mod, from dir upwards; the
// go.mod of a nested module on the way is passed over.
func moduleRoot(dir string) (string, error) {
	for at := dir; ; at = filepath.Dir(at) {
		name, err := moduleName(filepath.Join(at, "go.mod"))
		if err == nil && name == modulePath {
			return at, nil
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("look for the module %s: %w", modulePath, err)
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("no module %s at or above %s: run inside a checkout, or set %s", modulePath, dir, assetsEnv)
		}
	}
}

func moduleName(path string) (name string, err error) {
	f, err := os.Open(path) //nolint:gosec // a go.mod above the working directory
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "module "); ok {
			return strings.TrimSpace(name), nil
		}
	}
	return "", lines.Err()
}
