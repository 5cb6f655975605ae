package report

import (
	"errors"
	"fmt"
	"strings"
)

// Marks in a page between which the results stand.
const (
	begin = "<!-- begin of the results -->"
	end   = "<!-- end of the results -->"
)

// Replace puts text between the marks of a page.
func Replace(page, text string) (string, error) {
	before, rest, ok := strings.Cut(page, begin)
	_, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		return "", errors.New("there is no place for the results: it is between " + begin + " and " + end)
	}
	return before + begin + "\n" + strings.TrimSpace(text) + "\n" + end + after, nil
}

// Markdown is the result for a page of documentation.
func (r *Result) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s. The same as data: [performance.json](performance.json).\n", r.Machine.line())
	b.WriteString("\n![CPU time and memory of the contenders](performance.svg)\n")
	if len(r.Bars) > 0 {
		b.WriteString("\n| what Ancho is to reach | measured | bar | |\n|---|---:|---:|---|\n")
		for _, line := range r.BarCells() {
			fmt.Fprintf(&b, "| %s |\n", strings.Join(line[:], " | "))
		}
	}
	for _, s := range r.Scenarios {
		s.markdown(&b)
	}
	return b.String()
}

func (s *Scenario) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n### %s\n\n%s; median of %d.\n\n", s.Name, upper(s.Title), s.Rounds)
	for i, line := range s.Cells() {
		fmt.Fprintf(b, "| %s |\n", strings.Join(line, " | "))
		if i == 0 {
			fmt.Fprintf(b, "|---|%s\n", strings.Repeat("---:|", len(line)-1))
		}
	}
	for _, row := range s.Rows {
		if row.Note != "" {
			fmt.Fprintf(b, "\n%s: %s.\n", row.Contender, row.Note)
		}
		if row.Error != "" {
			fmt.Fprintf(b, "\n%s failed.\n", row.Contender)
		}
	}
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
