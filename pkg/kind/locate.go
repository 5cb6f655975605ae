package kind

import (
	stdjson "encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/json"
)

// maxLocated is how many levels deep locate looks for the field that does not decode. Every level
// decodes again what is below it.
const maxLocated = 32

// locate finds the field of a JSON document that does not decode into obj. The JSON decoder's own
// errors either name no field (when the type of the field decodes itself, as times and quantities
// do) or quote the value. The names that locate gives are those of the Go type and never come from
// the document.
func locate(raw []byte, obj Object) *failure {
	if obj == nil { // a map takes every JSON object, and every number that is not too large
		return failed("a number in it is out of range")
	}
	at := descend(place{raw: raw, typ: reflect.TypeOf(obj).Elem()})
	return &failure{path: strings.TrimPrefix(at.path, "."), reason: at.reason()}
}

// place is a part of a document that does not decode into the type it should have.
type place struct {
	path  string
	raw   stdjson.RawMessage
	typ   reflect.Type
	level int
}

// wrong is true when the part does not decode.
func (p place) wrong() bool {
	return json.UnmarshalCaseSensitivePreserveInts(p.raw, reflect.New(p.typ).Interface()) != nil
}

// reason says what is in the place and what should be, as types.
func (p place) reason() string {
	return fmt.Sprintf("%s does not decode into %s", jsonType(p.raw), p.typ)
}

// inside is a part of this part.
func (p place) inside(step string, raw stdjson.RawMessage, typ reflect.Type) place {
	return place{path: p.path + step, raw: raw, typ: typ, level: p.level + 1}
}

// descend follows what does not decode as far as the Go types allow.
func descend(p place) place {
	for p.typ.Kind() == reflect.Pointer {
		p.typ = p.typ.Elem()
	}
	if p.level >= maxLocated || decodesItself(p.typ) {
		return p
	}
	for _, part := range parts(p) {
		if part.wrong() {
			return descend(part)
		}
	}
	return p
}

// parts lists the parts of a struct, a map or a list.
func parts(p place) []place {
	switch p.typ.Kind() {
	case reflect.Struct:
		var members map[string]stdjson.RawMessage
		if json.UnmarshalCaseSensitivePreserveInts(p.raw, &members) != nil {
			return nil
		}
		return structParts(p, p.typ, members)
	case reflect.Map:
		var members map[string]stdjson.RawMessage
		if json.UnmarshalCaseSensitivePreserveInts(p.raw, &members) != nil {
			return nil
		}
		found := make([]place, 0, len(members))
		for _, key := range slices.Sorted(maps.Keys(members)) {
			found = append(found, p.inside("[*]", members[key], p.typ.Elem()))
		}
		return found
	case reflect.Slice, reflect.Array:
		var items []stdjson.RawMessage
		if json.UnmarshalCaseSensitivePreserveInts(p.raw, &items) != nil {
			return nil
		}
		found := make([]place, 0, len(items))
		for i, raw := range items {
			found = append(found, p.inside(fmt.Sprintf("[%d]", i), raw, p.typ.Elem()))
		}
		return found
	default:
		return nil
	}
}

// structParts lists the members of a struct that are in the document, those of embedded structs
// among them.
func structParts(p place, t reflect.Type, members map[string]stdjson.RawMessage) []place {
	var found []place
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		typ := f.Type
		if f.Anonymous && name == "" {
			if typ.Kind() == reflect.Pointer {
				typ = typ.Elem()
			}
			if typ.Kind() == reflect.Struct && typ != t {
				found = append(found, structParts(p, typ, members)...)
			}
			continue
		}
		if name == "" {
			name = f.Name
		}
		if raw, ok := members[name]; ok && f.IsExported() {
			found = append(found, p.inside("."+name, raw, typ))
		}
	}
	return found
}

// decodesItself is true of types that have their own code for JSON.
func decodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[stdjson.Unmarshaler]()) ||
		p.Implements(reflect.TypeFor[interface{ UnmarshalText([]byte) error }]())
}

// jsonType names the type of a JSON value, which its first byte gives away.
func jsonType(raw []byte) string {
	if len(raw) == 0 {
		return "nothing"
	}
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	default:
		return "a number"
	}
}
