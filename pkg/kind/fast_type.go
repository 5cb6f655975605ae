package kind

import (
	"encoding"
	stdjson "encoding/json"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
)

// agreesLater is [agrees] of the struct that T points to, worked out when it is first asked for.
func agreesLater[T Object]() func() bool {
	return sync.OnceValue(func() bool {
		t := reflect.TypeFor[T]()
		return t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct && agrees(t.Elem())
	})
}

// agrees is true of Go types for which the fast decoder does the same as the one that counts, in every
// object that it accepts. It is decided by what the type is made of: everything that is known to
// be treated in the same way, and nothing else. Fields of interface types are the most frequent
// exception, being numbers of another type.
func agrees(t reflect.Type) bool {
	return typeCheck{}.value(t)
}

// typeCheck goes over types once each; it remembers those that it has begun, since types may contain
// themselves.
type typeCheck map[reflect.Type]bool

var (
	jsonUnmarshaler = reflect.TypeFor[stdjson.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	// fromUnmarshaler is the interface of the fast decoder alone.
	fromUnmarshaler = reflect.TypeFor[json.UnmarshalerFrom]()
)

// value checks the type of a value, wherever it stands.
func (c typeCheck) value(t reflect.Type) bool {
	if done, ok := c[t]; ok {
		return done
	}
	c[t] = true // until it is known better, for types that contain themselves
	ok := c.check(t)
	c[t] = ok
	return ok
}

func (c typeCheck) check(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[time.Time](), reflect.TypeFor[time.Duration](), reflect.TypeFor[stdjson.Number]():
		return false // each decoder has rules of its own for these
	}
	p := reflect.PointerTo(t)
	if p.Implements(fromUnmarshaler) {
		return false
	}
	if p.Implements(jsonUnmarshaler) || p.Implements(textUnmarshaler) {
		// It decodes itself, from the same bytes. Without a name, its methods are an embedded
		// type's, which one of the decoders does not call.
		return t.Name() != "" && t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface
	}
	switch t.Kind() {
	case reflect.Bool, reflect.String, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	case reflect.Pointer:
		return t.Name() == "" && t.Elem().Kind() != reflect.Pointer && c.value(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return t.Elem() == reflect.TypeFor[byte]()
		}
		return c.value(t.Elem())
	case reflect.Map:
		k := t.Key()
		return k.Kind() == reflect.String && !methods(k) && c.value(t.Elem())
	case reflect.Struct:
		names := map[string]bool{}
		// One decoder refuses a struct that has fields and none to fill.
		return c.members(t, names) && (len(names) > 0 || t.NumField() == 0)
	default:
		return false
	}
}

// methods is true of types that decode themselves in one decoder or the other.
func methods(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(jsonUnmarshaler) || p.Implements(textUnmarshaler) || p.Implements(fromUnmarshaler)
}

// members checks the fields of a struct and of those embedded in it. The rules for names that occur
// twice are not looked into: such a type does not agree.
func (c typeCheck) members(t reflect.Type, names map[string]bool) bool {
	for f := range t.Fields() {
		tag := f.Tag.Get("json")
		if tag == "-" {
			continue
		}
		name, options, comma := strings.Cut(tag, ",")
		if comma && !knownOptions(options, f.Anonymous) {
			return false
		}
		if !f.IsExported() {
			if f.Anonymous || tag != "" {
				return false
			}
			continue
		}
		if f.Anonymous && name == "" {
			if f.Type.Kind() != reflect.Struct || methods(f.Type) || !c.members(f.Type, names) {
				return false
			}
			continue
		}
		if name == "" {
			name = f.Name
		}
		if !simpleName(name) || names[name] || !c.value(f.Type) {
			return false
		}
		names[name] = true
	}
	return true
}

// knownOptions is true where the options of a field mean the same to both decoders: nothing, when
// they decode.
func knownOptions(options string, embedded bool) bool {
	for option := range strings.SplitSeq(options, ",") {
		switch {
		case option == "omitempty", option == "omitzero":
		case option == "inline" && embedded:
		default:
			return false
		}
	}
	return true
}

// simpleName is true of names that need neither quoting nor validation in a tag.
func simpleName(name string) bool {
	for _, r := range name {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		if !letter && !strings.ContainsRune("-_./$", r) {
			return false
		}
	}
	return name != "" && name != "-"
}
