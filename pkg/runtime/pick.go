package runtime

import (
	"math/bits"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// fewBindings is up to how many bindings of a stream it is cheaper to ask each.
const fewBindings = 4

// picker finds those bindings of a stream that an event can matter to, by one condition of each. It may find more of
// them than that, not fewer. All sets of bindings are bits, in the order of the layout.
type picker struct {
	always []uint64 // bindings without conditions
	groups []group
	picked []uint64 // the last result
}

// group are the bindings that are looked up by one part of the metadata.
type group struct {
	part    capability.Part
	key     string
	present []uint64            // ask for the key alone
	byValue map[string][]uint64 // ask for a value
}

// newPicker returns nil for few bindings.
func newPicker(bindings []*capability.Compiled) *picker {
	if len(bindings) <= fewBindings {
		return nil
	}
	size := wordsOfBits(len(bindings))
	p := &picker{always: make([]uint64, size), picked: make([]uint64, size)}
	asked := map[question]int{}
	for _, b := range bindings {
		for _, c := range b.Conditions {
			eachQuestion(c, func(q question) { asked[q]++ })
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

// question is one thing that the metadata of an object may meet or not.
type question struct {
	part       capability.Part
	key, value string
	present    bool // any value does
}

func eachQuestion(c capability.Condition, do func(question)) {
	if len(c.Values) == 0 {
		do(question{part: c.Part, key: c.Key, present: true})
	}
	for _, v := range c.Values {
		do(question{part: c.Part, key: c.Key, value: v})
	}
}

// rarest chooses the condition that tells most bindings apart: the one that the fewest others share.
func rarest(conditions []capability.Condition, asked map[question]int) (best capability.Condition, ok bool) {
	least := 0
	for _, c := range conditions {
		shared := 0
		eachQuestion(c, func(q question) { shared = max(shared, asked[q]) })
		if !ok || shared < least {
			best, least, ok = c, shared, true
		}
	}
	return best, ok
}

func (p *picker) groupOf(c capability.Condition) *group {
	for i := range p.groups {
		if g := &p.groups[i]; g.part == c.Part && g.key == c.Key {
			return g
		}
	}
	p.groups = append(p.groups, group{part: c.Part, key: c.Key, byValue: map[string][]uint64{}})
	return &p.groups[len(p.groups)-1]
}

func (g *group) add(c capability.Condition, binding, size int) {
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

// pick returns the bindings that may match, and those that have the object in their set. It is good until the next pick.
func (p *picker) pick(m *watcher.Meta, words []uint64) []uint64 {
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
	case capability.PartName:
		return m.Name, true
	case capability.PartNamespace:
		return m.Namespace, true
	case capability.PartLabel:
		return m.Labels.Get(g.key)
	default:
		return m.Annotations.Get(g.key)
	}
}

// wordsOfBits is how many words hold so many bits.
func wordsOfBits(n int) int { return (n + 63) / 64 }

func set(bitmap []uint64, i int) { bitmap[i/64] |= 1 << (i % 64) }

func join(bitmap, with []uint64) {
	for i := range with {
		bitmap[i] |= with[i]
	}
}

// eachBit yields the numbers of the bits that are set when their turn comes.
func eachBit(bitmap []uint64) func(yield func(int) bool) {
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
