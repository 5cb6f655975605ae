package capability

import "github.com/ancho-dev/ancho/internal/declare"

// IsCreated accepts objects that enter the set: created, starting to match, or existing at the start (Event.Initial).
// Event steps add up. A selection without one accepts objects that exist: Added, Modified and Unchanged.
func (s Selection[T]) IsCreated() Selection[T] {
	return s.with(func(p *declare.Spec) { p.Types |= declare.TakesAdded })
}

// IsUpdated accepts objects that changed within the set. For Reconcile, objects that exist at the start count as
// changed, because changes during downtime are unknowable.
func (s Selection[T]) IsUpdated() Selection[T] {
	return s.with(func(p *declare.Spec) { p.Types |= declare.TakesModified })
}

// IsCreatedOrUpdated accepts what IsCreated and IsUpdated accept.
func (s Selection[T]) IsCreatedOrUpdated() Selection[T] {
	return s.with(func(p *declare.Spec) { p.Types |= declare.TakesAdded | declare.TakesModified })
}

// IsDeleted accepts objects that no longer exist in the cluster. Ancho does not deliver deletions that happen while
// the program is down; see [Reconciler.Finalize].
func (s Selection[T]) IsDeleted() Selection[T] {
	return s.with(func(p *declare.Spec) { p.Types |= declare.TakesDeleted })
}

// HasLeft accepts objects that exist but no longer match, such as one that lost a label. The event is Partial, unless
// the binding is Cached.
func (s Selection[T]) HasLeft() Selection[T] {
	return s.with(func(p *declare.Spec) { p.Types |= declare.TakesLeft })
}
