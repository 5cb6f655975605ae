package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
)

const greetingLine = `{"level":"info","ts":"2026-01-01T00:00:00Z","msg":"the greeting says","capability":"hello",` +
	`"binding":"configmaps","object":"demo/greeting","event":"Modified","text":"say \"hi\"","merged":2,"labels":{"a":"b"}}`

func TestParseEntry(t *testing.T) {
	e, err := parseEntry(greetingLine)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := e.who()+": "+e.text()+e.about(),
		`hello: the greeting says text="say \"hi\"" merged=2 labels={"a":"b"}  (Modified demo/greeting, hello/configmaps)`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if e.level != "info" || e.value("text") != `say "hi"` || e.value("merged") != "2" || e.value("ts") != "" {
		t.Errorf("unexpected: %+v", e)
	}
}

func TestParseEntryOfTheProgram(t *testing.T) {
	e, err := parseEntry(`{"level":"error","msg":"callback failed","error":"no such host"}`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := e.who()+": "+e.text()+e.about(), "program: callback failed: no such host"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestParseEntryRefusesOtherLines(t *testing.T) {
	for _, line := range []string{"panic: oh", "[]", `{"level":`, `{"a":1`, ""} {
		if e, err := parseEntry(line); err == nil {
			t.Errorf("%q: got %+v, want an error", line, e)
		}
	}
}

// What is not a line of the log, such as a panic, counts as an error of the program.
func TestLogbookKeepsCrashes(t *testing.T) {
	l := newLogbook(nil)
	if err := l.read(strings.NewReader(greetingLine + "\npanic: oh\n\ngoroutine 1")); err != nil {
		t.Fatal(err)
	}
	all := l.since(0)
	if len(all) != 3 || all[0].level != "info" || all[1].msg != "panic: oh" || all[1].level != "error" || all[2].raw != "goroutine 1" {
		t.Errorf("unexpected: %+v", all)
	}
}

func TestLogbookWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		l := newLogbook(nil)
		go func() { _ = l.read(r) }()
		write := func(lines string) {
			if _, err := io.WriteString(w, lines); err != nil {
				t.Error(err)
			}
		}
		got := make(chan entry)
		wait := func(mark int, want want) {
			go func() {
				e, err := l.wait(t.Context(), mark, want)
				if err != nil {
					t.Error(err)
				}
				got <- e
			}()
			synctest.Wait()
		}

		write(greetingLine + "\n")
		synctest.Wait()
		if l.mark() != 1 {
			t.Fatalf("%d lines, want 1", l.mark())
		}
		wait(0, want{msg: "the greeting says"}) // is there already
		if e := <-got; e.object != "demo/greeting" {
			t.Errorf("got %+v", e)
		}
		wait(1, want{msg: "the greeting says"}) // is another one
		write(`{"msg":"something else"}` + "\n" + greetingLine[:20])
		select {
		case e := <-got:
			t.Fatalf("got %+v too early", e)
		default:
		}
		write(greetingLine[20:] + "\n")
		<-got
		if n := len(l.since(1)); n != 2 {
			t.Errorf("%d lines after the first, want 2", n)
		}
		_ = w.Close()
		synctest.Wait()
	})
}

func TestLogbookWaitsInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogbook(nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := l.wait(ctx, 0, want{}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the context's error", err)
		}
		failed := make(chan error)
		go func() {
			_, err := l.wait(t.Context(), 0, want{msg: "never"})
			failed <- err
		}()
		synctest.Wait()
		if err := l.read(strings.NewReader(greetingLine + "\n")); err != nil {
			t.Fatal(err)
		}
		if err := <-failed; !errors.Is(err, errEnded) {
			t.Errorf("got %v, want %v", err, errEnded)
		}
	})
}

func TestWantFits(t *testing.T) {
	e, err := parseEntry(greetingLine)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []want{
		{},
		{msg: "the greeting says"},
		{capability: "hello", binding: "configmaps", object: "demo/greeting", event: "Modified", key: "merged", text: "2"},
	} {
		if !w.fits(e) {
			t.Errorf("%+v does not fit", w)
		}
	}
	for _, w := range []want{
		{msg: "the greeting"}, {capability: "other"}, {binding: "pods"}, {object: "demo/other"}, {event: "Added"},
		{key: "text", text: "hello"}, {key: "none", text: "x"},
	} {
		if w.fits(e) {
			t.Errorf("%+v fits", w)
		}
	}
}
