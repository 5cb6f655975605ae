package capability

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/ancho-dev/ancho/pkg/watcher"
)

// Finalize adds a clean-up that runs before an object goes from the cluster. The finalizer, a name with a domain such as
// "webapp.example.com/cleanup", is put on each object before its first Reconcile call, so that the API server keeps a
// deleted object until h has returned nil; then this finalizer is removed, and no other. An object that carries it
// belongs to the binding whatever the selection says of it now; one that is being deleted and does not carry it is not
// reconciled.
//
// h never runs beside Reconcile for the same object. An error keeps the finalizer, and h is called again for ever: after
// a backoff, after RequeueAfter's or RetryAfter's delay, or, for Permanent, after the longest delay of the backoff. It may
// be called again after it has succeeded, by a program that was killed before the finalizer was off, so a clean-up of what
// is gone already must succeed.
//
// The program needs the verbs get and patch on the kind. To take a program off a cluster, run it with
// --release-finalizers.
func (r Reconciler[T]) Finalize(finalizer string, h Handler[T]) Binding {
	if r.d == nil {
		return r
	}
	d := *r.d
	d.finalize, d.finalizer, d.noCleanup = true, finalizer, h == nil
	d.cleanup = invoker(r.objects, h)
	return &d
}

// finalizeFlaws are what does not fit a binding with a finalizer.
func (d *declaration) finalizeFlaws() []flaw {
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
