package testenv

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// childEnv, set to a folder, makes this test binary a process that starts a
// server there, as Start does, and then waits to be killed.
const childEnv = "ANCHO_TESTENV_CHILD"

// fakeServer stands for a binary of the control plane: it says that it runs,
// and runs until its standard input ends.
const fakeServer = "#!/bin/sh\necho serving\nread -r never\n"

// child is the process of childEnv. It returns only if something went wrong.
func child(dir string) int {
	if err := startChild(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	select {}
}

func startChild(dir string) error {
	if _, err := startGuardian(dir); err != nil {
		return err
	}
	cmd, err := launchFake(dir, "--data-dir="+dir)
	if err != nil {
		return err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Start()
}

// launchFake prepares a start of fakeServer through a launcher in dir.
func launchFake(dir string, args ...string) (*exec.Cmd, error) {
	bin := filepath.Join(dir, "it's a bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(bin, etcdName), []byte(fakeServer), 0o700); err != nil {
		return nil, err
	}
	launcher, err := writeLauncher(dir, filepath.Join(bin, etcdName), etcdName)
	if err != nil {
		return nil, err
	}
	return exec.Command(launcher, args...), nil //nolint:noctx // ended by the test
}

func TestALauncherSetsVariables(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "program"), []byte("#!/bin/sh\necho \"$ONE, $TWO, $1\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(dir, "launchers")
	if err := os.Mkdir(at, 0o700); err != nil {
		t.Fatal(err)
	}
	launcher, err := writeLauncher(at, filepath.Join(dir, "program"), "program", "ONE=it's 1", "TWO=2")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(launcher, "three").CombinedOutput() //nolint:noctx // it ends by itself
	if string(out) != "it's 1, 2, three\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
}

// serving starts cmd and waits until it says so. It returns the rest of what it
// says, and what keeps it running.
func serving(t *testing.T, cmd *exec.Cmd) (*bufio.Reader, io.Closer) {
	t.Helper()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out := bufio.NewReader(stdout)
	if line, err := out.ReadString('\n'); err != nil || line != "serving\n" {
		t.Fatalf("got %q, %v, want that it serves", line, err)
	}
	return out, stdin
}

// A test binary that is killed can stop nothing any more: the guardian does.
func TestServersDieWithTheirParent(t *testing.T) {
	dir := t.TempDir()
	parent := exec.CommandContext(t.Context(), os.Args[0])
	parent.Env = append(os.Environ(), childEnv+"="+dir)
	out, keep := serving(t, parent)
	defer func() { _ = keep.Close() }()

	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// Parent, server and guardian write to the same pipe: it ends with the last of them,
	// and the server would go on for as long as its input does.
	if rest, err := io.ReadAll(out); err != nil || len(rest) != 0 {
		t.Errorf("got %q, %v, want silence", rest, err)
	}
	if err := parent.Wait(); err == nil {
		t.Error("the parent ended in order, it was to be killed")
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}

// An id on file may be somebody else's by now.
func TestGuardianSparesStrangers(t *testing.T) {
	dir := t.TempDir()
	g, err := startGuardian(dir)
	if err != nil {
		t.Fatal(err)
	}
	stranger := exec.CommandContext(t.Context(), "/bin/sh", "-c", "echo serving; read -r never")
	_, keep := serving(t, stranger)
	pid := strconv.Itoa(stranger.Process.Pid)
	if err := os.WriteFile(pidFile(dir, etcdName), []byte(pid), 0o600); err != nil {
		t.Fatal(err)
	}

	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	if err := keep.Close(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := stranger.Wait(); errors.As(err, &exit) && !exit.Exited() {
		t.Errorf("the stranger was killed: %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func TestLauncherBecomesTheServer(t *testing.T) {
	dir := t.TempDir()
	cmd, err := launchFake(dir, "--data-dir="+dir)
	if err != nil {
		t.Fatal(err)
	}
	_, keep := serving(t, cmd)
	defer func() { _ = keep.Close() }()

	p, err := findServer(dir, etcdName)
	if err != nil {
		t.Fatal(err)
	}
	if p.Pid != cmd.Process.Pid {
		t.Errorf("noted process %d, want %d", p.Pid, cmd.Process.Pid)
	}
	if err := p.Signal(os.Kill); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the server ended in order, it was to be killed")
	}
	if err := p.Signal(syscall.Signal(0)); !gone(err) {
		t.Errorf("signal to a server that has ended: %v, want that it is gone", err)
	}
}

// envtest asks a binary for its flags, also while the server runs.
func TestLauncherNotesNoHelp(t *testing.T) {
	dir := t.TempDir()
	cmd, err := launchFake(dir, "--help")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := cmd.CombinedOutput(); string(out) != "serving\n" {
		t.Errorf("got %q, %v, want the binary's own output", out, err)
	}
	if _, err := findServer(dir, etcdName); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want no process id", err)
	}
}

func TestFindServerRefusesNonsense(t *testing.T) {
	for _, content := range []string{"", "x", "0", "-5", "1"} {
		dir := t.TempDir()
		if err := os.WriteFile(pidFile(dir, etcdName), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if p, err := findServer(dir, etcdName); err == nil {
			t.Errorf("%q: got process %d, want an error", content, p.Pid)
		}
	}
}
