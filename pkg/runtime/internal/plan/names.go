package plan

import (
	"strconv"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// Names names every stream that a plan may run, for health, metrics and logs: by its URL, and where
// several have the same URL and ask for different forms of answer, by the form too.
func Names(p *Plan) map[watcher.Target]string {
	var targets []watcher.Target
	known, count := map[watcher.Target]bool{}, map[string]int{}
	for _, ps := range p.Streams {
		for _, r := range ps.Routes { // the stream's own target is one of them
			if !known[r.Target] {
				known[r.Target] = true
				targets = append(targets, r.Target)
				count[r.Target.String()]++
			}
		}
	}
	names, taken := make(map[watcher.Target]string, len(targets)), map[string]int{}
	for _, t := range targets {
		name := t.String()
		if count[name] > 1 {
			name += " (" + form(t.Resource) + ")"
		}
		if taken[name]++; taken[name] > 1 {
			name += " " + strconv.Itoa(taken[name])
		}
		names[t] = name
	}
	return names
}

// form is how the objects are asked for.
func form(r kind.Resource) string {
	switch {
	case r.Metadata:
		return "metadata"
	case r.Protobuf:
		return "protobuf"
	default:
		return "json"
	}
}
