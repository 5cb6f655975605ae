package capability

import (
	"strings"

	"github.com/ancho-dev/ancho/internal/declare"
)

// Mistake is one error in a declaration.
type Mistake struct { //nolint:errname // one line of a DeclarationError
	// Capability and Binding name what is wrong; empty where it has no name, or where the mistake
	// is the program's or the whole capability's.
	Capability, Binding string
	// Location is the folder, file and line of the binding's Watch or Reconcile, or of the
	// capability's New.
	Location string
	// When is the place of the selection's When, where that is another one.
	When string
	// Problem says what is wrong.
	Problem string
	// Remedy says what to do.
	Remedy string
}

// Error implements error: one line.
func (m Mistake) Error() string {
	var b strings.Builder
	if m.Capability != "" {
		b.WriteString("capability " + declare.Quote(m.Capability))
	}
	if m.Binding != "" {
		b.WriteString(", binding " + declare.Quote(m.Binding))
	}
	switch {
	case m.Location == "":
	case m.When != "":
		b.WriteString(" (" + m.Location + ", When at " + m.When + ")")
	default:
		b.WriteString(" (" + m.Location + ")")
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	b.WriteString(m.Problem)
	if m.Remedy != "" {
		b.WriteString(": " + m.Remedy)
	}
	return oneLine(b.String())
}

// DeclarationError lists all mistakes in the declarations of a program.
type DeclarationError struct {
	// Mistakes are in the order of the declarations, grouped by binding.
	Mistakes []Mistake
}

// Error implements error: one line for each mistake. The text is the same on each run.
func (e *DeclarationError) Error() string {
	lines := make([]string, len(e.Mistakes))
	for i, m := range e.Mistakes {
		lines[i] = m.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the mistakes one by one, for errors.As.
func (e *DeclarationError) Unwrap() []error {
	errs := make([]error, len(e.Mistakes))
	for i, m := range e.Mistakes {
		errs[i] = m
	}
	return errs
}

// oneLine keeps a text that quotes the user's own on one line.
func oneLine(s string) string {
	return strings.NewReplacer("\r\n", "; ", "\n", "; ", "\r", "; ").Replace(s)
}
