package runtime

import (
	"time"

	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/finalize"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/observe"
)

// Row implements bindingBoard.
func (b *binding) Row() observe.BindingSnapshot {
	s := b.engine.Stats()
	return observe.BindingSnapshot{
		Binding: b.id, Action: string(b.Action), Declared: b.Location,
		Waiting: s.Waiting, Retrying: s.Retrying, Requeued: s.Requeued,
		Undecided:    int(b.undecided.n.Load()),
		RunningTotal: s.Running, ParkedTotal: s.Parked,
	}
}

// Running implements bindingBoard.
func (b *binding) Running() (out []observe.RunningSnapshot) {
	for _, c := range b.engine.Running() {
		out = append(out, observe.RunningSnapshot{
			Object: c.Key.String(), Action: b.actionOf(&c), Event: string(c.Type), Attempt: c.Attempt, Since: c.Started,
		})
	}
	return out
}

// Parked implements bindingBoard.
func (b *binding) Parked() []queue.ParkedInfo {
	if q, ok := b.engine.(interface{ Parked() []queue.ParkedInfo }); ok {
		return q.Parked()
	}
	return nil
}

// Gauges implements bindingBoard.
func (b *binding) Gauges() observe.Gauges {
	g := observe.Gauges{
		Capability: b.Capability, Binding: b.Binding, Stats: b.engine.Stats(), Pending: int(b.undecided.n.Load()), Caches: b.cache != nil,
	}
	if e, ok := b.engine.(interface {
		Ages() (running, waiting time.Duration)
	}); ok {
		g.Aged = true
		g.LongestRunning, g.OldestWaiting = e.Ages()
	}
	g.CachedObjects, g.CachedBytes = b.cache.size()
	return g
}

// actionOf is what a call that runs is: the binding's action, or the clean-up.
func (b *binding) actionOf(c *queue.RunningInfo) string {
	if f := b.finalizer; f != nil {
		if w := f.Get(finalize.ID{Key: c.Key, UID: c.UID}); w.Cleaning {
			return cleanUpLabel
		}
	}
	return string(b.Action)
}
