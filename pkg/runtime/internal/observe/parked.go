package observe

import (
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
)

// What a Kubernetes Event says of an object that is parked.
const (
	parkedReason = "Parked"
	parkedNote   = "%s failed, and does not try again before this object changes; the program's log says why"
)

// WriteParked has a Kubernetes Event written about each object of a binding that is parked, for readers who know nothing of
// the program: at the object. It does not repeat the failure: more people may read Events than logs, and the text of
// an error is the user's. Nothing is written about Events: a binding that fails on them would be called for its own.
func WriteParked(to events.EventRecorder, c *compile.Compiled, id string) func(queue.Finish) {
	if isEvent(&c.Resource) {
		return nil
	}
	version, name := c.Resource.GVK().ToAPIVersionAndKind()
	return func(f queue.Finish) {
		about := &corev1.ObjectReference{
			APIVersion: version, Kind: name, Namespace: f.Key.Namespace, Name: f.Key.Name, UID: types.UID(f.UID),
		}
		to.Eventf(about, nil, corev1.EventTypeWarning, parkedReason, string(c.Action), parkedNote, id)
	}
}

func isEvent(r *kind.Resource) bool {
	return r.Kind == "Event" && (r.Group == corev1.GroupName || r.Group == eventsv1.GroupName)
}
