package capability

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// largestScratch is how many bytes of a scratch buffer are worth keeping.
const largestScratch = 256 << 10

// objects makes the objects that a binding's functions get. Each is the function's own.
type objects[T kind.Object] struct {
	kind    kind.Kind[T]
	managed bool      // with managedFields
	scratch sync.Pool // of *[]byte
}

// delivered decodes what is delivered, or makes an object of its identity.
func (s *objects[T]) delivered(d declare.Delivery) (T, error) {
	if d.Frame != nil {
		return s.of(d.Frame)
	}
	o := s.kind.New()
	o.SetNamespace(d.Identity.Namespace)
	o.SetName(d.Identity.Name)
	o.SetUID(types.UID(d.Identity.UID))
	o.SetResourceVersion(d.Identity.ResourceVersion)
	return o, nil
}

// before decodes the object as it was before. It is nil, too, where that state could not be decoded: the one that counts can.
func (s *objects[T]) before(d declare.Delivery) (old T) {
	if d.Old == nil {
		return old
	}
	o, err := s.of(d.Old)
	if err != nil {
		return old
	}
	return o
}

// untyped is of, for those who do not know the type.
func (s *objects[T]) untyped(f *watcher.Frame) (kind.Object, error) { return s.of(f) }

// of decodes a frame.
func (s *objects[T]) of(f *watcher.Frame) (T, error) {
	o, err := s.decode(f)
	if err != nil {
		e := &DecodeError{Key: keyOf(&f.Meta), Type: fmt.Sprintf("%T", o), Err: err}
		if known, ok := errors.AsType[*kind.DecodeError](err); ok {
			e.Type, e.Path = known.Type, known.Path
		}
		return o, e
	}
	if !s.managed {
		o.SetManagedFields(nil) // where cutting the bytes did not find them
	}
	return o, nil
}

// decode cuts managedFields out first, as the reader of the frame has done unless another binding on its
// stream wants them: what is not decoded costs nothing. The frame is not changed, others read it.
func (s *objects[T]) decode(f *watcher.Frame) (T, error) {
	if s.managed || f.Cut {
		return s.kind.Decode(f.Raw, f.Encoding)
	}
	scratch, ok := s.scratch.Get().(*[]byte)
	if !ok {
		scratch = new([]byte)
	}
	*scratch = append((*scratch)[:0], f.Raw...)
	o, err := s.kind.Decode(watcher.CutManagedFields(*scratch, f.Encoding), f.Encoding)
	if cap(*scratch) <= largestScratch {
		s.scratch.Put(scratch)
	}
	return o, err
}

// keyOf names an object, in a string of its own: errors outlive frames.
func keyOf(m *watcher.Meta) string {
	if m.Namespace == "" {
		return strings.Clone(m.Name)
	}
	return m.Namespace + "/" + m.Name
}
