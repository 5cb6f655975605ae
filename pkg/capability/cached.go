package capability

import (
	"fmt"

	"github.com/ancho-dev/ancho/internal/declare"
)

// Cached keeps the last state of each object in the binding's set, as raw bytes, and fills the given readers from it.
// Event.Old is then the previous state. For Watch and with InOrder it is the state before this event. For a merging
// Reconcile it is the state before the first event that the call stands for: the state that the last call that did not
// fail found, apart from changes that the binding's filters skipped. Added and Unchanged have no Old, nor has a
// Deleted or Left that RequeueAfter calls again. A Deleted or Left carries the last state and is not Partial, even if
// a list found it after a gap.
//
// One Reader serves one binding.
//
// Cost: the raw bytes of the set, rounded up by the allocator, plus 250 to 300 bytes for each object (measured with a
// namespace and name of 48 bytes). While a call that delivers a previous state is queued or failing, that state counts
// in the MemoryBudget. Ancho keeps it even over the budget, so that Old is always set: up to the size of the set
// again, if all its objects change while calls are queued. Work over the MemoryBudget uses the cached state and is not
// read again, so it does not need the verb get.
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
