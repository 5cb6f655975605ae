package declare

import (
	"fmt"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
)

// spec is what the steps of a selection came to. Nothing in it depends on their order, but for the
// order of flaws and for settings, of which the last counts.
type Spec struct {
	Flaws []Flaw

	Types      typeSet
	Namespaces Alternatives
	Names      Alternatives
	// namespacePatterns and namePatterns: one entry for each step.
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

func NewSpec() Spec {
	return Spec{
		Fields:      map[string]Alternatives{},
		Annotations: map[string]Alternatives{},
		Settings: Settings{
			Concurrency:  DefaultConcurrency,
			Backoff:      queue.Backoff{Min: DefaultBackoffLowest, Max: DefaultBackoffHighest},
			MemoryBudget: DefaultMemoryBudget,
		},
	}
}

func (s *Spec) Wrong(problem, remedy string) {
	s.Flaws = append(s.Flaws, Flaw{problem, remedy})
}

func (s *Spec) NameStep(step, what string, args []string, problem func(string) string, into *Alternatives) {
	set, flaws := CheckedNames(step, what, args, problem)
	s.Flaws = append(s.Flaws, flaws...)
	if len(flaws) == 0 {
		into.And(set)
	}
}

// fieldStep is a field selector that names what another step names.
func (s *Spec) FieldStep(path, value string, problem func(string) string, into *Alternatives) {
	if text := problem(value); text != "" {
		s.Wrong(fmt.Sprintf("WithField(%q, %q): no valid value: %s", path, value, text), "correct it")
		return
	}
	into.And([]string{value})
}

func (s *Spec) PatternStep(step, what string, args []string, into *[]Pattern) {
	p, flaws := checkedPattern(step, what, args)
	s.Flaws = append(s.Flaws, flaws...)
	if len(flaws) == 0 {
		*into = append(*into, p)
	}
}
