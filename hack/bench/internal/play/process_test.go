package play

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ancho-dev/ancho/hack/bench/internal/contender"
)

const long = time.Minute

// TestMain makes of this test a contender when it is started as one.
func TestMain(m *testing.M) {
	if task, err := contender.TaskFromEnv(); err == nil {
		play(task)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// play does what the task's kind says.
func play(task contender.Task) {
	fmt.Fprintln(os.Stdout, "a library's word")
	switch task.Kind {
	case "works":
		fmt.Fprintf(os.Stdout, `{"event":"done","handled":%d,"peakBytes":4096,"readBytes":8}`+"\n", task.Expect)
	case "handles less":
		fmt.Fprintln(os.Stdout, `{"event":"done","handled":1}`)
	case "garbles":
		fmt.Fprintln(os.Stdout, `{"event":`)
	case "fails":
		fmt.Fprintln(os.Stderr, "error: it is so")
		os.Exit(1)
	case "fails later":
		fmt.Fprintf(os.Stdout, `{"event":"done","handled":%d}`+"\n", task.Expect)
		fmt.Fprintln(os.Stderr, "error: too late")
		os.Exit(1)
	case "obeys":
		fmt.Fprintln(os.Stdout, `{"event":"done"}`)
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			fmt.Fprintf(os.Stdout, `{"event":%q,"calls":3}`+"\n", strings.ReplaceAll(lines.Text(), "end", "another"))
		}
	case "hangs":
		select {}
	}
}

func self(t *testing.T) []string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return []string{path}
}

func TestOnce(t *testing.T) {
	u, err := Once(t.Context(), self(t), contender.Task{Kind: "works", Expect: 5}, long)
	if err != nil {
		t.Fatal(err)
	}
	if u.CPU <= 0 || u.Wall <= 0 || u.Peak != 4096 || u.Read != 8 {
		t.Errorf("got %+v", u)
	}
}

func TestFailures(t *testing.T) {
	for kind, want := range map[string]string{
		"fails":        "ended without a report; it wrote:\nerror: it is so",
		"fails later":  "error: too late",
		"handles less": "handled 1 objects, not 5",
		"garbles":      "a report that cannot be read",
	} {
		_, err := Once(t.Context(), self(t), contender.Task{Kind: kind, Expect: 5}, long)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", kind, err, want)
		}
	}
	if _, err := Once(t.Context(), []string{"./no-such-program"}, contender.Task{}, long); err == nil {
		t.Error("a program that is not there: want an error")
	}
}

func TestLimit(t *testing.T) {
	if _, err := Once(t.Context(), self(t), contender.Task{Kind: "hangs"}, time.Millisecond); err == nil || !strings.Contains(err.Error(), "no report within 1ms") {
		t.Errorf("got %v", err)
	}
}

func TestEndOfTheBenchmarkKills(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p, err := Start(ctx, self(t), contender.Task{Kind: "hangs"})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := p.Next(long); err == nil {
		t.Error("a report of a process that was killed")
	}
	if p.CPU() < 0 || p.cmd.ProcessState == nil {
		t.Error("the process still runs")
	}
}

func TestAsk(t *testing.T) {
	p, err := Start(t.Context(), self(t), contender.Task{Kind: "obeys"})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Kill()
	if _, err := p.Next(long); err != nil {
		t.Fatal(err)
	}
	if r, err := p.Ask(contender.CommandLook, long); err != nil || r.Calls != 3 {
		t.Errorf("got %+v, %v", r, err)
	}
	if _, err := p.Ask(contender.CommandEnd, long); err == nil || !strings.Contains(err.Error(), `"another" to "end"`) {
		t.Errorf("an answer to something else: got %v", err)
	}
}

func TestEnd(t *testing.T) {
	p, err := Start(t.Context(), self(t), contender.Task{Kind: "obeys"})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Kill()
	if _, err := p.Next(long); err != nil {
		t.Fatal(err)
	}
	if err := p.End(); err != nil {
		t.Error(err)
	}
	if _, err := p.Ask(contender.CommandLook, long); err == nil {
		t.Error("an answer after the end")
	}
}

func TestTail(t *testing.T) {
	out := &tail{}
	for range tailSize {
		if n, err := out.Write([]byte("xy")); n != 2 || err != nil {
			t.Fatal(n, err)
		}
	}
	if _, err := out.Write([]byte("end")); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); len(got) != tailSize || !strings.HasSuffix(got, "xyend") {
		t.Errorf("%d bytes, ending in %q", len(got), got[max(0, len(got)-8):])
	}
}
