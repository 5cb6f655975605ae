package kind

import (
	"reflect"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// differing are the kinds that both decoders are compared for.
func differing(tb testing.TB) []typed {
	tb.Helper()
	return append(builtins(tb), widget, gadget, Metadata(Pod), gizmo)
}

// FuzzFastBytes gives both decoders any bytes.
func FuzzFastBytes(f *testing.F) {
	kinds := differing(f)
	for i, k := range builtins(f) {
		f.Add(uint(i), encodings(f, filled(k))[JSON])
	}
	at := uint(len(kinds)) - 4
	f.Add(at, []byte(widgetJSON))
	for _, odd := range oddValues {
		for _, field := range []string{"image", "replicas", "tiny", "large", "weight", "port", "resources", "config", "timeout", "extra", "data", "parts", "level", "word"} {
			f.Add(at, []byte(`{"spec":{"`+field+`":`+odd+`}}`))
		}
		f.Add(at+3, []byte(`{"spec":{"a":[`+odd+`],"b":`+odd+`}}`))
	}
	f.Fuzz(func(t *testing.T, i uint, raw []byte) {
		same(t, kinds[i%uint(len(kinds))], raw)
	})
}

// shapeOf is the type that documents of a kind are made for.
func shapeOf(k typed) reflect.Type {
	t := reflect.TypeOf(k.newObject()).Elem()
	if t == reflect.TypeFor[unstructured.Unstructured]() {
		return reflect.TypeFor[Widget]()
	}
	return t
}

// FuzzFastShaped gives both decoders documents that are made for the type of the kind, with some
// mistakes: bytes as they come seldom get past the first name.
func FuzzFastShaped(f *testing.F) {
	kinds := differing(f)
	for i := range kinds {
		f.Add(uint(i), []byte{})
		f.Add(uint(i), []byte{200, 1, 20, 3, 9, 40, 77, 2, 5, 16, 33, 61, 100, 17, 30, 4, 250, 8, 45, 12, 6, 90, 1, 39, 7})
	}
	f.Fuzz(func(t *testing.T, i uint, choices []byte) {
		k := kinds[i%uint(len(kinds))]
		s := shaper{choices: choices, at: -1}
		raw := s.document(shapeOf(k))
		same(t, k, raw)
		same(t, gizmo, raw)
	})
}
