package compact

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// shelf is a holder as an index is one: what is removed is replaced by the last.
type shelf struct {
	refs  []Ref
	texts Texts
	want  []string
}

func (s *shelf) Text(i uint32) *Ref { return &s.refs[i] }

func (s *shelf) put(a, b string) {
	s.refs = append(s.refs, s.texts.Put(a, b))
	s.want = append(s.want, a+b)
}

func (s *shelf) drop(at int) {
	s.texts.Drop(s.refs[at])
	last := len(s.refs) - 1
	s.refs[at], s.want[at] = s.refs[last], s.want[last]
	s.refs, s.want = s.refs[:last], s.want[:last]
	s.texts.Tidy(uint32(last), s)
}

func (s *shelf) check(rt *rapid.T) {
	live := 0
	for i, r := range s.refs {
		if got := string(s.texts.Bytes(r)); got != s.want[i] || r.Len() != len(got) {
			rt.Fatalf("text %d of length %d became one of %d", i, len(s.want[i]), len(got))
		}
		live += r.Len()
	}
	held := 0
	for _, c := range s.texts.chunks {
		held += cap(c.data)
	}
	if s.texts.live != live || s.texts.held != held {
		rt.Fatalf("counts %d of %d bytes alive, want %d of %d", s.texts.live, s.texts.held, live, held)
	}
}

func TestTextsAgainstAList(t *testing.T) {
	sizes := rapid.OneOf(rapid.IntRange(0, 60), rapid.IntRange(0, 300), rapid.SampledFrom([]int{mostText - 1, mostText, mostText + 1, 200_000}))
	rapid.Check(t, func(rt *rapid.T) {
		s := &shelf{}
		n := 0
		text := func(size int) string {
			n++
			return strings.Repeat(fmt.Sprintf("%d,", n), size/2+1)[:size]
		}
		rt.Repeat(map[string]func(*rapid.T){
			"put": func(rt *rapid.T) { s.put(text(sizes.Draw(rt, "a")), text(sizes.Draw(rt, "b"))) },
			"put many": func(rt *rapid.T) {
				size := rapid.IntRange(0, 80).Draw(rt, "size")
				for range rapid.IntRange(0, 800).Draw(rt, "n") {
					s.put(text(size), "")
				}
			},
			"drop": func(rt *rapid.T) {
				if len(s.refs) > 0 {
					s.drop(rapid.IntRange(0, len(s.refs)-1).Draw(rt, "text"))
				}
			},
			"drop many": func(rt *rapid.T) {
				step := rapid.IntRange(1, 20).Draw(rt, "step")
				for at := len(s.refs) - 1; at >= 0; at -= step {
					s.drop(at)
				}
			},
			"": s.check,
		})
	})
}

// What is held is bounded by what is alive: when every so many texts stay, also in whatever order the rest went.
func TestTextsAreTidied(t *testing.T) {
	s := &shelf{}
	for i := range 100_000 {
		s.put(fmt.Sprintf("a-text-of-thirty-two-bytes-%05d", i), "")
	}
	for i, at := 0, 0; at < len(s.refs); i++ {
		if i%1000 == 0 {
			at++
			continue
		}
		s.drop(at)
	}
	if s.texts.held > 2*s.texts.live+2*textFloor {
		t.Errorf("%d bytes held for %d", s.texts.held, s.texts.live)
	}
	for len(s.refs) > 0 {
		s.drop(0)
	}
	if s.texts.held != 0 || s.texts.chunks != nil {
		t.Errorf("%d bytes held for nothing", s.texts.held)
	}
}

// One Tidy looks at a few texts, however many there are.
func TestTidyIsShort(t *testing.T) {
	s := &shelf{}
	for i := range 10_000 {
		s.put(fmt.Sprintf("a-text-of-thirty-two-bytes-%05d", i), "")
	}
	looked := 0
	for at := len(s.refs) - 1; at > 0; at -= 2 {
		before := looked
		s.texts.Drop(s.refs[at])
		s.refs[at] = 0
		s.texts.Tidy(uint32(len(s.refs)), counting{s, &looked})
		if looked-before > stride {
			t.Fatalf("looked at %d texts", looked-before)
		}
	}
	if looked == 0 {
		t.Error("nothing was tidied")
	}
}

type counting struct {
	*shelf
	looked *int
}

func (c counting) Text(i uint32) *Ref {
	*c.looked++
	return c.shelf.Text(i)
}
