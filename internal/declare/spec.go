package declare

import (
	"fmt"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
)

// Spec is what the steps of a selection came to. Nothing in it depends on their order, but for the
// order of flaws and for settings, of which the last counts.
type Spec struct {
	Flaws []Flaw

	Types      EventTypes
	Namespaces Alternatives
	Names      Alternatives
	// NamespacePatterns and NamePatterns: one entry for each step.
	NamespacePatterns, NamePatterns []Pattern
	Labels                          []labels.Requirement
	Fields                          map[string]Alternatives
	Annotations                     map[string]Alternatives
	Deleting                        bool
	Where                           []func(kind.Object) bool
	SpecChange                      bool
	Projections                     []func(kind.Object) any

	InNamespace, NamespaceField bool // which steps named namespaces

	Alias    string
	Wide     bool
	Settings Settings
	Queued   bool
	Cached   bool
	Readers  []Attachable

	Triggers []*Trigger
}

// NewSpec is a spec without steps, whose settings have their defaults.
func NewSpec() Spec {
	return Spec{
		Fields:      map[string]Alternatives{},
		Annotations: map[string]Alternatives{},
		Settings: Settings{
			Concurrency:  DefaultConcurrency,
			Backoff:      queue.Backoff{Min: DefaultBackoffMin, Max: DefaultBackoffMax},
			MemoryBudget: DefaultMemoryBudget,
		},
	}
}

// Wrong notes a mistake in a step.
func (s *Spec) Wrong(problem, remedy string) {
	s.Flaws = append(s.Flaws, Flaw{problem, remedy})
}

// NameStep is a step that takes names as alternatives.
func (s *Spec) NameStep(step, what string, args []string, problem func(string) string, into *Alternatives) {
	set, flaws := CheckedNames(step, what, args, problem)
	s.Flaws = append(s.Flaws, flaws...)
	if len(flaws) == 0 {
		into.And(set)
	}
}

// FieldStep is a field selector that names what another step names.
func (s *Spec) FieldStep(path, value string, problem func(string) string, into *Alternatives) {
	if text := problem(value); text != "" {
		s.Wrong(fmt.Sprintf("WithField(%q, %q): no valid value: %s", path, value, text), "correct it")
		return
	}
	into.And([]string{value})
}

// PatternStep is a step that takes regular expressions as alternatives.
func (s *Spec) PatternStep(step, what string, args []string, into *[]Pattern) {
	p, flaws := checkedPattern(step, what, args)
	s.Flaws = append(s.Flaws, flaws...)
	if len(flaws) == 0 {
		*into = append(*into, p)
	}
}
