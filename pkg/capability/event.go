package capability

import (
	"reflect"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// EventType is what happened to an object, relative to the set of objects that a binding selects.
type EventType string

// The types of events.
const (
	// Added: the object entered the set. It was created, started to match, or existed when the binding started.
	Added EventType = "Added"
	// Modified: the object changed and is still in the set.
	Modified EventType = "Modified"
	// Deleted: the object no longer exists in the cluster.
	Deleted EventType = "Deleted"
	// Left: the object exists and no longer matches.
	Left EventType = "Left"
	// Unchanged: the object did not change; a requeue or a trigger caused the call.
	Unchanged EventType = "Unchanged"
)

// Event is the argument of a callback.
type Event[T kind.Object] struct {
	// Type is what happened since the last call for this object that did not fail.
	Type EventType
	// Object is the last known state of the object. It belongs to the callback alone. In a Partial event it has only
	// namespace, name, uid, resourceVersion, apiVersion and kind.
	Object T
	// Old is the previous state of the object, see [Selection.Cached]. It belongs to the callback alone, too. It is
	// nil for Added and Unchanged, in calls caused by RequeueAfter, and if the binding is not Cached; see HasOld.
	Old T
	// Initial: the object existed before the binding started to deliver.
	Initial bool
	// Partial: only the identity of the object is known. That is so for an object that left the set and for a deletion
	// found by a list, unless the binding is Cached.
	Partial bool
	// Attempt counts the calls for this work, from 1. Above 1, the previous call failed.
	Attempt int
	// Merged is the number of further events that this call stands for.
	Merged int
	// Causes are the last causes of this call, oldest first, at most 16.
	Causes []Cause
}

// HasOld reports whether Old is set. Generic code needs it, because a type parameter cannot be compared with nil.
func (e Event[T]) HasOld() bool {
	return !reflect.ValueOf(&e.Old).Elem().IsZero()
}
