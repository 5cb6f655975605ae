package play

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/ancho-dev/ancho/hack/bench/internal/contender"
)

// Process is a contender at work. Its methods are for one goroutine.
type Process struct {
	cmd     *exec.Cmd
	cancel  context.CancelFunc
	since   time.Time
	stdin   io.WriteCloser
	reports chan contender.Report // closed when the contender says nothing more
	garbled error                 // good after reports is closed
	stderr  *tail
}

// Usage is what a process took from its start to its end.
type Usage struct {
	CPU  time.Duration // user and system
	Wall time.Duration // to the report that all was handled
	Peak int64         // bytes; 0 where the system does not tell
	Read int64         // bytes; 0 if the contender does not count them
}

// Start runs a command on a task. It is killed when ctx ends.
func Start(ctx context.Context, command []string, task contender.Task) (*Process, error) {
	env, err := task.Environment()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &Process{cancel: cancel, stderr: &tail{}, reports: make(chan contender.Report)}
	p.cmd = exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // one of our own programs
	p.cmd.Env = append(os.Environ(), env)
	p.cmd.Stderr = p.stderr
	p.cmd.WaitDelay = 5 * time.Second
	detach(p.cmd)
	stdout, err := p.cmd.StdoutPipe()
	if err == nil {
		p.stdin, err = p.cmd.StdinPipe()
	}
	if err == nil {
		p.since = time.Now()
		err = p.cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start %s: %w", command[0], err)
	}
	go p.read(ctx, stdout)
	return p, nil
}

// read passes on the contender's reports. Lines that are none are what other libraries write.
func (p *Process) read(ctx context.Context, from io.Reader) {
	defer close(p.reports)
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		if !strings.HasPrefix(lines.Text(), `{"event"`) {
			continue
		}
		var r contender.Report
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			p.garbled = fmt.Errorf("a report that cannot be read: %w", err)
			return
		}
		select {
		case p.reports <- r:
		case <-ctx.Done():
			return
		}
	}
	p.garbled = lines.Err()
}

// Next waits for the next report, for at most limit.
func (p *Process) Next(limit time.Duration) (contender.Report, error) {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case r, ok := <-p.reports:
		if !ok {
			return r, p.failed(errors.Join(errors.New("it ended without a report"), p.garbled))
		}
		return r, nil
	case <-t.C:
		return contender.Report{}, p.failed(fmt.Errorf("no report within %s", limit))
	}
}

// Ask gives a command to a contender that stays, and waits for its answer.
func (p *Process) Ask(command string, limit time.Duration) (contender.Report, error) {
	if _, err := io.WriteString(p.stdin, command+"\n"); err != nil {
		return contender.Report{}, p.failed(fmt.Errorf("command %s: %w", command, err))
	}
	r, err := p.Next(limit)
	if err == nil && r.Event != command {
		err = p.failed(fmt.Errorf("it answered %q to %q", r.Event, command))
	}
	return r, err
}

// End tells the contender to end, and waits for that.
func (p *Process) End() error {
	_ = p.stdin.Close() // it may have ended
	for range p.reports {
	}
	err := p.cmd.Wait()
	p.cancel()
	if err != nil {
		return p.failed(err)
	}
	return nil
}

// Kill ends the contender, if it has not ended.
func (p *Process) Kill() {
	p.cancel()
	for range p.reports {
	}
	_ = p.cmd.Wait() // killed
}

// CPU is what the process took, after its end.
func (p *Process) CPU() time.Duration {
	s := p.cmd.ProcessState
	if s == nil {
		return 0
	}
	return s.UserTime() + s.SystemTime()
}

// failed adds what the contender wrote last, after having ended it.
func (p *Process) failed(err error) error {
	if p.cmd.ProcessState == nil {
		p.Kill()
	}
	if text := strings.TrimSpace(p.stderr.String()); text != "" {
		return fmt.Errorf("%w; it wrote:\n%s", err, text)
	}
	return err
}

// Once runs a command until all is handled.
func Once(ctx context.Context, command []string, task contender.Task, limit time.Duration) (Usage, error) {
	task.Stay = false
	p, err := Start(ctx, command, task)
	if err != nil {
		return Usage{}, err
	}
	r, err := p.Next(limit)
	wall := time.Since(p.since)
	if err != nil {
		return Usage{}, err
	}
	if err := p.End(); err != nil {
		return Usage{}, err
	}
	if r.Handled != task.Expect {
		return Usage{}, p.failed(fmt.Errorf("it handled %d objects, not %d", r.Handled, task.Expect))
	}
	return Usage{CPU: p.CPU(), Wall: wall, Peak: r.PeakBytes, Read: r.ReadBytes}, nil
}
