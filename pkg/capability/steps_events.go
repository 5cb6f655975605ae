package capability

import "github.com/ancho-dev/ancho/internal/declare"

// IsCreated asks for objects that enter the set: created, beginning to match, or there at the start
// (Event.Initial). Event steps add up; a selection without one gets objects that exist: Added,
// Modified and Unchanged.
func (s Selection[T]) IsCreated() Selection[T] {
	return s.with(func(p *declare.Spec) { p.Types |= declare.TakesAdded })
}

// IsUpdated asks for objects that changed within the set. For Reconcile the objects that are there at
// the start count as changed, since nobody can know what happened while the program was down.
func (s Selection[T]) IsUpdated() Selection[T] {
	return s.with(func(p *declare.Spec) { p.Types |= declare.TakesModified })
}

// IsCreatedOrUpdated asks for what IsCreated and IsUpdated ask for.
func (s Selection[T]) IsCreatedOrUpdated() Selection[T] {
	return s.with(func(p *declare.Spec) { p.Types |= declare.TakesAdded | declare.TakesModified })
}

// IsDeleted asks for objects that are gone from the cluster. Deletions while nobody watched are not
// told.
func (s Selection[T]) IsDeleted() Selection[T] {
	return s.with(func(p *declare.Spec) { p.Types |= declare.TakesDeleted })
}

// HasLeft asks for objects that exist and no longer match, such as one whose label was changed. The
// event is Partial.
func (s Selection[T]) HasLeft() Selection[T] {
	return s.with(func(p *declare.Spec) { p.Types |= declare.TakesLeft })
}
