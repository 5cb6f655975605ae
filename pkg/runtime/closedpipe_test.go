package runtime

import (
	"bufio"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// programFor is the environment variable that makes the test's binary a program, with these flags.
const programFor = "ANCHO_TEST_PROGRAM"

// runProgram runs the program and ends the process, if that is asked for.
func runProgram() {
	if args := os.Getenv(programFor); args != "" {
		o := oneCapability(capability.When(kind.ConfigMap).Reconcile(ignoreMap))
		os.Exit(Main(strings.Fields("program "+args), os.Stdout, os.Stderr, o.Capabilities...))
	}
}

// A program whose log has lost its reader works on, stops when it is asked to: the exit code is that
// of a stop.
func TestAClosedPipeOnStderr(t *testing.T) {
	srv := httptest.NewServer(&checked{served: servedMaps})
	defer srv.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	recording := filepath.Join(t.TempDir(), "recording")
	program := exec.CommandContext(t.Context(), os.Args[0])
	program.Env = append(os.Environ(), programFor+"=--http= --admin= --record="+recording+" --server="+srv.URL)
	program.Stderr = w
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	log, started := bufio.NewScanner(r), false
	for !started && log.Scan() {
		started = strings.Contains(log.Text(), `"started"`)
	}
	_ = r.Close()
	if err := program.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := program.Wait(); err != nil {
		t.Errorf("the program ended with %v, want exit code 0", err)
	}
}
