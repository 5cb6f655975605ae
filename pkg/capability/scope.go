package capability

import (
	"fmt"
	"slices"
)

// scope is where a binding looks: the listed namespaces, or all but the excluded.
type scope struct {
	namespaces alternatives
	excluded   []string // only where none are listed
}

// scopeOf is where a capability's bindings on namespaced kinds may look.
func groupScope(c *group, program string) (scope, []flaw) {
	s := scope{namespaces: c.namespaces, excluded: c.excluded}
	if c.namespaces.void() {
		return s, []flaw{{"its InNamespace calls leave no namespace", "give all namespaces to one InNamespace, which takes them as alternatives"}}
	}
	if program != "" {
		if !s.namespaces.has(program) {
			return s, []flaw{{
				fmt.Sprintf("the program is confined to namespace %q, and the capability to %s", program, list(s.namespaces.values)),
				"run the program for one of these, or without --namespace",
			}}
		}
		s.namespaces.and([]string{program})
	}
	if !s.namespaces.set {
		return s, nil
	}
	left := slices.DeleteFunc(slices.Clone(s.namespaces.values), func(ns string) bool { return contains(s.excluded, ns) })
	if len(left) == 0 {
		return s, []flaw{{
			fmt.Sprintf("NotInNamespace excludes %s, and no other namespace is watched", list(s.namespaces.values)),
			"leave out NotInNamespace, or watch another namespace",
		}}
	}
	return scope{namespaces: alternatives{set: true, values: left}}, nil
}

// scopeOf is where a binding looks within its capability, and which patterns are left to check.
func scopeOf(s *spec, within scope, excluded []string, program string) (scope, []pattern, []flaw) {
	if s.namespaces.void() {
		return within, nil, []flaw{{"its namespace steps leave no namespace", "give all namespaces to one InNamespace, which takes them as alternatives"}}
	}
	out := within
	if s.namespaces.set {
		if flaws := outside(s.namespaces.values, within, excluded, program); len(flaws) > 0 {
			return within, nil, flaws
		}
		out = scope{namespaces: s.namespaces}
	}
	if !out.namespaces.set {
		return out, s.namespacePatterns, nil
	}
	left := fit(out.namespaces.values, s.namespacePatterns)
	if len(left) == 0 {
		return out, nil, []flaw{{
			fmt.Sprintf("InNamespaceRegex matches none of the namespaces %s", list(out.namespaces.values)),
			"correct the expression, or leave one of the two out",
		}}
	}
	out.namespaces.values = left
	return out, nil, nil
}

// outside finds namespaces that a binding names and may not look into.
func outside(named []string, within scope, excluded []string, program string) []flaw {
	var flaws []flaw
	for _, ns := range named {
		switch {
		case contains(excluded, ns):
			flaws = append(flaws, excludedFlaw(ns))
		case within.namespaces.has(ns):
		case program != "" && ns != program:
			flaws = append(flaws, flaw{
				fmt.Sprintf("namespace %q is outside the program's namespace %q", ns, program),
				"run the program without --namespace, or leave the namespace out",
			})
		default:
			flaws = append(flaws, flaw{
				fmt.Sprintf("namespace %q is outside its capability's namespaces %s", ns, list(within.namespaces.values)),
				"add it to the capability's InNamespace, or leave it out here",
			})
		}
	}
	return flaws
}

// excludedFlaw is what is wrong with naming a namespace that the capability excludes.
func excludedFlaw(namespace string) flaw {
	return flaw{
		fmt.Sprintf("namespace %q is excluded by its capability's NotInNamespace", namespace),
		"remove it from one of the two",
	}
}
