package layout

import (
	"testing"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
)

func TestLayoutKeepsBindingsApart(t *testing.T) {
	var bindings []*compile.Compiled
	for i := range 130 {
		bindings = append(bindings, &compile.Compiled{OnSpecChange: i == 3, OnChange: i == 3 || i == 99})
	}
	places, n := Of(bindings)
	if n != 3+1+2 {
		t.Fatalf("%d words, want 3 of bits, 1 for a generation, 2 for hashes", n)
	}
	words := make([]uint64, n)
	for i, p := range places {
		if p.Member(words) {
			t.Errorf("binding %d is a member before it was set", i)
		}
		p.SetMember(words, true)
		if i > 0 && !places[i-1].Member(words) {
			t.Errorf("binding %d took the place of its neighbour", i)
		}
	}
	places[3].Changed(words, 7, 9)
	if words[places[3].gen] != 7 || words[places[3].hash] != 9 {
		t.Errorf("generation and hash are not kept: %v", words)
	}
	places[64].SetMember(words, false)
	if places[64].Member(words) || !places[0].Member(words) || !places[128].Member(words) {
		t.Error("taking one binding out changed another")
	}
}

func TestChangedIfAnyOfWhatIsComparedDiffers(t *testing.T) {
	places, n := Of([]*compile.Compiled{{OnSpecChange: true, OnChange: true}, {}})
	words := make([]uint64, n)
	both, none := places[0], places[1]
	both.Changed(words, 1, 1)
	for _, c := range []struct {
		gen  int64
		hash uint64
		want bool
	}{{1, 1, false}, {2, 1, true}, {2, 2, true}, {2, 2, false}, {3, 3, true}, {3, 3, false}} {
		if got := both.Changed(words, c.gen, c.hash); got != c.want {
			t.Errorf("generation %d, hash %d: changed is %v", c.gen, c.hash, got)
		}
	}
	if !none.Changed(words, 3, 3) {
		t.Error("a binding that compares nothing takes every change")
	}
}

func TestMoveBetweenLayouts(t *testing.T) {
	one, n1 := Of([]*compile.Compiled{{OnSpecChange: true, OnChange: true}})
	many, n2 := Of([]*compile.Compiled{{}, {OnChange: true}, {OnSpecChange: true, OnChange: true}})
	from, to := make([]uint64, n1), make([]uint64, n2)
	one[0].SetMember(from, true)
	one[0].Changed(from, 5, 6)
	one[0].Move(from, many[2], to)
	if !many[2].Member(to) || many[2].Changed(to, 5, 6) {
		t.Errorf("what was known did not move: %v", to)
	}
	if many[0].Member(to) || many[1].Member(to) {
		t.Error("moving one binding told others")
	}
}
