package capability

import (
	"fmt"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
)

// spec is what the steps of a selection came to. Nothing in it depends on their order, but for the
// order of flaws and for settings, of which the last counts.
type spec struct {
	flaws []flaw

	types      typeSet
	namespaces alternatives
	names      alternatives
	// namespacePatterns and namePatterns: one entry for each step.
	namespacePatterns, namePatterns []pattern
	labels                          []labels.Requirement
	fields                          map[string]alternatives
	annotations                     map[string]alternatives
	deleting                        bool
	where                           []func(kind.Object) bool
	specChange                      bool
	projections                     []func(kind.Object) any

	inNamespace, namespaceField bool // which steps named namespaces

	alias    string
	wide     bool
	settings Settings
	queued   bool
	cached   bool
	readers  []attachable

	triggers []*trigger
}

func newSpec() spec {
	return spec{
		fields:      map[string]alternatives{},
		annotations: map[string]alternatives{},
		settings: Settings{
			Concurrency:  DefaultConcurrency,
			Backoff:      queue.Backoff{Min: DefaultBackoffLowest, Max: DefaultBackoffHighest},
			MemoryBudget: DefaultMemoryBudget,
		},
	}
}

func (s *spec) wrong(problem, remedy string) {
	s.flaws = append(s.flaws, flaw{problem, remedy})
}

func (s *spec) nameStep(step, what string, args []string, problem func(string) string, into *alternatives) {
	set, flaws := checkedNames(step, what, args, problem)
	s.flaws = append(s.flaws, flaws...)
	if len(flaws) == 0 {
		into.and(set)
	}
}

// fieldStep is a field selector that names what another step names.
func (s *spec) fieldStep(path, value string, problem func(string) string, into *alternatives) {
	if text := problem(value); text != "" {
		s.wrong(fmt.Sprintf("WithField(%q, %q): no valid value: %s", path, value, text), "correct it")
		return
	}
	into.and([]string{value})
}

func (s *spec) patternStep(step, what string, args []string, into *[]pattern) {
	p, flaws := checkedPattern(step, what, args)
	s.flaws = append(s.flaws, flaws...)
	if len(flaws) == 0 {
		*into = append(*into, p)
	}
}
