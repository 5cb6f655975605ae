package fake

import (
	"encoding/json"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// outgoing is a frame of a watch on its way to the client.
type outgoing struct {
	form   form
	what   watch.EventType
	raw    []byte         // the object, encoded
	object map[string]any // nil of a refusal
	copies int            // how often it is sent
}

// key is that of the object which the frame is about, if it is about one.
func (f *outgoing) key() key {
	if f.object == nil {
		return key{}
	}
	o := unstructured.Unstructured{Object: f.object}
	return key{o.GetNamespace(), o.GetName()}
}

// isEvent tells whether the frame has an object of the watched resource.
func (f *outgoing) isEvent() bool { return f.what != watch.Bookmark && f.what != watch.Error }

// endsSnapshot tells whether the frame is the bookmark that ends a snapshot.
func (f *outgoing) endsSnapshot() bool {
	o := unstructured.Unstructured{Object: f.object}
	return f.what == watch.Bookmark && o.GetAnnotations()[metav1.InitialEventsAnnotationKey] == "true"
}

// change has the faults of frames happen to one.
func (x *exchange) change(f *outgoing) error {
	if x.old && f.endsSnapshot() {
		return drop(f)
	}
	about := x.subject
	about.object = f.key()
	for a := range x.faults.happeningTo(x, about, func(k *faultKind) bool { return k.frame != nil && k.framed(f) }) {
		if err := a.kind.frame(f); err != nil {
			return err
		}
	}
	return nil
}

// rewinds is how many events the watch is told again.
func (f *frames) rewinds() int {
	if f.faults == nil {
		return 0
	}
	if a, ok := f.faults.faults.any(f.faults, func(k *faultKind) bool { return k.rewind > 0 }); ok {
		return a.kind.rewind
	}
	return 0
}

func ofFrames(framed func(*outgoing) bool, change func(*outgoing) error) Fault {
	return faultKind{verbs: []string{"watch"}, framed: framed, frame: change}
}

// Duplicate sends each event twice (rule 27).
func Duplicate() Fault {
	return ofFrames((*outgoing).isEvent, func(f *outgoing) error {
		f.copies *= 2
		return nil
	})
}

// Rewind makes watches that resume start with the last n events which their clients already got, as behind a proxy
// that resumes from its own position (rule 27). There is no other disorder: within a connection, no server or proxy
// sends a later event before an earlier one. Running watches are not affected; Cut makes them resume.
func Rewind(n int) Fault { return faultKind{verbs: []string{"watch"}, rewind: n} }

// NoEndBookmark leaves out the bookmark that ends a snapshot (rule 5). Other bookmarks come.
func NoEndBookmark() Fault {
	return ofFrames((*outgoing).endsSnapshot, drop)
}

// NoBookmarks leaves out all bookmarks, also that which ends a snapshot, as servers do that have none (rule 56).
func NoBookmarks() Fault {
	return ofFrames(func(f *outgoing) bool { return f.what == watch.Bookmark }, drop)
}

// Lose leaves events out of watches, as API servers and stores have done (rule 63): nothing shows that they are missing. Bookmarks come, and
// lists are as they are.
func Lose() Fault { return ofFrames((*outgoing).isEvent, drop) }

func drop(f *outgoing) error {
	f.copies = 0
	return nil
}

// UnknownEvent gives events an unknown type (rule 49).
func UnknownEvent() Fault {
	return ofFrames((*outgoing).isEvent, func(f *outgoing) error {
		f.what = "RENAMED"
		return nil
	})
}

// padding is the annotation that makes an object huge.
const padding = "example.com/padding"

// Huge makes the object of an event larger by so many bytes, in an annotation. A watcher reads frames of up to 16 MiB. Lists
// are as they are.
func Huge(bytes int) Fault {
	return ofFrames((*outgoing).isEvent, func(f *outgoing) (err error) {
		o := unstructured.Unstructured{Object: runtime.DeepCopyJSON(f.object)}
		o.SetAnnotations(map[string]string{padding: strings.Repeat("x", max(bytes, 0))})
		f.raw, err = f.form.encodeOne(o.Object)
		return err
	})
}

// Undecodable makes the object of an event not fit its type (rule 48), like one that was stored before its type
// changed. In JSON its creation time is not a time, and in protobuf it ends too early. Its other metadata and the
// frame are readable. A client that reads JSON without a Go type notices nothing. Lists are not affected.
func Undecodable() Fault {
	return ofFrames((*outgoing).isEvent, func(f *outgoing) (err error) {
		if f.form.protobuf {
			f.raw, err = truncated(f.raw)
		} else {
			f.raw, err = timeless(f.raw)
		}
		return err
	})
}

// timeless gives an object in JSON a creation time that is none.
func timeless(raw []byte) ([]byte, error) {
	var o map[string]any
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, fmt.Errorf("an object to be broken: %w", err)
	}
	if meta, ok := o["metadata"].(map[string]any); ok {
		meta["creationTimestamp"] = "not a time"
	}
	return asJSON(o)
}

// truncated adds a field to an object in protobuf, of which only the beginning is there.
func truncated(raw []byte) ([]byte, error) {
	const magic = "k8s\x00"
	var u runtime.Unknown
	if err := u.Unmarshal(raw[len(magic):]); err != nil {
		return nil, fmt.Errorf("an object to be broken: %w", err)
	}
	u.Raw = append(u.Raw, 15<<3|2, 100) // field 15, of 100 bytes
	b, err := u.Marshal()
	return append([]byte(magic), b...), err
}

// Split sends answers in pieces of so many bytes, at least one, each in a chunk of its own.
func Split(bytes int) Fault { return faultKind{chunk: max(bytes, 1)} }
