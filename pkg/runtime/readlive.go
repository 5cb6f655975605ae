package runtime

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// readLive reads one object from the server: with get, or where that is forbidden by a list of its one name, which the
// binding's stream needs the right for, too.
func (b *binding) readLive(ctx context.Context, k queue.Key) (*watcher.Frame, bool, error) {
	o := watcher.ReaderOptions{CutManagedFields: !b.Settings.ManagedFields}
	f, found, err := b.server.Read(ctx, b.Resource, k.Namespace, k.Name, o)
	if !apierrors.IsForbidden(err) {
		return f, found, err
	}
	listed, found, other := b.server.ReadListed(ctx, b.Resource, k.Namespace, k.Name, o)
	if apierrors.IsForbidden(other) {
		return nil, false, err // it names the right that is missing
	}
	return listed, found, other
}
