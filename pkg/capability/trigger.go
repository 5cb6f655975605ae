package capability

import (
	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
)

// trigger is one reason for a binding's calls that is not its own objects.
type trigger struct {
	step     string
	via      queue.Via
	source   *declaration // nil where there are flaws
	inherits bool         // a source that names no namespace is watched in those of the binding
	decodes  bool         // names is called with the source's objects
	names    func(kind.Object) []types.NamespacedName
	used     func(kind.Object) []types.NamespacedName
	flaws    []flaw
}

func (t *trigger) wrong(problem, remedy string) { t.flaws = append(t.flaws, flaw{problem, remedy}) }
