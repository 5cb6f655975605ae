package compile

import (
	"encoding"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"reflect"
	"sync"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// hasher makes 8 bytes of what projections return.
//
// The form that is hashed is JSON: encoding/json sorts the keys of maps, follows pointers, refuses
// functions, channels and cycles, and API types have one canonical form in it, where memory has
// several (a Quantity caches its text, a Time carries a zone, nil and empty differ), so that a dump of
// memory such as apimachinery's would report changes that are none. Its one trap is that it passes over
// unexported fields, which would hide changes; types with such fields are refused.
//
// The hash is maphash under a seed of its own: who writes an object must not be able to construct a
// change with an equal hash, as can be done for FNV, and nobody needs the hash outside the process.
type hasher struct {
	seed  maphash.Seed
	known sync.Map // reflect.Type -> string: what JSON cannot see of it, or empty
}

func newHasher() *hasher { return &hasher{seed: maphash.MakeSeed()} }

// sum hashes all projections of an object together.
func (h *hasher) sum(projections []func(kind.Object) any, o kind.Object) (uint64, error) {
	var out maphash.Hash
	out.SetSeed(h.seed)
	enc := json.NewEncoder(&out) // a line for each value, and no line break within one
	for i, project := range projections {
		v := project(o)
		if what := h.hidden(reflect.ValueOf(v), 0); what != "" {
			return 0, fmt.Errorf("function number %d returns %s, so that its changes would not be seen: export the field, or return the values in a slice", i+1, what)
		}
		if err := enc.Encode(v); err != nil {
			return 0, fmt.Errorf("function number %d returns a %T that has no JSON form (%T): return plain values", i+1, v, err)
		}
	}
	return out.Sum64(), nil
}

// maxDepth ends the look at values that hold themselves, which encoding/json refuses.
const maxDepth = 1000

// hidden says what JSON cannot see of a value. Types are looked at once; behind an interface the
// values' own types count.
func (h *hasher) hidden(v reflect.Value, depth int) string {
	if !v.IsValid() || depth > maxDepth {
		return ""
	}
	t := v.Type()
	known, ok := h.known.Load(t)
	if !ok {
		known, _ = h.known.LoadOrStore(t, hiddenIn(t, false, map[place]bool{}))
	}
	if what, _ := known.(string); what != "" {
		return what
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Interface {
			for i := range v.Len() {
				if what := h.hidden(v.Index(i).Elem(), depth+1); what != "" {
					return what
				}
			}
		}
	case reflect.Map:
		if t.Elem().Kind() == reflect.Interface {
			for it := v.MapRange(); it.Next(); {
				if what := h.hidden(it.Value().Elem(), depth+1); what != "" {
					return what
				}
			}
		}
	default: // its type has said everything
	}
	return ""
}

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// place is a type and how its value is held.
type place struct {
	t           reflect.Type
	addressable bool
}

// hiddenIn looks for a struct field that encoding/json passes over without a word. Only of an
// addressable value does it call methods of the pointer.
func hiddenIn(t reflect.Type, addressable bool, seen map[place]bool) string {
	if at := (place{t, addressable}); seen[at] || marshals(t, addressable) {
		return ""
	}
	seen[place{t, addressable}] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return hiddenIn(t.Elem(), true, seen)
	case reflect.Array:
		return hiddenIn(t.Elem(), addressable, seen)
	case reflect.Map:
		return hiddenIn(t.Elem(), false, seen)
	case reflect.Struct:
		for f := range t.Fields() {
			if passedOver(f) {
				return fmt.Sprintf("a %s with the field %s, which JSON leaves out", t, f.Name)
			}
			if what := hiddenIn(f.Type, addressable, seen); what != "" {
				return what
			}
		}
	default: // a plain value, or one that encoding/json refuses aloud, or an interface: see hidden
	}
	return ""
}

// passedOver is true of fields that encoding/json does not look at. Of an embedded struct it takes the
// exported fields, whatever the name of the struct.
func passedOver(f reflect.StructField) bool {
	if f.Tag.Get("json") == "-" {
		return true
	}
	embedded := f.Type
	if embedded.Kind() == reflect.Pointer {
		embedded = embedded.Elem()
	}
	return !f.IsExported() && (!f.Anonymous || embedded.Kind() != reflect.Struct)
}

// marshals is true of types that write their own JSON.
func marshals(t reflect.Type, addressable bool) bool {
	if addressable {
		t = reflect.PointerTo(t)
	}
	return t.Implements(jsonMarshaler) || t.Implements(textMarshaler)
}
