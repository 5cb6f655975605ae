package declare

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Alternatives is a set of strings of which one must be met. Unset, any string does.
type Alternatives struct {
	Set    bool
	Values []string // sorted, without doubles
}

// And narrows the set to what is in both.
func (a *Alternatives) And(values []string) {
	values = SortedSet(values)
	if a.Set {
		values = slices.DeleteFunc(values, func(v string) bool { return !slices.Contains(a.Values, v) })
	}
	a.Set, a.Values = true, values
}

// Void is true if nothing can meet it.
func (a Alternatives) Void() bool { return a.Set && len(a.Values) == 0 }

// Has reports whether v meets it.
func (a Alternatives) Has(v string) bool { return !a.Set || Contains(a.Values, v) }

// Contains looks in a sorted list.
func Contains(sorted []string, v string) bool {
	_, found := slices.BinarySearch(sorted, v)
	return found
}

// SortedSet returns a sorted copy without doubles.
func SortedSet(values []string) []string {
	values = slices.Clone(values)
	slices.Sort(values)
	return slices.Compact(values)
}

// Pattern is the regular expressions of one step: one of them must match.
type Pattern []*regexp.Regexp

func (p Pattern) matches(s string) bool {
	for _, re := range p {
		if re.MatchString(s) {
			return true
		}
	}
	return false
}

// String prints the expressions in a fixed order.
func (p Pattern) String() string {
	texts := make([]string, len(p))
	for i, re := range p {
		texts[i] = re.String()
	}
	return strings.Join(SortedSet(texts), " or ")
}

// Fit returns the values that match all patterns.
func Fit(values []string, patterns []Pattern) []string {
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return !MatchesAll(patterns, v) })
}

// MatchesAll reports whether all patterns match a string.
func MatchesAll(patterns []Pattern, v string) bool {
	for _, p := range patterns {
		if !p.matches(v) {
			return false
		}
	}
	return true
}

// CheckedNames checks the arguments of a step. Its flaws are nil if the set is usable.
func CheckedNames(step, what string, args []string, problem func(string) string) ([]string, []Flaw) {
	if len(args) == 0 {
		return nil, []Flaw{{step + "() without arguments selects nothing", "name at least one " + what + ", or leave the step out"}}
	}
	var flaws []Flaw
	for _, a := range args {
		if p := problem(a); p != "" {
			flaws = append(flaws, Flaw{fmt.Sprintf("%s(%q): no valid %s: %s", step, a, what, p), "correct it"})
		}
	}
	return SortedSet(args), flaws
}

// checkedPattern compiles the arguments of a step.
func checkedPattern(step, what string, args []string) (Pattern, []Flaw) {
	if len(args) == 0 {
		return nil, []Flaw{{step + "() without arguments selects nothing", "give at least one regular expression, or leave the step out"}}
	}
	var p Pattern
	var flaws []Flaw
	for _, a := range args {
		re, err := regexp.Compile(a)
		switch {
		case err != nil:
			flaws = append(flaws, Flaw{fmt.Sprintf("%s(%q): %v", step, a, err), "write it in RE2 syntax"})
		case a == "":
			flaws = append(flaws, Flaw{fmt.Sprintf("%s(%q): the empty expression matches every %s", step, a, what), "give an expression, or leave the step out"})
		default:
			p = append(p, re)
		}
	}
	return p, flaws
}

// Quote prints a string for people.
func Quote(s string) string { return strconv.Quote(s) }

// List prints values for people.
func List(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = Quote(v)
	}
	return strings.Join(quoted, ", ")
}
