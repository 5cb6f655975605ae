package report

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
)

// WriteTable writes the result as text.
func (r *Result) WriteTable(w io.Writer) error {
	if _, err := fmt.Fprintln(w, r.Machine.line()); err != nil {
		return err
	}
	for _, s := range r.Scenarios {
		if err := s.write(w); err != nil {
			return err
		}
	}
	return nil
}

func (m Machine) line() string {
	parts := []string{m.Date.Format("2006-01-02"), m.System, fmt.Sprintf("%d cores", m.Cores)}
	if m.CPU != "" {
		parts = append(parts, m.CPU)
	}
	parts = append(parts, m.Go)
	if m.Node != "" {
		parts = append(parts, "Node "+m.Node)
	}
	if m.Ancho != "" {
		parts = append(parts, "Ancho "+m.Ancho)
	}
	return strings.Join(parts, ", ")
}

func (s *Scenario) write(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "\n%s: %s (median of %d)\n", s.Name, s.Title, s.Rounds); err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, line := range s.Cells() {
		// The first column is to the left: tabwriter knows one side for all.
		if _, err := fmt.Fprintf(t, "%-*s\t%s\t\n", s.widest(), line[0], strings.Join(line[1:], "\t")); err != nil {
			return err
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, row := range s.Rows {
		for _, note := range []string{row.Note, row.Error} {
			if note == "" {
				continue
			}
			if _, err := fmt.Fprintf(w, "  %s: %s\n", row.Contender, note); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Scenario) widest() int {
	n := 0
	for _, row := range s.Rows {
		n = max(n, len(row.Contender))
	}
	return n
}

// Cells is the table of the scenario, its first line the headings. Beside each metric stands its ratio to the
// reference's, if that took part; there is none for counts.
func (s *Scenario) Cells() [][]string {
	columns := s.columns()
	head := []string{""}
	for _, c := range columns {
		head = append(head, c)
		if s.reference(c) != nil {
			head = append(head, "ratio")
		}
	}
	cells := [][]string{head}
	for _, row := range s.Rows {
		line := []string{row.Contender}
		for _, c := range columns {
			m := row.metric(c)
			line = append(line, m.text(row))
			ref := s.reference(c)
			switch {
			case ref == nil:
			case m == nil || ref.Median == 0:
				line = append(line, "-")
			default:
				line = append(line, figure(m.Median/ref.Median))
			}
		}
		cells = append(cells, line)
	}
	return cells
}

func (s *Scenario) columns() []string {
	var out []string
	known := map[string]bool{}
	for _, row := range s.Rows {
		for _, m := range row.Metrics {
			if !known[m.Name] {
				known[m.Name] = true
				out = append(out, m.Name)
			}
		}
	}
	return out
}

func (s *Scenario) reference(metric string) *Metric {
	for _, row := range s.Rows {
		if row.Contender != Reference {
			continue
		}
		if m := row.metric(metric); m != nil && m.Unit != Count {
			return m
		}
	}
	return nil
}

func (m *Metric) text(row *Row) string {
	switch {
	case row.Error != "":
		return "failed"
	case m == nil:
		return "-"
	}
	return quantity(m.Median, m.Unit)
}

// number shows a number that may be a count or a limit: without a fraction if it has none.
func number(v float64) string {
	if v == math.Trunc(v) && !math.IsInf(v, 0) {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return figure(v)
}

// figure shows what was measured: three digits, and no fraction of what is larger.
func figure(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "-"
	case a >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case a >= 0.01 || a == 0:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}
