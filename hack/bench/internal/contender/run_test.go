package contender

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// rig is a contender and the benchmark's side of it.
type rig struct {
	*Run
	t        *testing.T
	commands *io.PipeWriter
	reports  *json.Decoder
	exited   chan int
}

func rigged(t *testing.T, task Task) *rig {
	t.Helper()
	in, commands := io.Pipe()
	reports, out := io.Pipe()
	exited := make(chan int, 1)
	r := newRun(task, in, out, func(code int) { exited <- code })
	if err := r.profile(); err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		r.serve()
		_ = out.Close()
	}()
	t.Cleanup(func() {
		_ = commands.Close()
		_ = reports.Close()
		<-served
	})
	return &rig{Run: r, t: t, commands: commands, reports: json.NewDecoder(bufio.NewReader(reports)), exited: exited}
}

func (r *rig) next() Report {
	r.t.Helper()
	var out Report
	if err := r.reports.Decode(&out); err != nil {
		r.t.Fatal(err)
	}
	return out
}

func (r *rig) ask(command string) Report {
	r.t.Helper()
	if _, err := io.WriteString(r.commands, command+"\n"); err != nil {
		r.t.Fatal(err)
	}
	out := r.next()
	if out.Event != command {
		r.t.Fatalf("%q answers %q", out.Event, command)
	}
	return out
}

func TestEveryObjectIsCountedOnce(t *testing.T) {
	r := rigged(t, Task{Expect: 3, Total: 70})
	for _, name := range []string{"web-7d9-000000", "web-7d9-000064", "web-7d9-000064", "no number", "web-7d9-000070", "web-x1", "web-7d9-000069"} {
		r.Handled(name, "")
	}
	got := r.next()
	if got.Event != EventDone || got.Handled != 3 || got.Calls != 7 {
		t.Errorf("got %+v, want 3 objects in 7 calls", got)
	}
	if got.CPUSeconds <= 0 {
		t.Errorf("CPU time of %v s", got.CPUSeconds)
	}
	if code := <-r.exited; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestFinishWithoutObjects(t *testing.T) {
	r := rigged(t, Task{Expect: 5, Total: 5})
	r.Finish(5, 1234)
	if got := r.next(); got.Handled != 5 || got.ReadBytes != 1234 {
		t.Errorf("got %+v", got)
	}
}

func TestPeriod(t *testing.T) {
	r := rigged(t, Task{Expect: 1, Total: 10, Stay: true})
	sent := func(at time.Time) string { return strconv.FormatInt(at.UnixNano(), 10) }
	early := sent(time.Now().Add(-time.Hour))
	r.Handled("web-0", early)
	r.next()
	r.ask(CommandBegin)
	r.Handled("web-1", early) // was sent before the period
	r.Handled("web-2", "")
	r.Handled("web-3", "not a time")
	r.Handled("web-4", sent(time.Now()))
	r.Handled("web-5", sent(time.Now()))
	if got := r.ask(CommandLook); got.Updates != 2 || got.Calls != 6 || got.Handled != 6 {
		t.Errorf("within the period: %+v", got)
	}
	got := r.ask(CommandEnd)
	if got.Calls != 5 || len(got.LatenciesMicros) != 2 {
		t.Errorf("got %+v, want 5 calls and 2 times", got)
	}
	r.Handled("web-6", sent(time.Now()))
	if got := r.ask(CommandEnd); got.LatenciesMicros != nil {
		t.Errorf("outside of a period: %+v", got)
	}
}

func TestHeap(t *testing.T) {
	r := rigged(t, Task{Stay: true})
	r.next()
	if got := r.ask(CommandHeap); got.HeapBytes <= 0 {
		t.Errorf("got %+v", got)
	}
}

func TestQuit(t *testing.T) {
	r := rigged(t, Task{Stay: true})
	r.next()
	if _, err := io.WriteString(r.commands, CommandQuit+"\n"); err != nil {
		t.Fatal(err)
	}
	if code := <-r.exited; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// A contender does not outlive the benchmark, whenever that dies.
func TestEndsWithTheBenchmark(t *testing.T) {
	r := rigged(t, Task{Expect: 1, Total: 1})
	_ = r.commands.Close()
	if code := <-r.exited; code != 1 {
		t.Errorf("while at work: exit code %d", code)
	}
	r = rigged(t, Task{Stay: true})
	r.next()
	_ = r.commands.Close()
	if code := <-r.exited; code != 0 {
		t.Errorf("while it waits: exit code %d", code)
	}
}

func TestProfiles(t *testing.T) {
	dir := t.TempDir()
	task := Task{Stay: true, CPUProfile: filepath.Join(dir, "cpu"), HeapProfile: filepath.Join(dir, "heap")}
	r := rigged(t, task)
	r.next()
	r.ask(CommandBegin) // begins it anew
	_ = r.commands.Close()
	if code := <-r.exited; code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, name := range []string{task.CPUProfile, task.HeapProfile} {
		if info, err := os.Stat(name); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

func TestProfileThatCannotBeWritten(t *testing.T) {
	r := newRun(Task{CPUProfile: filepath.Join(t.TempDir(), "no", "folder")}, nil, io.Discard, nil)
	if err := r.profile(); err == nil {
		t.Error("want an error")
	}
}

func TestParsePeak(t *testing.T) {
	for text, want := range map[string]int64{
		"Name:\tancho\nVmHWM:\t   57296 kB\nVmRSS:\t 1 kB\n": 57296 << 10,
		"Name:\tancho\n":    0,
		"VmHWM:\n":          0,
		"VmHWM:\tmany kB\n": 0,
		"":                  0,
	} {
		if got := parsePeak([]byte(text)); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

func TestTask(t *testing.T) {
	want := Task{Kubeconfig: "/some where", Kind: Widgets, Expect: 7, Total: 9, Keep: true, Bindings: 50, Stay: true}
	env, err := want.Environment()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(TaskEnv, env[len(TaskEnv)+1:])
	if got, err := TaskFromEnv(); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, wrong := range []string{"", "{"} {
		t.Setenv(TaskEnv, wrong)
		if _, err := TaskFromEnv(); err == nil {
			t.Errorf("%q: want an error", wrong)
		}
	}
}
