package capability

import (
	"reflect"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// EventType says what happened to an object, seen from the set of objects that a binding selects.
type EventType string

// The types of events.
const (
	// Added: the object entered the set. It was created, began to match, or was there at the start.
	Added EventType = "Added"
	// Modified: the object changed and is still in the set.
	Modified EventType = "Modified"
	// Deleted: the object is gone from the cluster.
	Deleted EventType = "Deleted"
	// Left: the object exists and no longer matches.
	Left EventType = "Left"
	// Unchanged: nothing happened to the object; a requeue or a trigger called.
	Unchanged EventType = "Unchanged"
)

// Event is what a callback is called with.
type Event[T kind.Object] struct {
	// Type is what happened since the last call for this object that did not fail.
	Type EventType
	// Object is the object as last seen. It belongs to the callback alone. Of a Partial event it
	// has namespace, name, uid, resourceVersion, apiVersion and kind, and nothing else.
	Object T
	// Old is the object as it was before, see [Selection.Cached]. It belongs to the callback alone, too. It is nil for
	// Added and Unchanged, for what RequeueAfter has called for again, and where the binding is not Cached; see HasOld.
	Old T
	// Initial: the object was already there when the binding began to deliver.
	Initial bool
	// Partial: only the identity of the object is known, as for an object that left the set or
	// whose deletion was found by listing, unless the binding is Cached.
	Partial bool
	// Attempt counts the calls for this work, from 1; above 1 the last one failed.
	Attempt int
	// Merged is how many events this call stands for beyond the first.
	Merged int
	// Causes are the last reasons for this call, oldest first, at most 16.
	Causes []Cause
}

// HasOld reports whether Old is set. Generic code needs it, since a type parameter cannot be
// compared with nil.
func (e Event[T]) HasOld() bool {
	return !reflect.ValueOf(&e.Old).Elem().IsZero()
}
