package testenv

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// envtest keeps the processes that it starts to itself. It is therefore given a
// script in place of each binary, which notes its process id and becomes the
// binary: exec keeps the id.
const launcherScript = `#!/bin/sh
# $1 is --help when envtest asks which flags there are: that is no server.
if [ "$1" != --help ]; then
	echo $$ > %[1]s.new && mv %[1]s.new %[1]s || exit 1
fi
exec %[2]s "$@"
`

// guardianScript waits until its standard input ends, which is when this
// process closes it or dies, however it dies, and then kills the servers whose
// ids are on file and removes the folder. Servers that were stopped in order
// have no file any more. An id is only believed if the command line of the
// process names the folder, which no other program's does.
const guardianScript = `cat > /dev/null
for f in "$1"/*.pid; do
	[ -f "$f" ] || continue
	pid=$(cat "$f")
	args=$(ps -o args= -p "$pid" 2> /dev/null || tr '\0' ' ' < "/proc/$pid/cmdline")
	case "$args" in *"$1"*) kill -KILL "$pid" ;; esac
done 2> /dev/null
# A server that is still dying may still write.
for again in 1 2 3 4 5; do
	rm -rf "$1" 2> /dev/null && break
	sleep 1
done
`

// writeLauncher puts a launcher for a binary into dir, and returns its path. The
// name tells servers of one binary apart. The binary finds the variables of env,
// "NAME=value" each, in its environment.
func writeLauncher(dir, binary, name string, env ...string) (string, error) {
	path := filepath.Join(dir, name)
	command := quote(binary)
	for _, variable := range slices.Backward(env) {
		command = quote(variable) + " " + command
	}
	if len(env) > 0 {
		command = "env " + command
	}
	script := fmt.Sprintf(launcherScript, quote(pidFile(dir, name)), command)
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil { //nolint:gosec // it is to be executed
		return "", fmt.Errorf("write the launcher of %s: %w", name, err)
	}
	return path, nil
}

func pidFile(dir, name string) string { return filepath.Join(dir, name+".pid") }

// quote makes s one word of a shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// findServer is the process that the launcher of name became, just after its
// start. The handle stays tied to that process (a pidfd, where the system has
// them): should it end, a signal sent later reaches nobody else.
func findServer(dir, name string) (*os.Process, error) {
	b, err := os.ReadFile(pidFile(dir, name))
	if err != nil {
		return nil, fmt.Errorf("process id of %s: %w", name, err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || pid <= 1 {
		return nil, fmt.Errorf("process id of %s: %q is none", name, b)
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return nil, fmt.Errorf("process of %s: %w", name, err)
	}
	return p, nil
}

// A guardian ends the servers of a folder when this process dies.
type guardian struct {
	cmd   *exec.Cmd
	alive io.Closer // the other end of its standard input
}

func startGuardian(dir string) (*guardian, error) {
	cmd := exec.Command("/bin/sh", "-c", guardianScript, "guardian", dir) //nolint:gosec,noctx // it has to outlive every context
	alive, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the guardian of the control plane: %w", err)
	}
	cmd.Stderr = os.Stderr
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the guardian of the control plane: %w", err)
	}
	return &guardian{cmd: cmd, alive: alive}, nil
}

// stop lets the guardian do its work and waits for it.
func (g *guardian) stop() error {
	if g == nil {
		return nil
	}
	if err := g.alive.Close(); err != nil {
		return fmt.Errorf("stop the guardian of the control plane: %w", err)
	}
	if err := g.cmd.Wait(); err != nil {
		return fmt.Errorf("stop the guardian of the control plane: %w", err)
	}
	return nil
}
