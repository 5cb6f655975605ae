package binding

import (
	"context"
	"time"

	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/trigger"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// sourceEngine is the engine of a trigger's source: it hands each event to the trigger, and no work ever waits in it.
type sourceEngine struct{ *trigger.Trigger }

// Add takes an event of the source.
func (s sourceEngine) Add(e queue.Event[*Work]) {
	defer e.Payload.release()
	s.Event(e.Key, e.Type, e.Payload.Frame, e.Passed && !e.Initial)
}

// Knows has events delivered also that do not trigger: names may have changed.
func (s sourceEngine) Knows(queue.Key, string) bool { return true }

// Waits, Busy, Run, Shutdown, Stats, Running, Room and Roomy are those of an engine that never has work waiting.
func (s sourceEngine) Waits(queue.Key, string) bool { return false }
func (s sourceEngine) Busy(queue.Key, string) bool  { return false }
func (s sourceEngine) Run(ctx context.Context)      { <-ctx.Done() }
func (s sourceEngine) Shutdown()                    {}
func (s sourceEngine) Stats() queue.Stats           { return queue.Stats{} }
func (s sourceEngine) Running() []queue.RunningInfo { return nil }
func (s sourceEngine) Room() <-chan struct{}        { return nil }
func (s sourceEngine) Roomy() time.Time             { return time.Time{} }

// Trigger asks for a call for an object, which is read live then.
func (b *Binding) Trigger(k queue.Key, why queue.Cause) {
	if !b.Within(&watcher.Meta{Namespace: k.Namespace, Name: k.Name}) {
		return // of another binding, or of none
	}
	b.Engine.Add(queue.Event[*Work]{Key: k, Type: queue.Unchanged, Bare: true, Passed: true, Cause: why})
}
