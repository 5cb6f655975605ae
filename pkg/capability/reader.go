package capability

import (
	"iter"
	"sync/atomic"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// Reader reads the objects that a binding with [Selection.Cached] watches, from memory: those in its set, as the
// stream told them last, or a live read that is ahead of the stream. A Reader is never older than the object that a
// callback received, unless the object is out of the set by now. The set of a binding with Finalize has what carries the
// finalizer, whether or not it matches. The zero Reader is ready to be given to Cached; until the runtime runs it is empty,
// and after the end it keeps what was there last.
//
// All methods may be called from anywhere, such as the handler of an HTTP request, by many goroutines. Each object is
// decoded for the caller, whose own it is. One that does not decode into T is passed over, as if it were not there.
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

// Get gives the object of a name. The namespace of a cluster-scoped kind is empty. False: there is none in the set.
func (r *Reader[T]) Get(namespace, name string) (obj T, found bool) {
	f := r.from.Load()
	if f == nil {
		return obj, false
	}
	return f.object(f.cache.Frame(namespace, name))
}

// All gives all objects as they are when the loop begins, in no order. Each is decoded when its turn comes.
func (r *Reader[T]) All() iter.Seq[T] { return r.each("", true) }

// InNamespace gives all objects of a namespace, as All does. It looks at all that are kept.
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

// Len counts the objects, at once and without decoding.
func (r *Reader[T]) Len() int {
	if f := r.from.Load(); f != nil {
		return f.cache.Len()
	}
	return 0
}

// Synced says whether everything that was there at the beginning has been told: until then an object that is not found
// may exist all the same. Once true it stays so; while the server cannot be reached the objects are those of before.
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
