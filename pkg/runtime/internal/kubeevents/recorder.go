package kubeevents

import (
	"context"
	"fmt"
	"hash/maphash"
	"os"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/tools/record/util"
	"k8s.io/client-go/tools/reference"

	"github.com/ancho-dev/ancho/internal/plaintext"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/logs"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/patience"
)

// recorderName is the reporting controller of Kubernetes Events that callbacks write.
const recorderName = "ancho"

// mostNote is how many characters the API allows in an Event's note.
const mostNote = 1024

// Recorder is Env's recorder of Kubernetes Events. What sends them has goroutines, so it is made when the
// runtime runs: Events of before and after are dropped, as Events are whenever they cannot be sent. Recording never blocks.
type Recorder struct {
	scheme   *apiruntime.Scheme
	sink     events.EventSink
	log      logr.Logger
	instance string
	at       atomic.Pointer[eventSenders]
	last     atomic.Int64  // of unique
	dropped  atomic.Uint64 // Events that were not sent, for want of room or of the right
}

var _ events.EventRecorder = (*Recorder)(nil)

// New returns a recorder that sends nothing before start. The scheme names the kinds of the objects that Events are about.
func New(s *apiruntime.Scheme, sink events.EventSink, log logr.Logger) *Recorder {
	host, _ := os.Hostname() // as client-go does
	return &Recorder{scheme: s, sink: sink, log: log, instance: recorderName + "-" + host}
}

// LogTo has the recorder log there. It is called before start.
func (r *Recorder) LogTo(log logr.Logger) { r.log = log }

// Lost counts Events that were recorded and could not be written.
func (r *Recorder) Lost() uint64 { return r.dropped.Load() }

// Eventf implements events.EventRecorder.
func (r *Recorder) Eventf(regarding, related apiruntime.Object, eventtype, reason, action, note string, args ...any) {
	to := r.at.Load()
	if to == nil {
		return
	}
	about, err := reference.GetReference(r.scheme, regarding)
	if err != nil {
		r.log.Error(err, "a Kubernetes Event is not recorded: its object has no name or no known kind", "reason", reason)
		return
	}
	if !util.ValidateEventType(eventtype) {
		r.log.Info("a Kubernetes Event is not recorded: its type is neither Normal nor Warning", "reason", reason, "type", eventtype)
		return
	}
	e := &eventsv1.Event{
		EventTime: metav1.NowMicro(), ReportingController: recorderName, ReportingInstance: r.instance,
		Action: action, Reason: reason, Regarding: *about, Note: noteText(fmt.Sprintf(note, args...)), Type: eventtype,
	}
	if related != nil {
		e.Related, _ = reference.GetReference(r.scheme, related) // the Event is worth writing without it
	}
	e.Namespace = about.Namespace
	if e.Namespace == "" {
		e.Namespace = metav1.NamespaceDefault
	}
	e.Name = util.GenerateEventName(about.Name, r.unique(e.EventTime.UnixNano()))
	if !to.add(e) {
		r.dropped.Add(1)
	}
}

// unique is a number that no other Event of this program has in its name: two may be of the same moment.
func (r *Recorder) unique(nano int64) int64 {
	for {
		last := r.last.Load()
		if n := max(nano, last+1); r.last.CompareAndSwap(last, n) {
			return n
		}
	}
}

// noteText is a text that the API accepts as a note, and a terminal as well.
func noteText(text string) string {
	text = plaintext.Bound(text)
	if len(text) <= mostNote {
		return text
	}
	return logs.Cut(text, mostNote)
}

// eventKey is what makes Events the same one, which is counted then instead of written again.
type eventKey struct {
	typ, reason, action string
	regarding, related  corev1.ObjectReference
}

func keyOf(e *eventsv1.Event) eventKey {
	k := eventKey{typ: e.Type, reason: e.Reason, action: e.Action, regarding: e.Regarding}
	if e.Related != nil {
		k.related = *e.Related
	}
	return k
}

// senders is how many Events are on their way to the server at once.
const senders = 8

// eventSenders send Events. Those that are the same go through the same sender, in their order.
type eventSenders struct {
	seed maphash.Seed
	all  [senders]*eventSender
}

func (s *eventSenders) add(e *eventsv1.Event) bool {
	n := maphash.Comparable(s.seed, keyOf(e))
	return s.all[n%senders].add(e)
}

// Start sends Kubernetes Events to the server until the returned function is called, which waits as long as its argument says
// for Events that are not sent yet. Callbacks that run into the grace period still have theirs recorded.
func (r *Recorder) Start(ctx context.Context) (stop func(wait time.Duration)) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &eventSenders{seed: maphash.MakeSeed()}
	for i := range s.all {
		s.all[i] = newEventSender(r.sink, r)
		go s.all[i].run(ctx)
	}
	r.at.Store(s)
	all := make(chan struct{})
	go func() {
		defer close(all)
		for _, one := range s.all {
			<-one.done
		}
	}()
	return func(wait time.Duration) {
		r.at.Store(nil)
		for _, one := range s.all {
			one.close()
		}
		if wait > 0 && patience.EndsWithin(wait, all) {
			cancel()
			return
		}
		cancel()
		patience.EndsWithin(patience.LastLine, all)
	}
}
