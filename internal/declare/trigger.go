package declare

import (
	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
)

// Trigger is one reason for a binding's calls that is not its own objects.
type Trigger struct {
	Step     string
	Via      queue.Via
	Source   *Declaration // nil where there are flaws
	Inherits bool         // a source that names no namespace is watched in the namespaces of the binding
	Decodes  bool         // names is called with the source's objects
	Names    func(kind.Object) []types.NamespacedName
	Used     func(kind.Object) []types.NamespacedName
	Flaws    []Flaw
}

// Wrong notes a mistake in a trigger.
func (t *Trigger) Wrong(problem, remedy string) { t.Flaws = append(t.Flaws, Flaw{problem, remedy}) }
