package plan

import (
	"slices"
	"strings"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
)

// StreamsOf are the requests that serve a binding and its triggers, shared ones included.
func (p *Plan) StreamsOf(b *compile.Compiled) []string {
	out := make([]string, 0, len(b.Targets))
	seen := map[string]bool{}
	for _, c := range Watching([]*compile.Compiled{b}) {
		for _, t := range p.Targets[c] {
			if s := p.Carrier[t].String(); !seen[s] {
				seen[s] = true
				out = append(out, s)
			}
		}
	}
	return out
}

// TriggersOf says what wakes a binding's objects, such as "owned Deployment".
func TriggersOf(b *compile.Compiled) (out []string) {
	for _, t := range b.Triggers {
		text := string(t.Via) + " " + t.Source.Resource.Kind
		if len(t.Source.ClientSide) > 0 {
			text += ", " + strings.Join(t.Source.ClientSide, ", ")
		}
		if t.Source.Optional {
			text += ", optional"
		}
		out = append(out, text)
	}
	return out
}

// GuessedOf names the custom resources of a binding and its triggers whose plural and scope no declaration states.
func GuessedOf(b *compile.Compiled) (out []string) {
	for _, c := range Watching([]*compile.Compiled{b}) {
		if name := c.Resource.String(); c.Resource.Guessed && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// ClientSideOf adds to a binding's own filters what it would select on the server, had it a stream
// of its own, and now selects here because it shares a wider one.
func (p *Plan) ClientSideOf(b *compile.Compiled) []string {
	out := append([]string{}, b.ClientSide...)
	for _, t := range p.Targets[b] {
		if p.Carrier[t] != t {
			out = append(out, "only "+strings.Replace(t.String(), "?watch=true&", "?", 1))
		}
	}
	return out
}
