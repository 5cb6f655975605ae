package capability

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/ancho-dev/ancho/pkg/watcher"
)

// Finalize adds a clean-up that runs before an object is removed from the cluster. Ancho adds the finalizer, a name with a domain such as
// "webapp.example.com/cleanup", to each object before its first Reconcile call, so that the API server keeps a
// deleted object until h has returned nil; then Ancho removes this finalizer, and no other. If something else removes it from an object that is
// not being deleted, Ancho adds it again, whatever the event steps say. An object that carries it
// belongs to the binding whatever the selection says of it now; one that is being deleted and does not carry it is not
// reconciled.
//
// h never runs while Reconcile runs for the same object. An error or a panic keeps the finalizer, and Ancho calls h again for ever: after
// a backoff, after RequeueAfter's or RetryAfter's delay, or, for Permanent, after the longest delay of the backoff. It may
// be called again after it has succeeded, by a program that was killed before it removed the finalizer, so a clean-up has to succeed
// when there is nothing left to clean up.
//
// An object that disappears although it carried the finalizer is cleaned up too, with Type Deleted and its last known state, or Partial. (A
// deletion that is in progress while the finalizer is added wins at the API server.) Reconcile releases an object by returning [ReleaseFinalizer].
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
