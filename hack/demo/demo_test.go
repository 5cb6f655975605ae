package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ancho-dev/ancho/pkg/runtime"
)

func TestByStream(t *testing.T) {
	got := byStream(runtime.Plan{
		{Capability: "a", Binding: "one", Streams: []string{"/s1", "/s2"}},
		{Capability: "a", Binding: "two", Streams: []string{"/s2"}},
	})
	want := []string{"GET /s1", "      for a/one", "GET /s2", "      for a/one, a/two"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestVerdicts(t *testing.T) {
	body := "ok      /a streaming\nfail    /b blocked (unreachable): no answer\nfailure none\nfail    /c \nnot ok\n"
	if got, want := verdicts(body, "fail"), []string{"fail /b blocked (unreachable): no answer", "fail /c"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := verdicts(body, "wait"); got != nil {
		t.Errorf("got %q, want none", got)
	}
}

func TestPairs(t *testing.T) {
	if got, want := pairs(map[string]string{"b": "2", "a": "1 and more"}), "a=1 and more b=2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A wait that is in vain ends, and says what it was for.
func TestWithinIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		err := within(t.Context(), "pigs fly", func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})
		if err == nil || !strings.Contains(err.Error(), "expected that pigs fly: not within 1m0s") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); took != patience {
			t.Errorf("waited %s, want %s", took, patience)
		}
	})
}

func TestWithinTellsInterrupts(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := within(ctx, "pigs fly", func(ctx context.Context) error { return ctx.Err() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want an interrupt", err)
	}
}

// running is a demo whose program is a log alone.
func running(lines ...string) (*demo, *strings.Builder) {
	out := &strings.Builder{}
	d := &demo{screen: newScreen(out, false), program: &program{log: newLogbook(nil), done: make(chan struct{})}}
	for _, l := range lines {
		d.program.log.add(l)
	}
	return d, out
}

func TestExpectShowsWhatItWaitedFor(t *testing.T) {
	d, out := running(greetingLine, greetingLine)
	if err := d.expect(t.Context(), want{msg: "the greeting says"}); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out.String(), "   hello: the greeting says") {
		t.Errorf("showed %q", out.String())
	}
}

func TestExpectLooksAtTheStepAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := running(greetingLine)
		d.step()
		err := d.expect(t.Context(), greets(`say "hi"`))
		if err == nil || !strings.Contains(err.Error(), `the program logs "the greeting says" for demo/greeting with text=`) {
			t.Errorf("got %v, want that the line is missing", err)
		}
	})
}

func TestEventuallyStopsWithTheProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := running()
		time.AfterFunc(time.Second, func() { close(d.program.done) })
		asked := 0
		err := d.eventually(t.Context(), "it is ready", func(context.Context) (bool, error) {
			asked++
			return false, nil
		})
		if !errors.Is(err, errEnded) || asked < 2 {
			t.Errorf("got %v after %d questions, want %v", err, asked, errEnded)
		}
	})
}

func TestOnlyCall(t *testing.T) {
	ofProgram := `{"level":"info","msg":"stream is blocked"}`
	for name, c := range map[string]struct {
		lines []string
		ok    bool
	}{
		"one":  {[]string{ofProgram, greetingLine, ofProgram}, true},
		"two":  {[]string{greetingLine, greetingLine}, false},
		"none": {[]string{ofProgram}, false},
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := running(c.lines...)
			if err := d.onlyCall(0); (err == nil) != c.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestNoErrors(t *testing.T) {
	d, _ := running(greetingLine)
	if err := d.noErrors(); err != nil {
		t.Error(err)
	}
	d.program.log.add(`{"level":"error","msg":"callback failed","error":"oh"}`)
	if err := d.noErrors(); err == nil || !strings.Contains(err.Error(), "callback failed: oh") {
		t.Errorf("got %v, want the line", err)
	}
}

func TestSuggestionsAreComplete(t *testing.T) {
	d, _ := running()
	d.kubeconfig, d.program.url, d.program.admin = "/tmp/k", "http://127.0.0.1:1", "http://127.0.0.1:2"
	s := d.suggestions()
	for _, want := range []string{"export KUBECONFIG=/tmp/k\n", "curl http://127.0.0.1:1/readyz ", "curl http://127.0.0.1:2/metrics "} {
		if !strings.Contains(s, want) {
			t.Errorf("%q is not in %s", want, s)
		}
	}
	if strings.Contains(s, "URL") || strings.Contains(s, "ADMIN") {
		t.Errorf("a place was not filled in: %s", s)
	}
}

func TestLastLines(t *testing.T) {
	if got := (&demo{}).lastLines(); got != nil {
		t.Errorf("got %q before there is a program", got)
	}
	var lines []string
	for range 15 {
		lines = append(lines, greetingLine)
	}
	d, _ := running(append(lines, "the end")...)
	if got := d.lastLines(); len(got) != 10 || got[9] != "the end" {
		t.Errorf("got %d lines, the last of them %q", len(got), got[len(got)-1])
	}
}
