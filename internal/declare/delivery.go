package declare

import (
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// Delivery is one call to be made.
type Delivery struct {
	// Type is what happened.
	Type queue.EventType
	// Frame holds the object; nil if only its identity is known.
	Frame *watcher.Frame
	// Old holds the object as it was before; nil if nothing kept it.
	Old *watcher.Frame
	// Identity is the namespace, name, uid and resourceVersion of the object where Frame is nil.
	Identity watcher.Meta
	// Initial, Attempt, Merged and Causes are copied from the Event.
	Initial         bool
	Attempt, Merged int
	Causes          []queue.Cause
	// Entering is called when the event is complete, right before the callback is entered. It may be nil.
	Entering queue.Entering
}
