package conformance

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Table writes results as a table of Markdown: rules, case, and a column for each rig. All columns are of the same cases.
func Table(rigs []string, results ...[]Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| rule | case | %s |\n|---|---|%s\n", strings.Join(rigs, " | "), strings.Repeat("---|", len(rigs)))
	for i, c := range Cases() {
		fmt.Fprintf(&b, "| %s | %s |", numbers(c.Rules), c.Name)
		for _, column := range results {
			fmt.Fprintf(&b, " %s |", column[i].verdict())
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (r Result) verdict() string {
	switch {
	case r.Shown:
		return "shown"
	case r.Reason != "":
		return "not shown: " + r.Reason
	}
	return "FAILED"
}

func numbers(rules []int) string {
	texts := make([]string, len(rules))
	for i, n := range rules {
		texts[i] = fmt.Sprint(n)
	}
	return strings.Join(texts, ", ")
}

// Elsewhere writes the rules that no case shows as a table of Markdown, each with the reason and the test that has it.
func Elsewhere() string {
	all := slices.SortedFunc(slices.Values(notForAServer()), func(a, b elsewhere) int { return cmp.Compare(a.rule, b.rule) })
	var b strings.Builder
	b.WriteString("| rule | why no case shows it | held by |\n|---|---|---|\n")
	for _, r := range all {
		fmt.Fprintf(&b, "| %d | %s | `%s` |\n", r.rule, r.why, r.test)
	}
	return b.String()
}
