package index

import (
	"strings"
	"testing"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// What two serialisers write differently reads the same.
func TestContentHash(t *testing.T) {
	x := NewIndex(0)
	of := func(raw string) uint64 { return x.hashContent(&wire.Frame{Raw: []byte(raw), Encoding: kind.JSON}) }
	const base = `{"apiVersion":"v1","kind":"A","metadata":{"name":"n","managedFields":[{"a":1}]},"spec":{"l":[1,2,{"k":"<é\"}"}],"o":{},"e":[],"n":null,"t":true}}`
	for _, same := range []string{
		`{"metadata":{"managedFields":[],"name":"n"},"spec":{"o":{},"t":true,"n":null,"e":[ ],"l":[1, 2,{"k":"\u003c\u00e9\"}"}]}}`,
		"\n {\"kind\":\"B\",\"spec\":{\"e\":[],\"l\":[1,2,{\"k\":\"<é\\\"}\"}],\"n\":null,\"o\":{ },\"t\":true},\"metadata\":{\"name\":\"n\"}}\n",
	} {
		if of(same) != of(base) {
			t.Errorf("%s hashes differently", same)
		}
	}
	for _, other := range []string{
		`{"metadata":{"name":"n"},"spec":{"l":[2,1,{"k":"<é\"}"}],"o":{},"e":[],"n":null,"t":true}}`,
		`{"metadata":{"name":"n"},"spec":{"l":[1,2,{"k":"<é\"}"}],"o":[],"e":{},"n":null,"t":true}}`,
		`{"metadata":{"name":"n"},"spec":{"l":[1,2,{"k":"<é\"}"}],"o":{},"e":[],"n":null,"t":"true"}}`,
		`{"metadata":{"name":"n"},"spec":{"l":[1,2,{"k":"<é\"}"}],"o":{},"e":[],"n":null,"t":true,"z":null}}`,
	} {
		if of(other) == of(base) {
			t.Errorf("%s hashes the same", other)
		}
	}
	for _, broken := range []string{
		"", "{", `{"a"`, "\x00", `{"a":}`, `{"a":1`, `{"a":1]`, `[1}`, `[1 2]`, `{1:2}`, `{"a" 1}`, `{"a":1 "b":2}`, `{"a":"b`, `{"a":"b\"}`, `{} {}`,
		`{"a":"\x"}`, `{"\x":1}`, strings.Repeat("[", 1<<20),
	} {
		if of(broken) != 0 {
			t.Errorf("%q has a hash", broken)
		}
	}
}
