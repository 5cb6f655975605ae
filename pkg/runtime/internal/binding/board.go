package binding

import (
	"time"

	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/finalize"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/observe"
)

// Row implements bindingBoard.
func (b *Binding) Row() observe.BindingSnapshot {
	s := b.Engine.Stats()
	return observe.BindingSnapshot{
		Binding: b.ID, Action: string(b.Action), Declared: b.Location,
		Waiting: s.Waiting, Retrying: s.Retrying, Requeued: s.Requeued,
		Undecided:    int(b.Pending.N.Load()),
		RunningTotal: s.Running, ParkedTotal: s.Parked,
	}
}

// Running implements bindingBoard.
func (b *Binding) Running() (out []observe.RunningSnapshot) {
	for _, c := range b.Engine.Running() {
		out = append(out, observe.RunningSnapshot{
			Object: c.Key.String(), Action: b.actionOf(&c), Event: string(c.Type), Attempt: c.Attempt, Since: c.Started,
		})
	}
	return out
}

// Parked implements bindingBoard.
func (b *Binding) Parked() []queue.ParkedInfo {
	if q, ok := b.Engine.(interface{ Parked() []queue.ParkedInfo }); ok {
		return q.Parked()
	}
	return nil
}

// Gauges implements bindingBoard.
func (b *Binding) Gauges() observe.Gauges {
	g := observe.Gauges{
		Capability: b.Capability, Binding: b.Binding, Stats: b.Engine.Stats(), Pending: int(b.Pending.N.Load()), Caches: b.Cached != nil,
	}
	if e, ok := b.Engine.(interface {
		Ages() (running, waiting time.Duration)
	}); ok {
		g.Aged = true
		g.LongestRunning, g.OldestWaiting = e.Ages()
	}
	g.CachedObjects, g.CachedBytes = b.Cached.Size()
	return g
}

// actionOf is what a call that runs is: the binding's action, or the cleanup.
func (b *Binding) actionOf(c *queue.RunningInfo) string {
	if f := b.Guarded; f != nil {
		if w := f.Get(finalize.ID{Key: c.Key, UID: c.UID}); w.Cleaning {
			return cleanUpLabel
		}
	}
	return string(b.Action)
}
