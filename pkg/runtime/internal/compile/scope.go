package compile

import (
	"fmt"
	"slices"

	"github.com/ancho-dev/ancho/internal/declare"
)

// scope is where a binding looks: the listed namespaces, or all but the excluded.
type scope struct {
	namespaces declare.Alternatives
	excluded   []string // only where none are listed
}

// scopeOf is where a capability's bindings on namespaced kinds may look.
func groupScope(c *declare.Group, program string) (scope, []declare.Flaw) {
	s := scope{namespaces: c.Namespaces, excluded: c.Excluded}
	if c.Namespaces.Void() {
		return s, []declare.Flaw{{Problem: "its InNamespace calls leave no namespace", Remedy: "give all namespaces to one InNamespace, which takes them as alternatives"}}
	}
	if program != "" {
		if !s.namespaces.Has(program) {
			return s, []declare.Flaw{{
				Problem: fmt.Sprintf("the program is confined to namespace %q, and the capability to %s", program, declare.List(s.namespaces.Values)),
				Remedy:  "run the program for one of these, or without --namespace",
			}}
		}
		s.namespaces.And([]string{program})
	}
	if !s.namespaces.Set {
		return s, nil
	}
	left := slices.DeleteFunc(slices.Clone(s.namespaces.Values), func(ns string) bool { return declare.Contains(s.excluded, ns) })
	if len(left) == 0 {
		return s, []declare.Flaw{{
			Problem: fmt.Sprintf("NotInNamespace excludes %s, and no other namespace is watched", declare.List(s.namespaces.Values)),
			Remedy:  "leave out NotInNamespace, or watch another namespace",
		}}
	}
	return scope{namespaces: declare.Alternatives{Set: true, Values: left}}, nil
}

// scopeOf is where a binding looks within its capability, and which patterns are left to check.
func scopeOf(s *declare.Spec, within scope, excluded []string, program string) (scope, []declare.Pattern, []declare.Flaw) {
	if s.Namespaces.Void() {
		return within, nil, []declare.Flaw{{Problem: "its namespace steps leave no namespace", Remedy: "give all namespaces to one InNamespace, which takes them as alternatives"}}
	}
	out := within
	if s.Namespaces.Set {
		if flaws := outside(s.Namespaces.Values, within, excluded, program); len(flaws) > 0 {
			return within, nil, flaws
		}
		out = scope{namespaces: s.Namespaces}
	}
	if !out.namespaces.Set {
		return out, s.NamespacePatterns, nil
	}
	left := declare.Fit(out.namespaces.Values, s.NamespacePatterns)
	if len(left) == 0 {
		return out, nil, []declare.Flaw{{
			Problem: fmt.Sprintf("InNamespaceRegex matches none of the namespaces %s", declare.List(out.namespaces.Values)),
			Remedy:  "correct the expression, or leave one of the two out",
		}}
	}
	out.namespaces.Values = left
	return out, nil, nil
}

// outside finds namespaces that a binding names and may not look into.
func outside(named []string, within scope, excluded []string, program string) []declare.Flaw {
	var flaws []declare.Flaw
	for _, ns := range named {
		switch {
		case declare.Contains(excluded, ns):
			flaws = append(flaws, excludedFlaw(ns))
		case within.namespaces.Has(ns):
		case program != "" && ns != program:
			flaws = append(flaws, declare.Flaw{
				Problem: fmt.Sprintf("namespace %q is outside the program's namespace %q", ns, program),
				Remedy:  "run the program without --namespace, or leave the namespace out",
			})
		default:
			flaws = append(flaws, declare.Flaw{
				Problem: fmt.Sprintf("namespace %q is outside its capability's namespaces %s", ns, declare.List(within.namespaces.Values)),
				Remedy:  "add it to the capability's InNamespace, or leave it out here",
			})
		}
	}
	return flaws
}

// excludedFlaw is what is wrong with naming a namespace that the capability excludes.
func excludedFlaw(namespace string) declare.Flaw {
	return declare.Flaw{
		Problem: fmt.Sprintf("namespace %q is excluded by its capability's NotInNamespace", namespace),
		Remedy:  "remove it from one of the two",
	}
}
