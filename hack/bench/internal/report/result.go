package report

import (
	"math"
	"slices"
	"strings"
	"time"
)

// Result is all of one run of the benchmark.
type Result struct {
	Machine   Machine     `json:"machine"`
	Scenarios []*Scenario `json:"scenarios"`
	Bars      []Bar       `json:"bars,omitempty"`
}

// Machine says where and when the benchmark ran.
type Machine struct {
	Date   time.Time `json:"date"`
	System string    `json:"system"` // such as linux/amd64
	Cores  int       `json:"cores"`
	CPU    string    `json:"cpu,omitempty"`
	Go     string    `json:"go"`
	Ancho  string    `json:"ancho,omitempty"` // commit
	Node   string    `json:"node,omitempty"`
}

// Scenario is one thing that all contenders had to do.
type Scenario struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	Objects int    `json:"objects"`
	Rounds  int    `json:"rounds"`
	Rows    []*Row `json:"rows"`
}

// Row is what one contender did.
type Row struct {
	Contender string    `json:"contender"`
	Metrics   []*Metric `json:"metrics,omitempty"`
	// Note says why there is nothing to show, or what has to be known about it.
	Note string `json:"note,omitempty"`
	// Error says why the contender failed.
	Error string `json:"error,omitempty"`
}

// Units of metrics.
const (
	Seconds      = "s"
	Microseconds = "us"
	Milliseconds = "ms"
	Megabytes    = "MB"
	Kilobytes    = "kB"
	Bytes        = "B"
	Count        = ""
)

// Metric is one measured quantity, once a round.
type Metric struct {
	Name   string    `json:"name"`
	Unit   string    `json:"unit,omitempty"`
	Median float64   `json:"median"`
	Values []float64 `json:"values"`
}

// Row returns the row of a contender, which it adds if there is none.
func (s *Scenario) Row(contender string) *Row {
	for _, r := range s.Rows {
		if r.Contender == contender {
			return r
		}
	}
	r := &Row{Contender: contender}
	s.Rows = append(s.Rows, r)
	return r
}

// Add notes one round's value of a metric.
func (r *Row) Add(name, unit string, value float64) {
	m := r.metric(name)
	if m == nil {
		m = &Metric{Name: name, Unit: unit}
		r.Metrics = append(r.Metrics, m)
	}
	m.Values = append(m.Values, value)
	m.Median = Median(m.Values)
}

// Last is what the last round brought, in one line.
func (r *Row) Last() string {
	var parts []string
	for _, m := range r.Metrics {
		parts = append(parts, m.Name+" "+quantity(m.Values[len(m.Values)-1], m.Unit))
	}
	return strings.Join(parts, ", ")
}

func (r *Row) metric(name string) *Metric {
	i := slices.IndexFunc(r.Metrics, func(m *Metric) bool { return m.Name == name })
	if i < 0 {
		return nil
	}
	return r.Metrics[i]
}

// Value is the median of a metric of a contender in a scenario; it is not there if that contender did not get so
// far.
func (r *Result) Value(scenario, contender, metric string) (value float64, ok bool) {
	for _, s := range r.Scenarios {
		if s.Name != scenario {
			continue
		}
		for _, row := range s.Rows {
			if row.Contender != contender || row.Error != "" {
				continue
			}
			if m := row.metric(metric); m != nil {
				return m.Median, true
			}
		}
	}
	return 0, false
}

// Failed tells whether a contender failed.
func (r *Result) Failed() bool {
	for _, s := range r.Scenarios {
		for _, row := range s.Rows {
			if row.Error != "" {
				return true
			}
		}
	}
	return false
}

// Median is the middle of the values, the mean of the two middle ones if their number is even; NaN if there is
// none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// Percentile is the smallest of the values that at least p percent of them do not exceed; NaN if there is none.
func Percentile(values []float64, p float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}
