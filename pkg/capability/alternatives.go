package capability

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// alternatives is a set of strings of which one must be met. Unset, any string does.
type alternatives struct {
	set    bool
	values []string // sorted, without doubles
}

// and narrows the set to what is in both.
func (a *alternatives) and(values []string) {
	values = sortedSet(values)
	if a.set {
		values = slices.DeleteFunc(values, func(v string) bool { return !slices.Contains(a.values, v) })
	}
	a.set, a.values = true, values
}

// void is true if nothing can meet it.
func (a alternatives) void() bool { return a.set && len(a.values) == 0 }

// has reports whether v meets it.
func (a alternatives) has(v string) bool { return !a.set || contains(a.values, v) }

// contains looks in a sorted list.
func contains(sorted []string, v string) bool {
	_, found := slices.BinarySearch(sorted, v)
	return found
}

// sortedSet returns a sorted copy without doubles.
func sortedSet(values []string) []string {
	values = slices.Clone(values)
	slices.Sort(values)
	return slices.Compact(values)
}

// pattern is the regular expressions of one step: one of them must match.
type pattern []*regexp.Regexp

func (p pattern) matches(s string) bool {
	for _, re := range p {
		if re.MatchString(s) {
			return true
		}
	}
	return false
}

// String prints the expressions in a fixed order.
func (p pattern) String() string {
	texts := make([]string, len(p))
	for i, re := range p {
		texts[i] = re.String()
	}
	return strings.Join(sortedSet(texts), " or ")
}

// fit returns the values that match all patterns.
func fit(values []string, patterns []pattern) []string {
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return !matchesAll(patterns, v) })
}

func matchesAll(patterns []pattern, v string) bool {
	for _, p := range patterns {
		if !p.matches(v) {
			return false
		}
	}
	return true
}

// checkedNames checks the arguments of a step. Its flaws are nil if the set is usable.
func checkedNames(step, what string, args []string, problem func(string) string) ([]string, []flaw) {
	if len(args) == 0 {
		return nil, []flaw{{step + "() without arguments selects nothing", "name at least one " + what + ", or leave the step out"}}
	}
	var flaws []flaw
	for _, a := range args {
		if p := problem(a); p != "" {
			flaws = append(flaws, flaw{fmt.Sprintf("%s(%q): no valid %s: %s", step, a, what, p), "correct it"})
		}
	}
	return sortedSet(args), flaws
}

// checkedPattern compiles the arguments of a step.
func checkedPattern(step, what string, args []string) (pattern, []flaw) {
	if len(args) == 0 {
		return nil, []flaw{{step + "() without arguments selects nothing", "give at least one regular expression, or leave the step out"}}
	}
	var p pattern
	var flaws []flaw
	for _, a := range args {
		re, err := regexp.Compile(a)
		switch {
		case err != nil:
			flaws = append(flaws, flaw{fmt.Sprintf("%s(%q): %v", step, a, err), "write it in RE2 syntax"})
		case a == "":
			flaws = append(flaws, flaw{fmt.Sprintf("%s(%q): the empty expression matches every %s", step, a, what), "give an expression, or leave the step out"})
		default:
			p = append(p, re)
		}
	}
	return p, flaws
}

func quote(s string) string { return strconv.Quote(s) }

// list prints values for people.
func list(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quote(v)
	}
	return strings.Join(quoted, ", ")
}
