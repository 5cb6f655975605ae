package compile

import (
	"slices"
	"strings"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// annotationRule is what a selection asks of one annotation, which must be there.
type annotationRule struct {
	key string
	in  declare.Alternatives
}

func annotationRules(byKey map[string]declare.Alternatives) []annotationRule {
	out := make([]annotationRule, 0, len(byKey))
	for key, in := range byKey {
		out = append(out, annotationRule{key, in})
	}
	slices.SortFunc(out, func(a, b annotationRule) int { return strings.Compare(a.key, b.key) })
	return out
}

// match reports whether metadata fits. It is called for every event of every stream that serves the
// binding, so it allocates nothing, and looks at the cheapest first.
func (r *reach) match(m *watcher.Meta) bool {
	if !r.scope.namespaces.Has(m.Namespace) || declare.Contains(r.scope.excluded, m.Namespace) ||
		!r.names.Has(m.Name) || declare.Contains(r.notNames, m.Name) || (r.deleting && !m.Deleting) {
		return false
	}
	for i := range r.labels {
		if !r.labels[i].match(m.Labels) {
			return false
		}
	}
	for i := range r.annotations {
		if v, ok := m.Annotations.Get(r.annotations[i].key); !ok || !r.annotations[i].in.Has(v) {
			return false
		}
	}
	return declare.MatchesAll(r.namespacePatterns, m.Namespace) && declare.MatchesAll(r.namePatterns, m.Name)
}

// clientSide describes what is filtered here, in a fixed order.
func (r *reach) clientSide() []string {
	var out []string
	if r.joined() {
		out = append(out, "namespace"+listed(r.scope.namespaces.Values))
	}
	out = append(out, describe("namespace", r.namespacePatterns)...)
	out = append(out, describe("name", r.namePatterns)...)
	if s := selector(r.labels); r.finalize && s != "" {
		out = append(out, "label "+s)
	}
	for _, a := range r.annotations {
		text := "annotation " + a.key
		if a.in.Set {
			text += listed(a.in.Values)
		}
		out = append(out, text)
	}
	if r.deleting {
		out = append(out, "deletionTimestamp")
	}
	return out
}

func describe(what string, patterns []declare.Pattern) []string {
	texts := make([]string, len(patterns))
	for i, p := range patterns {
		texts[i] = what + " =~ " + p.String()
	}
	return declare.SortedSet(texts)
}

func listed(values []string) string {
	if len(values) == 1 {
		return "=" + values[0]
	}
	return " in (" + strings.Join(values, ", ") + ")"
}
