//go:build e2e

package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ancho-dev/ancho/internal/testenv"
)

// buildTestdata builds a program of testdata, without the race detector: as users run it.
func buildTestdata(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./testdata/"+name)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build testdata/%s: %v\n%s", name, err, out)
	}
	return path
}

// process is a running program.
type process struct {
	cmd      *exec.Cmd
	stdin    io.WriteCloser
	out, log *lines
	ended    chan struct{} // closed when it has ended, and all that it wrote was read
}

// startProcess runs the program against a server and kills it when the test ends, if it still runs.
func startProcess(t *testing.T, path string, env *testenv.Env, flags ...string) *process {
	t.Helper()
	return startProcessAt(t, path, env.Kubeconfig(), flags...)
}

// startProcessAt is startProcess with a kubeconfig.
func startProcessAt(t *testing.T, path string, config []byte, flags ...string) *process {
	t.Helper()
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	must(t, os.WriteFile(kubeconfig, config, 0o600))
	return startBare(t, exec.Command(path, append(flags, "--kubeconfig", kubeconfig, "--http", "127.0.0.1:0", "--admin", "127.0.0.1:0")...)) //nolint:noctx // ended below
}

// startBare runs a command and kills it when the test ends, if it still runs.
func startBare(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd, out: &lines{}, log: &lines{}, ended: make(chan struct{})}
	var err error
	p.stdin, err = p.cmd.StdinPipe()
	must(t, err)
	stdout, err := p.cmd.StdoutPipe()
	must(t, err)
	stderr, err := p.cmd.StderrPipe()
	must(t, err)
	must(t, p.cmd.Start())
	var readers sync.WaitGroup
	readers.Go(func() { p.out.read(stdout) })
	readers.Go(func() { p.log.read(stderr) })
	go func() {
		defer close(p.ended)
		readers.Wait()
		_ = p.cmd.Wait() // its exit code is asked for elsewhere
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it may have ended
		<-p.ended
		if t.Failed() {
			t.Logf("the program wrote:\n%s\nand logged:\n%s", p.out.tail(40), p.log.tail(40))
		}
	})
	return p
}

// exit waits for the end of the program and returns its exit code.
func (p *process) exit(t *testing.T) int {
	t.Helper()
	waitUntil(t, "the program's end", func() bool {
		select {
		case <-p.ended:
			return true
		default:
			return false
		}
	})
	return p.cmd.ProcessState.ExitCode()
}

// tell logs what the program says of itself, where the test has failed. It may have ended.
func (p *process) tell(t *testing.T) {
	t.Helper()
	if !t.Failed() {
		return
	}
	c := http.Client{Timeout: 10 * time.Second} // it may hang
	for _, path := range []string{"/readyz", "/debug", "/debug/pprof/goroutine?debug=2"} {
		at, served := p.servedAt(path)
		if !served {
			return
		}
		resp, err := c.Get("http://" + at + path) //nolint:noctx // the test's context may be over
		if err != nil {
			t.Log(err)
			return
		}
		text, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		t.Logf("%s, %v:\n%s", path, err, text)
	}
}

// servedAt is the address that serves a path, once the log says so.
func (p *process) servedAt(path string) (address string, served bool) {
	what := "metrics and debug"
	if forKubelet(path) {
		what = "health"
	}
	at := regexp.MustCompile(`"msg":"serving ` + what + `","address":"(127\.0\.0\.1:\d+)"`).FindStringSubmatch(p.log.String())
	if at == nil {
		return "", false
	}
	return at[1], true
}

// get asks one of the program's paths.
func (p *process) get(t *testing.T, path string) (code int, body string) {
	t.Helper()
	var at string
	waitUntil(t, "the address of "+path, func() (served bool) {
		at, served = p.servedAt(path)
		return served
	})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+at+path, http.NoBody)
	must(t, err)
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp.StatusCode, string(raw)
}

// lines are what a program wrote.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) read(r io.Reader) {
	scan := bufio.NewScanner(r)
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		l.mu.Lock()
		l.all = append(l.all, scan.Text())
		l.mu.Unlock()
	}
}

// copy returns the lines so far, which stay as they are.
func (l *lines) copy() *lines {
	l.mu.Lock()
	defer l.mu.Unlock()
	return &lines{all: slices.Clone(l.all)}
}

// with returns what follows a first word, in all lines that have it.
func (l *lines) with(word string) (out []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.all {
		if rest, ok := strings.CutPrefix(line, word+" "); ok {
			out = append(out, rest)
		}
	}
	slices.Sort(out)
	return out
}

// has tells whether there is a line that is, or holds, a text.
func (l *lines) has(text string) bool { return strings.Contains(l.String()+"\n", text) }

// String returns all lines.
func (l *lines) String() string { return l.tail(1 << 30) }

func (l *lines) tail(n int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all[max(0, len(l.all)-n):], "\n")
}

// wait waits for a text in a line.
func (l *lines) wait(t *testing.T, text string) {
	t.Helper()
	waitUntil(t, fmt.Sprintf("a line with %q", text), func() bool { return l.has(text) })
}
