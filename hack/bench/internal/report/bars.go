package report

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Bar is what Ancho has to reach.
type Bar struct {
	Name  string  `json:"name"`
	Limit float64 `json:"limit"`
	Unit  string  `json:"unit,omitempty"` // of Limit and Value; empty: both are ratios or numbers
	// Value is what was measured; nil if it was not.
	Value *float64 `json:"value"`
}

// Reached tells whether the value was measured and is within the limit.
func (b Bar) Reached() bool { return b.Value != nil && *b.Value <= b.Limit }

// Ratio adds a bar: a metric of one contender over that of another.
func (r *Result) Ratio(name string, limit float64, scenario, contender, other, metric string) {
	b := Bar{Name: name, Limit: limit}
	have, ok := r.Value(scenario, contender, metric)
	base, based := r.Value(scenario, other, metric)
	if ok && based && base > 0 {
		ratio := have / base
		b.Value = &ratio
	}
	r.Bars = append(r.Bars, b)
}

// AtMost adds a bar: a metric of a contender by itself.
func (r *Result) AtMost(name string, limit float64, unit, scenario, contender, metric string) {
	b := Bar{Name: name, Limit: limit, Unit: unit}
	if have, ok := r.Value(scenario, contender, metric); ok {
		b.Value = &have
	}
	r.Bars = append(r.Bars, b)
}

// WriteBars writes what was to be reached, and whether it was, as text.
func (r *Result) WriteBars(w io.Writer) error {
	if len(r.Bars) == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(w, "\nwhat Ancho is to reach"); err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, line := range r.BarCells() {
		if _, err := fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", line[0], line[1], line[2], line[3]); err != nil {
			return err
		}
	}
	return t.Flush()
}

// BarCells is the table of the bars, a line each: name, value, limit, verdict.
func (r *Result) BarCells() [][4]string {
	var out [][4]string
	for _, b := range r.Bars {
		line := [4]string{b.Name, "-", "<= " + quantity(b.Limit, b.Unit), "not measured"}
		if b.Value != nil {
			line[1] = quantity(*b.Value, b.Unit)
			line[3] = "not reached"
			if b.Reached() {
				line[3] = "reached"
			}
		}
		out = append(out, line)
	}
	return out
}

func quantity(v float64, unit string) string {
	if unit == Count {
		return number(v)
	}
	return number(v) + " " + unit
}
