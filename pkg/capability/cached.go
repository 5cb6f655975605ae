package capability

import (
	"fmt"

	"github.com/ancho-dev/ancho/internal/declare"
)

// Cached keeps the last state of each object in the binding's set, as the bytes that came over the wire. Event.Old is
// then the object as it was before: for Watch, and with InOrder, before this event; for a merging Reconcile before the
// first of the events that the call stands for, which is how the last call that did not fail found it, but for changes
// that the binding's filters passed over. Added and Unchanged have none, nor has a Deleted or Left that is called for
// again by RequeueAfter. A Deleted or Left is not Partial but carries the last state, also where it was found by a list
// after a gap.
//
// Each reader is filled with what is kept. One Reader serves one binding.
//
// It costs the memory of the raw set, rounded up by the allocator, and 250 to 300 bytes beside each object (measured with
// a namespace and name of 48 bytes). How an object was before weighs in the MemoryBudget while a call waits or fails
// that tells of it; it is kept over the budget too, so that Old is always there: up to as much again as the set, if all
// its objects change while calls wait. What else does not fit the MemoryBudget is taken from what is kept and not read
// again, so that the verb get is not needed for it.
func (s Selection[T]) Cached(into ...*Reader[T]) Selection[T] {
	return s.with(func(p *declare.Spec) {
		p.Cached = true
		for i, r := range into {
			if r == nil {
				p.Wrong(fmt.Sprintf("Cached: reader number %d is nil", i+1), "give the address of a capability.Reader, or leave it out")
				continue
			}
			p.Readers = append(p.Readers, declare.Attachable{Reader: r, Attach: r.attach})
		}
	})
}
