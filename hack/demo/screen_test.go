package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

func TestScreenIsPlainWithoutTerminal(t *testing.T) {
	var out strings.Builder
	s := newScreen(&out, false)
	s.chapter("A chapter")
	s.didf("created %s", "a thing")
	s.sawf("program", "it is there")
	s.notef("by the way")
	s.entry(entry{capability: "hello", binding: "pods", object: "a/b", event: "Added", msg: "seen"})
	want := `
A chapter
-> created a thing
   program: it is there
   by the way
   hello: seen  (Added a/b, hello/pods)
`
	if out.String() != want {
		t.Errorf("got %q\nwant %q", out.String(), want)
	}
}

func TestScreenColoursOnTerminal(t *testing.T) {
	var out strings.Builder
	newScreen(&out, true).didf("created a thing")
	if want := cyan + "-> " + plain + "created a thing\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestColoursWantATerminal(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for name, w := range map[string]io.Writer{"a buffer": &strings.Builder{}, "a file": file} {
		if colours(w) {
			t.Errorf("%s has no colours", name)
		}
	}
}

func TestScreenEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*screen)
		want []string
	}{
		"well":        {func(s *screen) { s.closing(16) }, []string{"Done in", "16 steps"}},
		"wrong":       {func(s *screen) { s.failed(errors.New("no pod"), []string{"one line"}) }, []string{"last lines", "   one line", "The demo failed: no pod"}},
		"interrupted": {func(s *screen) { s.interrupted() }, []string{"Interrupted"}},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			c.end(newScreen(&out, false))
			for _, want := range c.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%q is not in %q", want, out.String())
				}
			}
		})
	}
}

// Output of a build comes in pieces of any size.
func TestIndentedKeepsLines(t *testing.T) {
	var out strings.Builder
	w := newScreen(&out, false).indented()
	for _, piece := range []string{"one", " line\nfol", "lows\n", "and the rest is not com"} {
		if n, err := fmt.Fprint(w, piece); n != len(piece) || err != nil {
			t.Fatal(n, err)
		}
	}
	if want := "   one line\n   follows\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestSeconds(t *testing.T) {
	for d, want := range map[time.Duration]string{
		1400 * time.Microsecond: "1ms",
		99 * time.Millisecond:   "99ms",
		140 * time.Millisecond:  "0.1s",
		75 * time.Second:        "75.0s",
	} {
		if got := seconds(d); got != want {
			t.Errorf("%s: got %s, want %s", d, got, want)
		}
	}
}
