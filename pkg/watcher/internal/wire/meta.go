package wire

// initialEventsEnd is the annotation of the bookmark that ends the initial events of a watch (KEP-3157).
const initialEventsEnd = "k8s.io/initial-events-end"

// InitialEventsEnd tells whether a bookmark with this metadata ends the initial events. No other bookmark does.
func InitialEventsEnd(m Meta) bool { return m.Annotations[initialEventsEnd] == "true" }

// Key is namespace/name, or the name alone for a cluster-scoped object.
func (m *Meta) Key() string {
	if m.Namespace == "" {
		return m.Name
	}
	return m.Namespace + "/" + m.Name
}

// String is the event type as the protocol writes it.
func (t EventType) String() string {
	switch t {
	case Added:
		return "ADDED"
	case Modified:
		return "MODIFIED"
	case Deleted:
		return "DELETED"
	case Bookmark:
		return "BOOKMARK"
	case Error:
		return "ERROR"
	case Listed:
		return "LISTED"
	}
	return "UNKNOWN"
}

// eventType reads the type of a watch event; case counts.
func eventType(s string) EventType {
	switch s {
	case "ADDED":
		return Added
	case "MODIFIED":
		return Modified
	case "DELETED":
		return Deleted
	case "BOOKMARK":
		return Bookmark
	case "ERROR":
		return Error
	}
	return Unknown
}
