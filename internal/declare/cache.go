package declare

import (
	"iter"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// Cache is what a binding with Cached keeps. A runtime fills it; Readers look into it, from any goroutine. The frames that
// it gives are not changed by anybody.
type Cache interface {
	// Frame gives the last state of an object in the set, and nil where there is none of that name.
	Frame(namespace, name string) *watcher.Frame
	// Frames gives those of a namespace, or all, where all is true.
	Frames(namespace string, all bool) iter.Seq[*watcher.Frame]
	// Len counts the objects.
	Len() int
	// Synced says whether every stream of the binding has told all that there was at the beginning.
	Synced() bool
}

// attachable is a Reader of any type: the pointer to it, and what fills it.
type Attachable struct {
	Reader any
	Attach func(Cache, func(*watcher.Frame) (kind.Object, error))
}

// attacher fills the readers of a declaration.
func (d *Declaration) Attacher() func(Cache) {
	readers, decode := d.Spec.Readers, d.Decode
	return func(c Cache) {
		for _, r := range readers {
			r.Attach(c, decode)
		}
	}
}
