package declare

import "github.com/ancho-dev/ancho/pkg/queue"

// EventTypes is a set of event types that a selection asks for. Empty, it asks for objects that exist.
type EventTypes uint8

// The event types that steps ask for.
const (
	TakesAdded EventTypes = 1 << iota
	TakesModified
	TakesDeleted
	TakesLeft
)

// Takes builds the filter of a binding's events.
func (t EventTypes) Takes(a Action) func(queue.EventType, bool) bool {
	switch {
	case t == 0 && a == ActionTrigger:
		t = TakesAdded | TakesModified | TakesDeleted | TakesLeft
	case t == 0:
		t = TakesAdded | TakesModified
	}
	const existing = TakesAdded | TakesModified
	return func(typ queue.EventType, initial bool) bool {
		if initial && a == ActionReconcile && t&existing != 0 && (typ == queue.Added || typ == queue.Modified) {
			return true // nobody can know what changed while the program was down
		}
		switch typ {
		case queue.Added:
			return t&TakesAdded != 0
		case queue.Modified:
			return t&TakesModified != 0
		case queue.Deleted:
			return t&TakesDeleted != 0
		case queue.Left:
			return t&TakesLeft != 0
		case queue.Unchanged:
			return t&existing != 0
		default:
			return false
		}
	}
}
