package compile

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// finalizeFlaws are what does not fit a binding with a finalizer.
func finalizeFlaws(d *declare.Declaration) []declare.Flaw {
	if !d.Finalize {
		return nil
	}
	var out []declare.Flaw
	switch msgs := validation.IsQualifiedName(d.Finalizer); {
	case len(msgs) > 0:
		out = append(out, declare.Flaw{Problem: fmt.Sprintf("Finalize(%q): no valid name: %s", d.Finalizer, strings.Join(msgs, "; ")), Remedy: "choose a name such as \"webapp.example.com/cleanup\""})
	case !strings.Contains(d.Finalizer, "/"):
		out = append(out, declare.Flaw{Problem: fmt.Sprintf("Finalize(%q): the API server wants a domain before it", d.Finalizer), Remedy: "choose a name such as \"webapp.example.com/cleanup\""})
	}
	if d.NoCleanup {
		out = append(out, declare.Flaw{Problem: fmt.Sprintf("Finalize(%q, nil): there is nothing to call", d.Finalizer), Remedy: "give it a function, or leave Finalize out"})
	}
	if d.Spec.Deleting {
		out = append(out, declare.Flaw{Problem: "WithDeletionTimestamp does not fit Finalize: the finalizer cannot be put on an object that is being deleted", Remedy: "leave it out: Finalize is called when an object is deleted"})
	}
	if d.Spec.Types&declare.TakesLeft != 0 {
		out = append(out, declare.Flaw{Problem: "HasLeft does not fit Finalize: an object that carries the finalizer belongs to the binding until it is gone", Remedy: "leave one of the two out"})
	}
	for path := range d.Spec.Fields {
		out = append(out, declare.Flaw{Problem: fmt.Sprintf("WithField(%q) does not fit Finalize: objects that match no longer have to be watched as well, and nobody but the server can select by it", path), Remedy: "use Where"})
	}
	return out
}

// within says whether an object that carries the finalizer is one of this binding's: filters may change, namespaces and
// names are where it looks.
func (r *reach) within(m *watcher.Meta) bool {
	return r.scope.namespaces.Has(m.Namespace) && !declare.Contains(r.scope.excluded, m.Namespace) && r.names.Has(m.Name) &&
		!declare.Contains(r.notNames, m.Name)
}
