package layout

import (
	"math/bits"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// FewBindings is up to how many bindings of a stream it is cheaper to ask each.
const FewBindings = 4

// Candidates finds those bindings of a stream that an event can matter to, by one condition of each. It may find more of
// them than that, not fewer. All sets of bindings are bits, in the order of the layout.
type Candidates struct {
	always []uint64 // bindings without conditions
	groups []group
	picked []uint64 // the last result
}

// group are the bindings that are looked up by one part of the metadata.
type group struct {
	part    compile.Part
	key     string
	present []uint64            // ask for the key alone
	byValue map[string][]uint64 // ask for a value
}

// NewCandidates returns nil for few bindings.
func NewCandidates(bindings []*compile.Compiled) *Candidates {
	if len(bindings) <= FewBindings {
		return nil
	}
	size := Words(len(bindings))
	p := &Candidates{always: make([]uint64, size), picked: make([]uint64, size)}
	asked := map[trait]int{}
	for _, b := range bindings {
		for _, c := range b.Conditions {
			eachQuestion(c, func(q trait) { asked[q]++ })
		}
	}
	for i, b := range bindings {
		if c, ok := rarest(b.Conditions, asked); ok {
			p.groupOf(c).add(c, i, size)
		} else {
			set(p.always, i)
		}
	}
	return p
}

// trait is one thing that the metadata of an object may meet or not.
type trait struct {
	part       compile.Part
	key, value string
	present    bool // any value does
}

func eachQuestion(c compile.Condition, do func(trait)) {
	if len(c.Values) == 0 {
		do(trait{part: c.Part, key: c.Key, present: true})
	}
	for _, v := range c.Values {
		do(trait{part: c.Part, key: c.Key, value: v})
	}
}

// rarest chooses the condition that tells most bindings apart: the one that the fewest others share.
func rarest(conditions []compile.Condition, asked map[trait]int) (best compile.Condition, ok bool) {
	least := 0
	for _, c := range conditions {
		shared := 0
		eachQuestion(c, func(q trait) { shared = max(shared, asked[q]) })
		if !ok || shared < least {
			best, least, ok = c, shared, true
		}
	}
	return best, ok
}

func (p *Candidates) groupOf(c compile.Condition) *group {
	for i := range p.groups {
		if g := &p.groups[i]; g.part == c.Part && g.key == c.Key {
			return g
		}
	}
	p.groups = append(p.groups, group{part: c.Part, key: c.Key, byValue: map[string][]uint64{}})
	return &p.groups[len(p.groups)-1]
}

func (g *group) add(c compile.Condition, binding, size int) {
	if len(c.Values) == 0 {
		if g.present == nil {
			g.present = make([]uint64, size)
		}
		set(g.present, binding)
	}
	for _, v := range c.Values {
		if g.byValue[v] == nil {
			g.byValue[v] = make([]uint64, size)
		}
		set(g.byValue[v], binding)
	}
}

// Pick returns the bindings that may match, and the bindings that have the object in their set. It is good until the next pick.
func (p *Candidates) Pick(m *watcher.Meta, words []uint64) []uint64 {
	for i := range p.picked {
		p.picked[i] = p.always[i] | words[i]
	}
	for i := range p.groups {
		g := &p.groups[i]
		if v, ok := g.valueIn(m); ok {
			join(p.picked, g.present)
			join(p.picked, g.byValue[v])
		}
	}
	return p.picked
}

func (g *group) valueIn(m *watcher.Meta) (value string, ok bool) {
	switch g.part {
	case compile.PartName:
		return m.Name, true
	case compile.PartNamespace:
		return m.Namespace, true
	case compile.PartLabel:
		return m.Labels.Get(g.key)
	default:
		return m.Annotations.Get(g.key)
	}
}

// Words is how many words hold so many bits.
func Words(n int) int { return (n + 63) / 64 }

func set(bitmap []uint64, i int) { bitmap[i/64] |= 1 << (i % 64) }

func join(bitmap, with []uint64) {
	for i := range with {
		bitmap[i] |= with[i]
	}
}

// EachBit yields the numbers of the bits that are set when their turn comes.
func EachBit(bitmap []uint64) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for w, word := range bitmap {
			for ; word != 0; word &= word - 1 {
				if !yield(w*64 + bits.TrailingZeros64(word)) {
					return
				}
			}
		}
	}
}
