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

// aMillion is how many objects the last bar is about.
const aMillion = 1_000_000

// Judge compares what was measured with what is to be reached. What was not measured stays open.
func (r *Result) Judge() {
	r.Bars = nil
	r.ratio("cold start, Pods: CPU / controller-runtime's", 0.30, ColdPods, Ancho, Reference, CPU)
	r.ratio("cold start, custom resources: CPU / controller-runtime's", 0.33, ColdCustom, Ancho, Reference, CPU)
	r.ratio("cold start, Pods: peak memory / controller-runtime's", 0.10, ColdPods, Ancho, Reference, Peak)
	r.ratio("cold start, custom resources: peak memory / controller-runtime's", 0.15, ColdCustom, Ancho, Reference, Peak)
	r.ratio("1 % kept by a filter: CPU / reading and dropping", 1.5, Filter, Ancho, DropProtobuf, CPU)
	r.ratio("steady state: CPU an update / controller-runtime's", 0.35, Churn, Ancho, Reference, CPUEvent)
	r.ratio("steady state: p99 sent-to-handled / controller-runtime's", 1.0, Churn, Ancho, Reference, P99)
	r.atMost("heap at rest, a watched object", 150, Bytes, Heap, Ancho, HeapObject)
	r.atMost("heap left when the objects are gone, of an object", 5, Bytes, Heap, Ancho, HeapLeft)
	r.atMost("50 bindings: streams", 1, Count, Fifty, FiftyBindings, Streams)
	r.ratio("50 bindings: CPU / that of one", 2, Fifty, FiftyBindings, OneBinding, CPU)
	r.atMost("cut connection: lists", 0, Count, Cut, Ancho, Lists)
	r.atMost("cut connection, 10 changes: bytes over the wire", 100, Kilobytes, Cut, Ancho, Crossed)
	for _, s := range r.Scenarios {
		if s.Name == Million && s.Objects >= aMillion {
			r.atMost("a million objects: peak memory", 400, Megabytes, Million, Ancho, Peak)
			return
		}
	}
	r.Bars = append(r.Bars, Bar{Name: "a million objects: peak memory", Limit: 400, Unit: Megabytes})
}

// ratio adds a bar: a metric of one contender over that of another.
func (r *Result) ratio(name string, limit float64, scenario, contender, other, metric string) {
	b := Bar{Name: name, Limit: limit}
	have, ok := r.Value(scenario, contender, metric)
	base, based := r.Value(scenario, other, metric)
	if ok && based && base > 0 {
		ratio := have / base
		b.Value = &ratio
	}
	r.Bars = append(r.Bars, b)
}

// atMost adds a bar: a metric of a contender by itself.
func (r *Result) atMost(name string, limit float64, unit, scenario, contender, metric string) {
	b := Bar{Name: name, Limit: limit, Unit: unit}
	if have, ok := r.Value(scenario, contender, metric); ok {
		b.Value = &have
	}
	r.Bars = append(r.Bars, b)
}

// WriteBars writes what was to be reached, and whether it was, as text.
func (r *Result) WriteBars(w io.Writer) error {
	if _, err := fmt.Fprintln(w, "\nwhat Ancho is to reach"); err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, line := range r.BarCells() {
		if _, err := fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", line[0], line[1], line[2], line[3]); err != nil {
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
	return figure(v) + " " + unit
}
