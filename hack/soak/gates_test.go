package main

import (
	"strings"
	"testing"
	"time"
)

const mega = 1 << 20

func TestGates(t *testing.T) {
	good := func() []checkpoint {
		return []checkpoint{
			{at: time.Minute, goroutines: 40, heap: 8 * mega},
			{at: 2 * time.Minute, goroutines: 60, heap: 9 * mega},
			{at: 3 * time.Minute, goroutines: 41, heap: 30 * mega}, // one busy moment
			{at: 4 * time.Minute, goroutines: 39, heap: 8 * mega},
		}
	}
	cases := map[string]struct {
		spoil func([]checkpoint) []checkpoint
		want  string // empty: all hold
	}{
		"all hold":            {func(p []checkpoint) []checkpoint { return p }, ""},
		"one checkpoint":      {func(p []checkpoint) []checkpoint { return p[:1] }, ""},
		"none":                {func([]checkpoint) []checkpoint { return nil }, "nothing was measured"},
		"goroutines":          {func(p []checkpoint) []checkpoint { p[1].goroutines++; return p }, "61 goroutines"},
		"heap":                {func(p []checkpoint) []checkpoint { p[3].heap = 12 * mega; return p }, "the heap has grown"},
		"heap just so":        {func(p []checkpoint) []checkpoint { p[3].heap = 11 * mega; return p }, ""},
		"a miss in the midst": {func(p []checkpoint) []checkpoint { p[2].misses = []string{"latest: x"}; return p }, "latest: x"},
		"a duplicate":         {func(p []checkpoint) []checkpoint { p[3].duplicates = 1; return p }, "1 calls"},
	}
	for name, c := range cases {
		err := judge(c.spoil(good()))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestAllReasonsAreGiven(t *testing.T) {
	err := judge([]checkpoint{{heap: mega, goroutines: 1}, {heap: 9 * mega, goroutines: 99, misses: []string{"m"}, duplicates: 2}})
	if err == nil {
		t.Fatal("nothing found")
	}
	for _, want := range []string{"goroutines", "not handled", "heap", "had been handled"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not among the reasons: %v", want, err)
		}
	}
}
