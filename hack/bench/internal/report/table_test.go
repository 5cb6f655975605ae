package report

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// sample is a result with everything in it.
func sample() *Result {
	cold := &Scenario{Name: ColdPods, Title: "cold start, 100 Pods", Objects: 100, Rounds: 3}
	for _, v := range []float64{0.5, 0.7, 0.6} {
		cold.Row(Ancho).Add(CPU, Seconds, v)
		cold.Row(Ancho).Add(Peak, Megabytes, 100*v)
	}
	for _, v := range []float64{2, 9, 1} {
		cold.Row(Reference).Add(CPU, Seconds, v)
		cold.Row(Reference).Add(Peak, Megabytes, 300*v)
	}
	cold.Row(Informer).Error = "it ended without a report; it wrote:\npanic: <one & all>"
	cold.Row(Fluent).Note = "not measured: there is no Node.js"
	fifty := &Scenario{Name: Fifty, Title: "bindings", Objects: 100, Rounds: 1}
	fifty.Row(FiftyBindings).Add(Streams, Count, 1)
	return &Result{
		Machine:   Machine{Date: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), System: "linux/amd64", Cores: 2, CPU: "Some CPU", Go: "go1.26.8", Node: "v20.1.0", Ancho: "abc1234"},
		Scenarios: []*Scenario{cold, fifty},
	}
}

func TestTable(t *testing.T) {
	var b strings.Builder
	if err := sample().WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"2026-03-02, linux/amd64, 2 cores, Some CPU, go1.26.8, Node v20.1.0, Ancho abc1234\n",
		"\ncold-pods: cold start, 100 Pods (median of 3)\n",
		"                               CPU  ratio  peak memory  ratio\n",
		"  ancho                     0.60 s   0.30      60.0 MB   0.10\n",
		"  controller-runtime        2.00 s   1.00       600 MB   1.00\n",
		"  client-go informer        failed      -       failed      -\n",
		"  kubernetes-fluent-client       -      -            -      -\n",
		"  client-go informer: it ended without a report; it wrote:\npanic: <one & all>\n",
		"  kubernetes-fluent-client: not measured: there is no Node.js\n",
		"  ancho, 50 bindings        1\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no line %q in\n%s", want, b.String())
		}
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 1: "1", 0.333: "0.33", 0.01: "0.01", 0.0012: "0.0012", 1.5: "1.50", 12.34: "12.3", 123.4: "123", 1e6: "1000000", -0.5: "-0.50",
	} {
		if got := number(v); got != want {
			t.Errorf("%v: got %s, want %s", v, got, want)
		}
	}
	if got := number(Median(nil)); got != "-" {
		t.Errorf("no number: got %s", got)
	}
}

func TestLast(t *testing.T) {
	if got, want := sample().Scenarios[0].Row(Reference).Last(), "CPU 1.00 s, peak memory 300 MB"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFailed(t *testing.T) {
	r := sample()
	if !r.Failed() {
		t.Error("a contender failed")
	}
	r.Scenarios[0].Row(Informer).Error = ""
	if r.Failed() {
		t.Error("no contender failed")
	}
}

func bar(t *testing.T, r *Result, name string) (Bar, [4]string) {
	t.Helper()
	for i, b := range r.Bars {
		if strings.Contains(b.Name, name) {
			return b, r.BarCells()[i]
		}
	}
	t.Fatalf("no bar %q", name)
	return Bar{}, [4]string{}
}

func TestBars(t *testing.T) {
	r := sample()
	r.Judge()
	for name, want := range map[string][3]string{
		"Pods: CPU":               {"0.30", "<= 0.30", "reached"},
		"Pods: peak memory":       {"0.10", "<= 0.10", "reached"},
		"50 bindings: streams":    {"1", "<= 1", "reached"},
		"custom resources: CPU":   {"-", "<= 0.33", "not measured"},
		"a million":               {"-", "<= 400 MB", "not measured"},
		"50 bindings: CPU / that": {"-", "<= 2", "not measured"},
	} {
		if _, got := bar(t, r, name); [3]string(got[1:]) != want {
			t.Errorf("%s: got %v, want %v", name, got[1:], want)
		}
	}
	r.Scenarios[0].Row(Ancho).Add(CPU, Seconds, 0.9) // median 0.65
	r.Judge()
	if b, got := bar(t, r, "Pods: CPU"); b.Reached() || got[3] != "not reached" {
		t.Errorf("got %v", got)
	}
	r.Scenarios[0].Row(Ancho).Error = "failed"
	r.Judge()
	if b, _ := bar(t, r, "Pods: CPU"); b.Value != nil {
		t.Error("a contender that failed is judged")
	}
	var text strings.Builder
	if err := r.WriteBars(&text); err != nil || !strings.Contains(text.String(), "50 bindings: streams") {
		t.Errorf("%v\n%s", err, text.String())
	}
}

// The bar of a million is about a million.
func TestFewerThanAMillion(t *testing.T) {
	r := &Result{Scenarios: []*Scenario{{Name: Million, Objects: 100_000}}}
	r.Scenarios[0].Row(Ancho).Add(Peak, Megabytes, 90)
	r.Judge()
	if b, _ := bar(t, r, "a million"); b.Value != nil {
		t.Error("measured with a hundred thousand")
	}
	r.Scenarios[0].Objects = 1_000_000
	r.Judge()
	if b, _ := bar(t, r, "a million"); !b.Reached() {
		t.Error("not reached with 90 MB")
	}
}

func TestMarkdown(t *testing.T) {
	r := sample()
	r.Judge()
	text := r.Markdown()
	for _, want := range []string{
		"| cold start, Pods: CPU / controller-runtime's | 0.30 | <= 0.30 | reached |\n",
		"\n### cold-pods\n\nCold start, 100 Pods; median of 3.\n\n|  | CPU | ratio | peak memory | ratio |\n|---|---:|---:|---:|---:|\n",
		"\n| ancho | 0.60 s | 0.30 | 60.0 MB | 0.10 |\n",
		"\nclient-go informer failed.\n",
		"\nkubernetes-fluent-client: not measured: there is no Node.js.\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "panic") {
		t.Error("what a program wrote is in the page")
	}
}

func TestReplace(t *testing.T) {
	page := "head\n" + begin + "\nold\n" + end + "\ntail\n"
	for range 2 {
		var err error
		if page, err = Replace(page, "new\n"); err != nil {
			t.Fatal(err)
		}
		if want := "head\n" + begin + "\nnew\n" + end + "\ntail\n"; page != want {
			t.Errorf("got %q, want %q", page, want)
		}
	}
	for _, wrong := range []string{"", begin, end, end + begin} {
		if _, err := Replace(wrong, "new"); err == nil {
			t.Errorf("%q: want an error", wrong)
		}
	}
}

func TestSVG(t *testing.T) {
	r := sample()
	r.Scenarios[0].Row("a <b> & c").Add(CPU, Seconds, 4)
	plot := r.SVG()
	widths := map[string]string{}
	var class, width string
	d := xml.NewDecoder(strings.NewReader(plot))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, plot)
		}
		e, ok := token.(xml.StartElement)
		if !ok || e.Name.Local != "rect" {
			continue
		}
		for _, a := range e.Attr {
			switch a.Name.Local {
			case "class":
				class = a.Value
			case "width":
				width = a.Value
			}
		}
		if _, known := widths[class]; !known {
			widths[class] = width
		}
	}
	// Of the first panel: ancho 0.6 s and controller-runtime 2 s, where 4 s fill it.
	if widths["ancho"] != "61.5" || widths["bar"] != "205.0" {
		t.Errorf("widths %v", widths)
	}
	for _, want := range []string{"a &lt;b&gt; &amp; c", "0.60 s", "prefers-color-scheme: dark", "Pods, cold start: peak memory (100 objects)"} {
		if !strings.Contains(plot, want) {
			t.Errorf("no %q in\n%s", want, plot)
		}
	}
	if strings.Contains(plot, Fluent) || strings.Contains(plot, Informer) {
		t.Error("there is a bar for who has no figure")
	}
	if empty := (&Result{}).SVG(); strings.Contains(empty, "rect") || xml.Unmarshal([]byte(empty), new(struct{})) != nil {
		t.Errorf("of nothing: %s", empty)
	}
}
