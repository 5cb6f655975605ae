package main

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"
)

func filled(t *testing.T, lines ...string) *ledger {
	t.Helper()
	l := newLedger()
	for _, line := range lines {
		if err := l.add(line); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func TestMisses(t *testing.T) {
	l := filled(t,
		"latest Added a 1", "latest Modified a 4",
		"latest Added b 2", "latest Deleted b 5",
		"latest Added c 3",
		"riding Added a 1", "riding Left a 4",
	)
	cases := map[string]struct {
		binding string
		there   map[types.UID]string
		want    []string // what each line names
	}{
		"all handled":         {latest, map[types.UID]string{"a": "4", "c": "3"}, nil},
		"an old state":        {latest, map[types.UID]string{"a": "6", "c": "3"}, []string{`a is at 6, handled at "4"`}},
		"never seen":          {latest, map[types.UID]string{"a": "4", "c": "3", "d": "7"}, []string{`d is at 7, handled at ""`}},
		"told to be deleted":  {latest, map[types.UID]string{"a": "4", "b": "5", "c": "3"}, []string{`b is at 5`}},
		"deleted, and untold": {latest, map[types.UID]string{"a": "4"}, []string{"the end of c"}},
		"left":                {riding, nil, nil},
		"came back":           {riding, map[types.UID]string{"a": "8"}, []string{"a is at 8"}},
		"nothing at all":      {ordered, nil, nil},
	}
	for name, c := range cases {
		got := l.misses(c.binding, c.there)
		if !slices.EqualFunc(got, c.want, strings.Contains) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestDuplicates(t *testing.T) {
	l := filled(t,
		"latest Added a 1", "ordered Added a 1", // another binding's is none
		"latest Modified a 2",
		"latest Modified a 2", // this one is
		"riding Added a 1", "riding Left a 2", "riding Added a 3",
	)
	if got, want := l.counts(), (counts{objects: 1, events: 7, duplicates: 1}); got != want || l.err() != nil {
		t.Errorf("%+v and %v, want %+v", got, l.err(), want)
	}
}

func TestGarbledLines(t *testing.T) {
	for _, line := range []string{"", "latest Added a", "nobody Added a 1", "latest Unchanged a 1", "latest Added a 1 2"} {
		l := newLedger()
		l.read(strings.NewReader("latest Added x 1\n" + line + "\nlatest Added y 2\n"))
		if n := l.counts().objects; l.err() == nil || n != 2 {
			t.Errorf("%q: %d objects, %v: want an error, and the lines around it", line, n, l.err())
		}
	}
}

// What is gone is forgotten: a run of days must not fill the memory of the one who looks.
func TestTheLedgerForgets(t *testing.T) {
	l := filled(t, "latest Added a 1", "latest Deleted a 2", "selected Added s 3", "selected Left s 4")
	if n := l.counts().objects; n != 0 {
		t.Errorf("%d objects are kept", n)
	}
}
