//go:build e2e

package tutorial

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	// The page's programs are built of these: when they change, the go command does not reuse an old result of this test.
	_ "github.com/ancho-dev/ancho"
	_ "github.com/ancho-dev/ancho/pkg/anchotest"

	"github.com/ancho-dev/ancho/internal/testenv"
)

// patience bounds the whole page: only a test that fails reaches it.
const patience = 15 * time.Minute

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What the tutorial says is what happens.
func TestTutorial(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	must(t, err)
	page, err := os.ReadFile(filepath.Join(root, "docs", "tutorial.md"))
	must(t, err)
	r := newReader(t, root)
	for _, b := range blocks(t, string(page)) {
		r.line = b.line
		switch {
		case b.verb == "stop":
			r.stop(b.name)
		case b.verb == "background" && b.language == "sh":
			r.start(b.name, b.text)
		case b.verb == "log" && b.language == "text":
			for line := range strings.Lines(b.text) {
				r.waitFor(b.name, strings.TrimSpace(line))
			}
		case b.language == "sh":
			r.run(b.text)
		case b.language == "text":
			if !prints(r.output, b.text) {
				t.Fatalf("docs/tutorial.md, line %d: the commands print\n%s\nand the page shows\n%s", b.line, r.output, b.text)
			}
		case b.path != "":
			put(t, r.folder(), b)
		default:
			t.Fatalf("docs/tutorial.md, line %d: no file is named for this block of %s", b.line, b.language)
		}
	}
	if len(r.running) > 0 {
		t.Errorf("the page leaves programs running: %v", r.running)
	}
	r.run("go vet ./...\ntest -z \"$(gofmt -l .)\"")
}

// reader does what the page says.
type reader struct {
	t       *testing.T
	home    string // with the kubeconfig of the cluster
	env     []string
	line    int    // of the page
	output  string // of the last commands
	running map[string]*background
}

// background is a program that a block started.
type background struct {
	cmd   *exec.Cmd
	log   *log
	ended chan error
}

func newReader(t *testing.T, root string) *reader {
	t.Helper()
	env, err := testenv.Start(t.Context(), testenv.Options{})
	must(t, err)
	t.Cleanup(func() {
		if err := env.Stop(); err != nil {
			t.Error(err)
		}
	})
	kubectl, err := testenv.Kubectl(t.Context(), nil)
	must(t, err)
	r := &reader{t: t, home: t.TempDir(), running: map[string]*background{}}
	must(t, os.MkdirAll(filepath.Join(r.home, ".kube"), 0o700))
	must(t, os.WriteFile(filepath.Join(r.home, ".kube", "config"), env.Kubeconfig(), 0o600))
	must(t, os.MkdirAll(filepath.Join(r.home, "bin"), 0o700))
	must(t, os.MkdirAll(filepath.Join(r.home, "work"), 0o700))
	must(t, os.WriteFile(r.state(), []byte("PWD="+filepath.Join(r.home, "work")+"\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(r.home, "bin", "go"), []byte(goCommand(t, r, root)), 0o700))
	r.env = []string{
		"HOME=" + r.home, "PATH=" + strings.Join([]string{filepath.Join(r.home, "bin"), filepath.Dir(kubectl), os.Getenv("PATH")}, ":"),
		"GOFLAGS=-mod=mod -buildvcs=false", "GOWORK=off",
	}
	settings := []string{"GOPATH", "GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GOTOOLCHAIN"} // those of HOME's owner
	values, err := exec.CommandContext(t.Context(), "go", append([]string{"env"}, settings...)...).Output()
	must(t, err)
	for i, value := range strings.Split(strings.TrimSuffix(string(values), "\n"), "\n") {
		r.env = append(r.env, settings[i]+"="+value)
	}
	return r
}

// goCommand is a go command for the page's module, which requires what this checkout does, and gets this checkout.
func goCommand(t *testing.T, r *reader, root string) string {
	t.Helper()
	path, err := exec.LookPath("go")
	must(t, err)
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	must(t, err)
	_, rest, _ := strings.Cut(string(mod), "\n")
	requires := filepath.Join(r.home, "go.mod")
	must(t, os.WriteFile(requires, []byte("module example.com/sites\n"+rest+
		"\nrequire github.com/ancho-dev/ancho v0.0.0\n\nreplace github.com/ancho-dev/ancho => "+root+"\n"), 0o600))
	return fmt.Sprintf(`#!/bin/sh
case "$*" in
"get github.com/ancho-dev/ancho") cp %s go.mod && cp %s go.sum ;;
"mod tidy") ;;
*) exec %s "$@" ;;
esac
`, requires, filepath.Join(root, "go.sum"), path)
}

// state is the file that holds the folder and the environment in which the next commands run.
func (r *reader) state() string { return filepath.Join(r.home, "state") }

// folder is where the commands run.
func (r *reader) folder() string {
	r.t.Helper()
	out, err := exec.CommandContext(r.t.Context(), "bash", "-c", `. "$0"; echo "$PWD"`, r.state()).Output()
	must(r.t, err)
	return strings.TrimSpace(string(out))
}

// listen matches the addresses of the page's programs.
var listen = regexp.MustCompile(`--(http|admin)=[^ ]*:\d+`)

// shell is a command for a block, in a process group of its own.
func (r *reader) shell(ctx context.Context, block string) *exec.Cmd {
	block = listen.ReplaceAllString(block, "--$1=127.0.0.1:0")
	block = strings.ReplaceAll(block, " --embedded\n", " --embedded --http=127.0.0.1:0 --admin=127.0.0.1:0\n")
	script := fmt.Sprintf("set -euo pipefail\n. %[1]s\ncd \"$PWD\"\n%s\nexport -p > %[1]s\n", r.state(), block)
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Env, cmd.SysProcAttr = r.env, &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}

// run runs a block. What it leaves running is killed when the test ends.
func (r *reader) run(block string) {
	r.t.Helper()
	// A file: programs that the block leaves running hold a pipe open.
	file, err := os.Create(filepath.Join(r.home, "output"))
	must(r.t, err)
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	cmd := r.shell(ctx, block)
	cmd.Stdout, cmd.Stderr = file, file
	err = cmd.Run()
	group := cmd.Process.Pid
	r.t.Cleanup(func() { _ = syscall.Kill(-group, syscall.SIGKILL) })
	out, readErr := os.ReadFile(file.Name())
	must(r.t, readErr)
	must(r.t, file.Close())
	if err != nil {
		r.t.Fatalf("docs/tutorial.md, line %d: %v\n%s\n%s", r.line, err, block, out)
	}
	r.output = string(out)
	r.t.Logf("line %d:\n%s%s", r.line, block, out)
}

// start starts a program with an API server in memory, and waits for that.
func (r *reader) start(name, block string) {
	r.t.Helper()
	b := &background{cmd: r.shell(r.t.Context(), block), log: newLog(), ended: make(chan error, 1)}
	b.cmd.Stdout, b.cmd.Stderr = b.log, b.log
	must(r.t, b.cmd.Start())
	go func() {
		b.ended <- b.cmd.Wait()
		b.log.close()
	}()
	r.running[name] = b
	r.t.Cleanup(func() { _ = syscall.Kill(-b.cmd.Process.Pid, syscall.SIGKILL) })
	r.run("until kubectl --kubeconfig=ancho.kubeconfig get --raw=/readyz > /dev/null 2>&1; do sleep 0.1; done")
}

// stop interrupts a program, as Ctrl-C does.
func (r *reader) stop(name string) {
	r.t.Helper()
	b := r.running[name]
	if b == nil {
		r.t.Fatalf("docs/tutorial.md, line %d: %s does not run", r.line, name)
	}
	delete(r.running, name)
	must(r.t, syscall.Kill(-b.cmd.Process.Pid, syscall.SIGINT))
	select {
	case <-b.ended: // with 1, whatever the program does: an interrupted go run does that
	case <-time.After(patience):
		r.t.Fatalf("%s does not end\n%s", name, b.log)
	}
}

var textLine = regexp.MustCompile(`^INFO +(.*?) +{(.*)}$`)

// waitFor waits for a line of a program's log that the page shows as it looks on a terminal.
func (r *reader) waitFor(name, line string) {
	r.t.Helper()
	b, m := r.running[name], textLine.FindStringSubmatch(line)
	if b == nil || m == nil {
		r.t.Fatalf("docs/tutorial.md, line %d: %s does not run, or this is no line of a log: %s", r.line, name, line)
	}
	want := `"msg":"` + m[1] + `",` + strings.NewReplacer(`": `, `":`, `, "`, `,"`).Replace(m[2])
	if !b.log.wait(want, patience) {
		r.t.Fatalf("docs/tutorial.md, line %d: the log of %s has no\n%s\n%s", r.line, name, want, b.log)
	}
}
