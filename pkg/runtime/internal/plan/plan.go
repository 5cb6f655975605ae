package plan

import (
	"cmp"
	"slices"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// Plan says which streams a program needs and which bindings each of them serves.
type Plan struct {
	Bindings []*compile.Compiled
	Streams  []Stream
	Carrier  map[watcher.Target]watcher.Target // every wanted target -> the one that is requested for it
	Targets  map[*compile.Compiled][]watcher.Target
}

// Stream is one request that stays open, and the bindings that share it.
type Stream struct {
	Target watcher.Target
	Routes []Route
}

// Route is one wanted target with the bindings that want it. A route whose target is not the
// stream's own is a narrow route: it is covered by the stream, and can run by itself when the stream cannot.
type Route struct {
	Target   watcher.Target
	Bindings []*compile.Compiled
}

// New shares targets: bindings with the same target use one stream, and a target that a wider
// one covers shares the widest. Order follows the declarations, so that a plan reads like them.
func New(bindings []*compile.Compiled) *Plan {
	p := &Plan{Bindings: bindings, Carrier: map[watcher.Target]watcher.Target{}, Targets: wanted(bindings)}
	var targets []watcher.Target
	wants := map[watcher.Target][]*compile.Compiled{}
	for _, b := range Watching(bindings) {
		for _, t := range p.Targets[b] {
			if _, known := wants[t]; !known {
				targets = append(targets, t)
			}
			wants[t] = append(wants[t], b)
		}
	}
	p.assignCarriers(targets)
	at := map[watcher.Target]int{}
	for _, t := range targets {
		c := p.Carrier[t]
		i, known := at[c]
		if !known {
			i = len(p.Streams)
			at[c] = i
			p.Streams = append(p.Streams, Stream{Target: c})
		}
		p.Streams[i].Routes = append(p.Streams[i].Routes, Route{Target: t, Bindings: wants[t]})
	}
	return p
}

// Watching are all that want streams: bindings, each followed by the sources of its triggers.
func Watching(bindings []*compile.Compiled) (all []*compile.Compiled) {
	for _, b := range bindings {
		all = append(all, b)
		for _, t := range b.Triggers {
			all = append(all, t.Source)
		}
	}
	return all
}

// wanted are the targets of all that want streams. A source that metadata is enough for takes whole objects where a stream
// of these covers it: one stream is cheaper than two.
func wanted(bindings []*compile.Compiled) map[*compile.Compiled][]watcher.Target {
	all := Watching(bindings)
	out := make(map[*compile.Compiled][]watcher.Target, len(all))
	whole := map[string][]watcher.Target{} // by path
	for _, c := range all {
		out[c] = c.Targets
		for _, t := range c.Targets {
			if !t.Resource.Metadata {
				whole[t.Resource.String()] = append(whole[t.Resource.String()], t)
			}
		}
	}
	for _, c := range all {
		if !c.AnyForm {
			continue
		}
		out[c] = slices.Clone(c.Targets)
		for i, t := range out[c] {
			for _, w := range whole[t.Resource.String()] {
				full := t
				full.Resource = w.Resource
				if full.Path() == t.Path() && w.Covers(full) {
					out[c][i] = full
					break
				}
			}
		}
	}
	return out
}

// assignCarriers looks for the widest cover of each target. Only targets of one resource can cover
// each other, so the search is quadratic in a kind's targets, not in the program's.
func (p *Plan) assignCarriers(targets []watcher.Target) {
	byResource := map[string][]watcher.Target{}
	for _, t := range targets {
		k := t.Resource.String()
		byResource[k] = append(byResource[k], t)
	}
	for _, group := range byResource {
		// The fewest constraints first: what covers a cover covers what that one covers.
		widest := slices.Clone(group)
		slices.SortStableFunc(widest, func(a, b watcher.Target) int {
			return cmp.Compare(constraints(a), constraints(b))
		})
		for _, t := range group {
			p.Carrier[t] = t
			for _, w := range widest {
				if w == t {
					break
				}
				if w.Covers(t) {
					p.Carrier[t] = w // w has no cover itself: it would have been met first
					break
				}
			}
		}
	}
}

// constraints is a measure of how narrow a target is: a target can only cover one that is longer.
func constraints(t watcher.Target) int {
	return len(t.Namespace) + len(t.Labels) + len(t.Fields)
}
