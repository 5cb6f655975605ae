package capability

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// invoker makes the event that a callback is called with, and calls it.
func invoker[T kind.Object](k kind.Kind[T], h Handler[T]) func(context.Context, Delivery) error {
	return func(ctx context.Context, d Delivery) error {
		o, err := object(k, d)
		if err != nil {
			return err
		}
		return h(ctx, Event[T]{
			Type:    d.Type,
			Object:  o,
			Initial: d.Initial,
			Partial: d.Frame == nil,
			Attempt: d.Attempt,
			Merged:  d.Merged,
			Causes:  slices.Clone(d.Causes), // the callback's own, like the object
		})
	}
}

// object decodes what is delivered, or makes an object of its identity.
func object[T kind.Object](k kind.Kind[T], d Delivery) (T, error) {
	if d.Frame != nil {
		return decode(k, d.Frame)
	}
	o := k.New()
	o.SetNamespace(d.Identity.Namespace)
	o.SetName(d.Identity.Name)
	o.SetUID(types.UID(d.Identity.UID))
	o.SetResourceVersion(d.Identity.ResourceVersion)
	return o, nil
}
