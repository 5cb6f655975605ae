package report

import (
	"fmt"
	"html"
	"strings"
)

// Measures of the plot, in its own units.
const (
	plotWidth  = 720
	nameWidth  = 190 // of the column of names
	valueWidth = 120 // of the room for the number behind the longest bar
	barHeight  = 18
	barPitch   = 26
	headHeight = 34
	panelGap   = 22
)

// plotted are the panels of the plot: a metric of a scenario each.
var plotted = []struct{ scenario, metric, title string }{
	{ColdPods, CPU, "Pods, cold start: CPU time"},
	{ColdPods, Peak, "Pods, cold start: peak memory"},
	{ColdCustom, CPU, "Custom resources, cold start: CPU time"},
	{ColdCustom, Peak, "Custom resources, cold start: peak memory"},
	{Churn, CPUEvent, "Steady state: CPU time an update"},
}

// The text takes the colour of the page that it is shown on, as far as the viewer tells.
const style = `<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 }
.bar { fill: #8c959f }
.ancho { fill: #0969da }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.bar { fill: #6e7681 }
.ancho { fill: #58a6ff }
}
</style>
`

// SVG is the plot: a bar for each contender, shorter is better. It is readable on light and on dark pages.
func (r *Result) SVG() string {
	var panels strings.Builder
	y := 0
	for _, p := range plotted {
		for _, s := range r.Scenarios {
			if s.Name == p.scenario {
				y = s.panel(&panels, y, p.metric, fmt.Sprintf("%s (%d objects)", p.title, s.Objects))
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="CPU time and memory of the contenders">`+"\n", plotWidth, max(y, 1))
	b.WriteString(style)
	b.WriteString(panels.String())
	b.WriteString("</svg>\n")
	return b.String()
}

// panel draws the bars of one metric from y downwards, and returns where the next may begin.
func (s *Scenario) panel(b *strings.Builder, y int, metric, title string) int {
	longest, rows := 0.0, 0
	for _, row := range s.Rows {
		if m := row.metric(metric); m != nil && row.Error == "" {
			longest = max(longest, m.Median)
			rows++
		}
	}
	if rows == 0 || longest <= 0 {
		return y
	}
	fmt.Fprintf(b, `<text class="title" x="0" y="%d">%s</text>`+"\n", y+16, html.EscapeString(title))
	y += headHeight
	for _, row := range s.Rows {
		m := row.metric(metric)
		if m == nil || row.Error != "" {
			continue
		}
		class := "bar"
		if row.Contender == Ancho {
			class = "ancho"
		}
		width := max(1, m.Median/longest*(plotWidth-nameWidth-valueWidth))
		fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">%s</text>`, nameWidth-8, y+13, html.EscapeString(row.Contender))
		fmt.Fprintf(b, `<rect class="%s" x="%d" y="%d" width="%.1f" height="%d" rx="2"/>`, class, nameWidth, y, width, barHeight)
		fmt.Fprintf(b, `<text x="%.1f" y="%d">%s</text>`+"\n", nameWidth+width+6, y+13, html.EscapeString(m.text(row)))
		y += barPitch
	}
	return y + panelGap
}
