package capability

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/ancho-dev/ancho/pkg/watcher"
)

// finalizeFlaws are what does not fit a binding with a finalizer.
func finalizeFlaws(d *declaration) []flaw {
	if !d.finalize {
		return nil
	}
	var out []flaw
	switch msgs := validation.IsQualifiedName(d.finalizer); {
	case len(msgs) > 0:
		out = append(out, flaw{fmt.Sprintf("Finalize(%q): no valid name: %s", d.finalizer, strings.Join(msgs, "; ")), "choose a name such as \"webapp.example.com/cleanup\""})
	case !strings.Contains(d.finalizer, "/"):
		out = append(out, flaw{fmt.Sprintf("Finalize(%q): the API server wants a domain before it", d.finalizer), "choose a name such as \"webapp.example.com/cleanup\""})
	}
	if d.noCleanup {
		out = append(out, flaw{fmt.Sprintf("Finalize(%q, nil): there is nothing to call", d.finalizer), "give it a function, or leave Finalize out"})
	}
	if d.spec.deleting {
		out = append(out, flaw{"WithDeletionTimestamp does not fit Finalize: the finalizer cannot be put on an object that is being deleted", "leave it out: Finalize is called when an object is deleted"})
	}
	if d.spec.types&takesLeft != 0 {
		out = append(out, flaw{"HasLeft does not fit Finalize: an object that carries the finalizer belongs to the binding until it is gone", "leave one of the two out"})
	}
	for path := range d.spec.fields {
		out = append(out, flaw{fmt.Sprintf("WithField(%q) does not fit Finalize: objects that match no longer have to be watched as well, and nobody but the server can select by it", path), "use Where"})
	}
	return out
}

// within says whether an object that carries the finalizer is one of this binding's: filters may change, namespaces and
// names are where it looks.
func (r *reach) within(m *watcher.Meta) bool {
	return r.scope.namespaces.has(m.Namespace) && !contains(r.scope.excluded, m.Namespace) && r.names.has(m.Name) &&
		!contains(r.notNames, m.Name)
}
