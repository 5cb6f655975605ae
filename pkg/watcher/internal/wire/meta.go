package wire

import "strings"

// initialEventsEnd is the annotation of the bookmark that ends the initial events of a watch (KEP-3157).
const initialEventsEnd = "k8s.io/initial-events-end"

// InitialEventsEnd reports whether a bookmark with this metadata ends the initial events. No other bookmark does.
func InitialEventsEnd(m *Meta) bool {
	v, _ := m.Annotations.Get(initialEventsEnd)
	return v == "true"
}

// Owner is one entry of metadata.ownerReferences.
type Owner struct {
	APIVersion, Kind, Name, UID string
	Controller                  bool
}

// Meta is what a scan of the raw object finds without decoding it. Its strings may alias the raw bytes: they are
// good as long as the frame is owned. What is kept longer is cloned.
type Meta struct {
	Namespace, Name, UID, ResourceVersion string
	Generation                            int64
	Labels, Annotations                   Pairs
	Deleting                              bool // metadata.deletionTimestamp is set
	Finalizers                            []string
	Owners                                []Owner
}

// Clone returns the same in memory of its own. All its strings share one piece of it.
func (m *Meta) Clone() Meta {
	c := *m
	c.Labels, c.Annotations = append(Pairs(nil), m.Labels...), append(Pairs(nil), m.Annotations...)
	c.Finalizers, c.Owners = append([]string(nil), m.Finalizers...), append([]Owner(nil), m.Owners...)
	size := 0
	c.eachString(func(s *string) { size += len(*s) })
	var text strings.Builder
	text.Grow(size)
	c.eachString(func(s *string) {
		from := text.Len()
		text.WriteString(*s)
		*s = text.String()[from:]
	})
	return c
}

func (m *Meta) eachString(do func(*string)) {
	for _, s := range []*string{&m.Namespace, &m.Name, &m.UID, &m.ResourceVersion} {
		do(s)
	}
	for _, pairs := range []Pairs{m.Labels, m.Annotations} {
		for i := range pairs {
			do(&pairs[i].Key)
			do(&pairs[i].Value)
		}
	}
	for i := range m.Finalizers {
		do(&m.Finalizers[i])
	}
	for i := range m.Owners {
		o := &m.Owners[i]
		for _, s := range []*string{&o.APIVersion, &o.Kind, &o.Name, &o.UID} {
			do(s)
		}
	}
}

// maxKept bounds the elements of a list that is kept to be used again.
const maxKept = 256

// reset empties m, and keeps its lists to be filled again.
func (m *Meta) reset() {
	*m = Meta{
		Labels: emptied(m.Labels), Annotations: emptied(m.Annotations),
		Finalizers: emptied(m.Finalizers), Owners: emptied(m.Owners),
	}
}

// emptied is the list without elements. Nothing of them is left behind its end either.
func emptied[L ~[]T, T any](list L) L {
	if cap(list) > maxKept {
		return nil
	}
	clear(list[:cap(list)])
	return list[:0]
}

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
