package runtime

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/plan"
)

// PlannedBinding is one row of a plan: how a binding is served.
type PlannedBinding struct {
	Capability string   `json:"capability"`
	Binding    string   `json:"binding"`
	Action     string   `json:"action"`
	Streams    []string `json:"streams"`             // the requests that serve it and its triggers, shared ones included
	ClientSide []string `json:"clientSide"`          // what the server does not filter
	Finalizer  string   `json:"finalizer,omitempty"` // what Finalize puts on matching objects
	Triggers   []string `json:"triggers,omitempty"`  // what else has its objects reconciled
	Guessed    []string `json:"guessed,omitempty"`   // resources whose plural and scope are derived from the kind's name
	Warnings   []string `json:"warnings,omitempty"`
}

// Plan is what a program will watch. It is made without a cluster.
type Plan []PlannedBinding

// publicPlan is what is shown of a plan.
func publicPlan(p *plan.Plan) Plan {
	out := make(Plan, 0, len(p.Bindings))
	for _, b := range p.Bindings {
		out = append(out, PlannedBinding{
			Capability: b.Capability,
			Binding:    b.Binding,
			Action:     string(b.Action),
			Streams:    p.StreamsOf(b),
			ClientSide: p.ClientSideOf(b),
			Finalizer:  b.Finalizer,
			Triggers:   plan.TriggersOf(b),
			Guessed:    plan.GuessedOf(b),
			Warnings:   b.Warnings,
		})
	}
	return out
}

// Streams counts the distinct requests of the plan.
func (p Plan) Streams() int {
	seen := map[string]bool{}
	for _, b := range p {
		for _, s := range b.Streams {
			seen[s] = true
		}
	}
	return len(seen)
}

// WriteTable prints the plan for people.
func (p Plan) WriteTable(w io.Writer) error {
	var table bytes.Buffer
	tw := tabwriter.NewWriter(&table, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(tw, "BINDING\tACTION\tSTREAM\tFILTERED HERE")
	for _, b := range p {
		for i, s := range b.Streams {
			name, action, client := b.Capability+"/"+b.Binding, b.Action, strings.Join(b.ClientSide, "; ")
			if i > 0 {
				name, action, client = "", "", ""
			}
			_, _ = fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", name, action, s, client)
		}
	}
	_ = tw.Flush() // into memory
	for line := range strings.Lines(table.String()) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	for _, b := range p {
		if b.Finalizer != "" {
			if _, err := fmt.Fprintf(w, "finalizer: %s/%s: %s\n", b.Capability, b.Binding, b.Finalizer); err != nil {
				return err
			}
		}
		for _, text := range b.Triggers {
			if _, err := fmt.Fprintf(w, "trigger: %s/%s: %s\n", b.Capability, b.Binding, text); err != nil {
				return err
			}
		}
		for _, text := range b.Guessed {
			if _, err := fmt.Fprintf(w, "guessed: %s/%s: %s, from the kind's name; Plural and ClusterScoped set another\n", b.Capability, b.Binding, text); err != nil {
				return err
			}
		}
		for _, text := range b.Warnings {
			if _, err := fmt.Fprintf(w, "warning: %s/%s: %s\n", b.Capability, b.Binding, text); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintf(w, "\n%s, %s\n", count(len(p), "binding"), count(p.Streams(), "stream"))
	return err
}

// count says how many of a thing there are.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// WriteJSON prints the plan for programs: an array with one object a binding.
func (p Plan) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false) // a URL's & stays readable
	return enc.Encode(p)
}
