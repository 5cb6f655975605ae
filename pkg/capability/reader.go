package capability

import (
	"iter"
	"sync/atomic"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// Reader reads the objects of a binding with [Selection.Cached] from memory. It has the objects in the binding's set,
// in the state that the stream delivered last, or a newer one that Ancho read live. A Reader is never older than the
// object that a callback received, unless the object has left the set since. With Finalize, the set also has objects
// that carry the finalizer but do not match.
//
// Pass a zero Reader to Cached. It is empty until the runtime runs, and keeps its last contents after the runtime
// stops.
//
// All methods are safe for concurrent use, from anywhere in the program. The Reader decodes each object for the
// caller, who owns it. It skips an object that does not decode into T.
//
// A Reader must not be copied.
type Reader[T kind.Object] struct {
	from atomic.Pointer[filled[T]]
}

// filled is a Reader that was given to a runtime.
type filled[T kind.Object] struct {
	cache  declare.Cache
	decode func(*watcher.Frame) (kind.Object, error)
}

// attach fills the reader. A program that starts again fills it again.
func (r *Reader[T]) attach(c declare.Cache, decode func(*watcher.Frame) (kind.Object, error)) {
	r.from.Store(&filled[T]{cache: c, decode: decode})
}

// Get returns the object with a name, or false if the set does not have it. For a cluster-scoped kind the namespace is
// empty.
func (r *Reader[T]) Get(namespace, name string) (obj T, found bool) {
	f := r.from.Load()
	if f == nil {
		return obj, false
	}
	return f.object(f.cache.Frame(namespace, name))
}

// All iterates over all objects that exist when the loop starts, in no order. Each is decoded when its turn comes.
func (r *Reader[T]) All() iter.Seq[T] { return r.each("", true) }

// InNamespace iterates over the objects of a namespace, like All. It visits all objects, so it takes as long as All.
func (r *Reader[T]) InNamespace(namespace string) iter.Seq[T] { return r.each(namespace, false) }

func (r *Reader[T]) each(namespace string, all bool) iter.Seq[T] {
	return func(yield func(T) bool) {
		f := r.from.Load()
		if f == nil {
			return
		}
		for frame := range f.cache.Frames(namespace, all) {
			if o, ok := f.object(frame); ok && !yield(o) {
				return
			}
		}
	}
}

// Len returns the number of objects, without decoding them.
func (r *Reader[T]) Len() int {
	if f := r.from.Load(); f != nil {
		return f.cache.Len()
	}
	return 0
}

// Synced reports whether the Reader has every object that existed at the start. Until then, an object that is not
// found may still exist. Once true, it stays true; while the server is unreachable, the Reader has its last known
// objects.
func (r *Reader[T]) Synced() bool {
	f := r.from.Load()
	return f != nil && f.cache.Synced()
}

func (f *filled[T]) object(frame *watcher.Frame) (obj T, ok bool) {
	if frame == nil {
		return obj, false
	}
	o, err := f.decode(frame)
	if err != nil {
		return obj, false
	}
	obj, ok = o.(T)
	return obj, ok
}
