package capability

import (
	"context"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// invoker makes the event that a callback is called with, and calls it.
func invoker[T kind.Object](objects *objects[T], h Handler[T]) func(context.Context, declare.Delivery) error {
	return func(ctx context.Context, d declare.Delivery) error {
		o, err := objects.delivered(d)
		if err != nil {
			return err
		}
		e := Event[T]{
			Type:    EventType(d.Type),
			Object:  o,
			Old:     objects.before(d),
			Initial: d.Initial,
			Partial: d.Frame == nil,
			Attempt: d.Attempt,
			Merged:  d.Merged,
			Causes:  causesOf(d.Causes), // the callback's own, like the object
		}
		if d.Entering != nil {
			d.Entering.Enter()
		}
		return h(ctx, e)
	}
}
