package declare

import (
	"iter"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// Cache is what a binding with Cached keeps. The runtime fills it, and Readers read it from any goroutine. The frames that
// it returns are immutable.
type Cache interface {
	// Frame returns the last state of an object in the set, or nil if no object has that name.
	Frame(namespace, name string) *watcher.Frame
	// Frames iterates over the objects of a namespace, or over all objects if all is true.
	Frames(namespace string, all bool) iter.Seq[*watcher.Frame]
	// Len counts the objects.
	Len() int
	// Synced reports whether every stream of the binding has delivered all objects that existed at the start.
	Synced() bool
}

// Attachable is a Reader of any type: the pointer to it, and what fills it.
type Attachable struct {
	Reader any
	Attach func(Cache, func(*watcher.Frame) (kind.Object, error))
}

// Attacher fills the readers of a declaration.
func (d *Declaration) Attacher() func(Cache) {
	readers, decode := d.Spec.Readers, d.Decode
	return func(c Cache) {
		for _, r := range readers {
			r.Attach(c, decode)
		}
	}
}
