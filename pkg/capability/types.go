package capability

import "github.com/ancho-dev/ancho/pkg/queue"

// typeSet is a set of event types that a selection asks for. Empty, it asks for objects that exist.
type typeSet uint8

const (
	takesAdded typeSet = 1 << iota
	takesModified
	takesDeleted
	takesLeft
)

// takes builds the filter of a binding's events.
func (t typeSet) takes(a Action) func(queue.EventType, bool) bool {
	switch {
	case t == 0 && a == ActionTrigger:
		t = takesAdded | takesModified | takesDeleted | takesLeft
	case t == 0:
		t = takesAdded | takesModified
	}
	const existing = takesAdded | takesModified
	return func(typ queue.EventType, initial bool) bool {
		if initial && a == ActionReconcile && t&existing != 0 && (typ == queue.Added || typ == queue.Modified) {
			return true // nobody can know what changed while the program was down
		}
		switch typ {
		case queue.Added:
			return t&takesAdded != 0
		case queue.Modified:
			return t&takesModified != 0
		case queue.Deleted:
			return t&takesDeleted != 0
		case queue.Left:
			return t&takesLeft != 0
		case queue.Unchanged:
			return t&existing != 0
		default:
			return false
		}
	}
}
