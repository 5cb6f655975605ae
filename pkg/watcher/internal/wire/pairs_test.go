package wire

import (
	"maps"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// A map is the model of pairs.
func TestPairsAreAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.IntRange(1, 3*fewPairs).Draw(t, "keys")
		var p Pairs
		model := map[string]string{}
		for i := range rapid.IntRange(0, 2*fewPairs).Draw(t, "pairs") {
			pair := Pair{strconv.Itoa(rapid.IntRange(0, keys).Draw(t, "key")), strconv.Itoa(i)}
			p, model[pair.Key] = append(p, pair), pair.Value
		}
		p = p.unique()
		if got := mapOf(p); !maps.Equal(got, model) {
			t.Fatalf("got %v, want %v", got, model)
		}
		for k := range keys + 1 {
			got, ok := p.Get(strconv.Itoa(k))
			if want, there := model[strconv.Itoa(k)]; got != want || ok != there {
				t.Fatalf("key %d: %q, %v; want %q, %v", k, got, ok, want, there)
			}
		}
	})
}

func TestPairsKeepTheirOrder(t *testing.T) {
	p := Pairs{{"b", "1"}, {"a", "2"}, {"c", "3"}, {"a", "4"}}.unique()
	if len(p) != 3 || p[0] != (Pair{"b", "1"}) || p[1] != (Pair{"a", "4"}) || p[2] != (Pair{"c", "3"}) {
		t.Errorf("%v", p)
	}
}
