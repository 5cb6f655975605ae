package wire

import "github.com/ancho-dev/ancho/pkg/kind"

// EventType is the type field of a watch event as the server sends it. Items of a list are Listed.
type EventType uint8

// The event types of the watch protocol.
const (
	Unknown  EventType = iota // a type this version does not know: skipped and counted
	Added                     // ADDED
	Modified                  // MODIFIED
	Deleted                   // DELETED: gone, or no longer selected
	Bookmark                  // BOOKMARK: moves the resourceVersion, calls nobody
	Error                     // ERROR: the object is a metav1.Status
	Listed                    // an item of a list
)

// Owner is one entry of metadata.ownerReferences.
type Owner struct {
	APIVersion, Kind, Name, UID string
	Controller                  bool
}

// Meta is what a scan of the raw object finds without decoding it.
type Meta struct {
	Namespace, Name, UID, ResourceVersion string
	Generation                            int64
	Labels, Annotations                   map[string]string
	Deleting                              bool // metadata.deletionTimestamp is set
	Finalizers                            []string
	Owners                                []Owner
}

// Frame is one event of a watch, or one item of a list: the raw object and what a scan found in it.
// Raw is not changed after the frame was handed out, and may be shared by many readers.
type Frame struct {
	Type     EventType
	Meta     Meta
	Raw      []byte        // the object alone, without the event around it
	Encoding kind.Encoding // how Raw is written
}
