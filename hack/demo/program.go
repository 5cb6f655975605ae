package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/ancho-dev/ancho/pkg/runtime"
)

// stopTimeout is how long the program may take to end after SIGTERM: more than its grace period.
const stopTimeout = runtime.DefaultGracePeriod + 15*time.Second

// program is the examples' binary as a child process.
type program struct {
	cmd   *exec.Cmd
	log   *logbook
	done  chan struct{} // closed when it has ended
	err   error         // how; good after done
	url   string        // of its HTTP address
	admin string        // the same of its admin address
	http  http.Client
}

// startProgram runs the binary. It listens on a port of the system's choice, which it logs.
func startProgram(bin, kubeconfig string, onLine func(entry)) (*program, error) {
	p := &program{log: newLogbook(onLine), done: make(chan struct{})}
	// Not bound to a context: it is to be ended by SIGTERM, and watched while it ends.
	p.cmd = exec.Command(bin, "--kubeconfig", kubeconfig, "--http", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--log-format", "json") //nolint:gosec,noctx // see above
	detach(p.cmd)                                                                                                                    // a Ctrl-C of the terminal is for the demo, which then sends SIGTERM, once
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, fmt.Errorf("run the program: %w", err)
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("run the program: %w", err)
	}
	go func() {
		defer close(p.done)
		err := p.log.read(stderr)
		p.err = errors.Join(err, p.cmd.Wait())
	}()
	return p, nil
}

// stop asks the program to end, as Kubernetes does, and returns its exit code.
func (p *program) stop() (int, error) {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return -1, fmt.Errorf("send SIGTERM to the program: %w", err)
	}
	t := time.NewTimer(stopTimeout)
	defer t.Stop()
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-t.C:
		return -1, fmt.Errorf("the program still runs %s after SIGTERM", stopTimeout)
	}
}

// kill ends the program, unless it has ended, and waits for that.
func (p *program) kill() {
	select {
	case <-p.done:
	default:
		_ = p.cmd.Process.Kill() // it may have ended since
		<-p.done
	}
}

// get asks for one of the program's paths.
func (p *program) get(ctx context.Context, path string) (code int, body string, err error) {
	url := p.admin
	if path == "/healthz" || path == "/readyz" {
		url = p.url
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+path, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	resp, err := p.http.Do(req)
	if err != nil {
		return 0, "", fmt.Errorf("ask the program for %s: %w", path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, "", fmt.Errorf("ask the program for %s: %w", path, err)
	}
	return resp.StatusCode, string(b), nil
}

// following counts the streams that follow the server, and those that there are.
func (p *program) following(ctx context.Context) (live, all int, err error) {
	_, body, err := p.get(ctx, "/debug")
	if err != nil {
		return 0, 0, err
	}
	var now runtime.Snapshot
	if err := json.Unmarshal([]byte(body), &now); err != nil {
		return 0, 0, fmt.Errorf("the program's /debug: %w", err)
	}
	for _, s := range now.Streams {
		if s.Phase == "streaming" && s.Synced {
			live++
		}
	}
	return live, len(now.Streams), nil
}

// verdicts are the lines of a probe's answer that begin with a word.
func verdicts(body, word string) []string {
	var out []string
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, word+" ") {
			out = append(out, strings.Join(strings.Fields(line), " "))
		}
	}
	return out
}
