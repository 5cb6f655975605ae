package runtime

import (
	"context"
	"fmt"
	"sync/atomic"

	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
)

// recorderName is the reporting controller of Kubernetes Events that callbacks write.
const recorderName = "ancho"

// recorder is Env's recorder of Kubernetes Events. What sends them has goroutines, so it is made when the
// runtime runs: Events of before and after are dropped, as Events are whenever they cannot be sent.
type recorder struct {
	at atomic.Pointer[events.EventRecorderLogger]
}

var _ events.EventRecorder = (*recorder)(nil)

// Eventf implements events.EventRecorder.
func (r *recorder) Eventf(regarding, related apiruntime.Object, eventtype, reason, action, note string, args ...any) {
	if to := r.at.Load(); to != nil {
		(*to).Eventf(regarding, related, eventtype, reason, action, note, args...)
	}
}

// startRecording sends Kubernetes Events to the server until the returned function is called. Callbacks
// that run into the grace period still have theirs recorded.
func (e *environment) startRecording(ctx context.Context) (stop func(), err error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	b := events.NewBroadcaster(e.sink)
	stop = func() {
		e.recorder.at.Store(nil)
		b.Shutdown()
		cancel()
	}
	if err := b.StartRecordingToSinkWithContext(ctx); err != nil {
		stop()
		return nil, fmt.Errorf("record Kubernetes Events: %w", err)
	}
	to := b.NewRecorder(e.scheme, recorderName)
	e.recorder.at.Store(&to)
	return stop, nil
}
