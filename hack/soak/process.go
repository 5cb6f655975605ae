package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// process is the subject.
type process struct {
	cmd   *exec.Cmd
	log   *logTail
	ended chan struct{} // closed when it has ended, and all that it wrote was read
}

// startProcess starts this program once more, as the subject; its lines go to read. It is killed when ctx ends.
func startProcess(ctx context.Context, kubeconfig string, read func(io.Reader)) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	p := &process{log: &logTail{}, ended: make(chan struct{})}
	p.cmd = exec.CommandContext(ctx, self, subjectArg, "--kubeconfig", kubeconfig, "--http", "", "--admin", "127.0.0.1:0", "--log-format", "json") //nolint:gosec // this very program
	p.cmd.Stderr = p.log
	_, err = p.cmd.StdinPipe() // its end tells the subject that this process is gone
	if err != nil {
		return nil, fmt.Errorf("start the subject: %w", err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("start the subject: %w", err)
	}
	go func() {
		defer close(p.ended)
		read(stdout)
		_ = p.cmd.Wait() // that it ended is what counts
	}()
	return p, nil
}

// alive is an error with the end of its log if the subject has ended by itself.
func (p *process) alive() error {
	select {
	case <-p.ended:
		return fmt.Errorf("the subject has ended by itself: %s\n%s", p.cmd.ProcessState, p.log)
	default:
		return nil
	}
}

var (
	servedAt     = regexp.MustCompile(`"address":"(127\.0\.0\.1:\d+)"`)
	heapAlloc    = regexp.MustCompile(`(?m)^# HeapAlloc = (\d+)$`)
	manyRoutines = regexp.MustCompile(`^goroutine profile: total (\d+)`)
)

// measure is the subject's heap in bytes, after collecting garbage so often, and its goroutines.
func (p *process) measure(ctx context.Context, collections int) (heap int64, goroutines int, err error) {
	for range collections {
		n, err := p.number(ctx, "/debug/pprof/heap?gc=1&debug=1", heapAlloc)
		if err != nil {
			return 0, 0, err
		}
		heap = n
	}
	n, err := p.number(ctx, "/debug/pprof/goroutine?debug=1", manyRoutines)
	return heap, int(n), err
}

// number finds one in what the subject answers.
func (p *process) number(ctx context.Context, path string, what *regexp.Regexp) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	at := servedAt.FindStringSubmatch(p.log.String())
	if at == nil {
		return 0, errors.New("the subject has not said where it serves its health")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at[1]+path, http.NoBody)
	if err != nil {
		return 0, fmt.Errorf("ask the subject: %w", err)
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, fmt.Errorf("ask the subject: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, fmt.Errorf("ask the subject: %w", err)
	}
	found := what.FindSubmatch(raw)
	if resp.StatusCode != http.StatusOK || found == nil {
		return 0, fmt.Errorf("the subject's %s has no number: %s", path, resp.Status)
	}
	return strconv.ParseInt(string(found[1]), 10, 64)
}

// logTail keeps the beginning of a log, which says where its writer serves, and the end.
type logTail struct {
	mu         sync.Mutex
	begin, end []byte
}

const keep = 8 << 10 // bytes of each

// Write never fails.
func (l *logTail) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(b), keep-len(l.begin))
	l.begin = append(l.begin, b[:n]...)
	l.end = append(l.end, b[n:]...)
	if over := len(l.end) - keep; over > 0 {
		l.end = append(l.end[:0], l.end[over:]...)
	}
	return len(b), nil
}

// String is both.
func (l *logTail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.begin) + string(l.end)
}
