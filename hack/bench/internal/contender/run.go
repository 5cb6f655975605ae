package contender

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Run counts what a contender handles, and talks to the benchmark. Its methods may be called from any goroutine.
type Run struct {
	task Task
	in   io.Reader
	out  io.Writer
	exit func(code int)

	seen    []atomic.Uint64 // a bit for each object
	handled atomic.Int64
	calls   atomic.Int64
	read    atomic.Int64
	last    chan struct{}

	mu     sync.Mutex
	period *period // nil outside of one
	cpu    *os.File
}

// period is a time over which something is measured.
type period struct {
	since     time.Time
	cpu       time.Duration
	calls     int64
	latencies []int64
}

// Start reads the task and begins to measure. The caller hands every object to Handled; the process is ended when
// the task is done.
func Start() (*Run, Task) {
	task, err := TaskFromEnv()
	if err != nil {
		Fail(err)
	}
	r := newRun(task, os.Stdin, os.Stdout, os.Exit)
	if err := r.profile(); err != nil {
		Fail(err)
	}
	go r.serve()
	return r, task
}

// Fail ends the process with an error.
func Fail(err error) {
	fmt.Fprintln(os.Stderr, "error:", err)
	os.Exit(1)
}

func newRun(task Task, in io.Reader, out io.Writer, exit func(int)) *Run {
	return &Run{
		task: task, in: in, out: out, exit: exit,
		seen: make([]atomic.Uint64, task.Total/64+1),
		last: make(chan struct{}),
	}
}

// Handled notes that the object of this name was handled, in the state that was sent at the time in sent, the
// value of SentAnnotation, if it was.
func (r *Run) Handled(name, sent string) {
	r.calls.Add(1)
	if sent != "" {
		r.latency(sent)
	}
	n, err := strconv.Atoi(name[strings.LastIndexByte(name, '-')+1:])
	if err != nil || n < 0 || n >= r.task.Total {
		return
	}
	bit := uint64(1) << (n % 64)
	if r.seen[n/64].Or(bit)&bit == 0 && r.handled.Add(1) == int64(r.task.Expect) {
		close(r.last)
	}
}

// Finish says that all is handled, for a contender that does not hand over objects but reads so many bytes.
func (r *Run) Finish(objects int, bytes int64) {
	r.read.Store(bytes)
	r.handled.Store(int64(objects))
	r.calls.Store(int64(objects))
	close(r.last)
}

func (r *Run) latency(sent string) {
	now := time.Now()
	nanos, err := strconv.ParseInt(sent, 10, 64)
	if err != nil {
		return
	}
	at := time.Unix(0, nanos)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.period != nil && at.After(r.period.since) {
		r.period.latencies = append(r.period.latencies, now.Sub(at).Microseconds())
	}
}

// serve reports when all is handled, then obeys commands. When nobody is there any more to give commands, it ends.
func (r *Run) serve() {
	commands := make(chan string)
	go func() {
		defer close(commands)
		lines := bufio.NewScanner(r.in)
		for lines.Scan() {
			commands <- strings.TrimSpace(lines.Text())
		}
	}()
	if r.task.Expect > 0 {
		select {
		case <-r.last:
		case <-commands: // the benchmark is gone: it gives none so early
			r.exit(1)
			return
		}
	}
	r.report(r.total(EventDone))
	if r.task.Stay {
		for command := range commands {
			if command == CommandQuit {
				break
			}
			r.report(r.obey(command))
		}
	}
	r.end()
}

func (r *Run) obey(command string) Report {
	switch command {
	case CommandBegin:
		r.again()
		r.mu.Lock()
		r.period = &period{since: time.Now(), cpu: cpu(), calls: r.calls.Load()}
		r.mu.Unlock()
	case CommandEnd:
		return r.endPeriod()
	case CommandHeap:
		out := r.total(command)
		out.HeapBytes = heap()
		return out
	}
	return r.total(command)
}

func (r *Run) endPeriod() Report {
	out := r.total(CommandEnd)
	used := cpu()
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.period; p != nil {
		out.Calls = int(r.calls.Load() - p.calls)
		out.CPUSeconds = (used - p.cpu).Seconds()
		out.LatenciesMicros = p.latencies
	}
	r.period = nil
	return out
}

func (r *Run) total(event string) Report {
	r.mu.Lock()
	updates := 0
	if r.period != nil {
		updates = len(r.period.latencies)
	}
	r.mu.Unlock()
	return Report{
		Event:      event,
		Handled:    int(r.handled.Load()),
		Calls:      int(r.calls.Load()),
		CPUSeconds: cpu().Seconds(),
		PeakBytes:  peak(),
		ReadBytes:  r.read.Load(),
		Updates:    updates,
	}
}

// heap is what is left of the heap after a collection. The second one takes what the first one moved out of the
// pools.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // a size
}

func (r *Run) report(out Report) {
	if err := json.NewEncoder(r.out).Encode(out); err != nil {
		fmt.Fprintln(os.Stderr, "error: report:", err)
		r.exit(1)
	}
}

// profile begins the profile of CPU time, if one is wanted.
func (r *Run) profile() error {
	if r.task.CPUProfile == "" {
		return nil
	}
	f, err := os.Create(r.task.CPUProfile)
	if err != nil {
		return fmt.Errorf("profile of CPU time: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return fmt.Errorf("profile of CPU time: %w", err)
	}
	r.cpu = f
	return nil
}

// again begins the profile of CPU time anew, since only the period is of interest.
func (r *Run) again() {
	if r.cpu == nil {
		return
	}
	err := r.stop()
	if err == nil {
		err = r.profile()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		r.exit(1)
	}
}

// stop ends the profile of CPU time.
func (r *Run) stop() error {
	pprof.StopCPUProfile()
	if err := r.cpu.Close(); err != nil {
		return fmt.Errorf("profile of CPU time: %w", err)
	}
	return nil
}

// end writes the profiles that are wanted, and ends the process.
func (r *Run) end() {
	if err := r.profiles(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		r.exit(1)
		return
	}
	r.exit(0)
}

func (r *Run) profiles() error {
	if r.cpu != nil {
		if err := r.stop(); err != nil {
			return err
		}
	}
	if r.task.HeapProfile == "" {
		return nil
	}
	f, err := os.Create(r.task.HeapProfile)
	if err != nil {
		return fmt.Errorf("profile of the heap: %w", err)
	}
	return errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close())
}
