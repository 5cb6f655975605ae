package watcher

import (
	"strings"
	"testing"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// thing is an object with a spec.
func thing(rv, spec string) string {
	return `{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"namespace":"ns","name":"a","uid":"u","resourceVersion":"` + rv + `"},"spec":` + spec + `}`
}

// A new default of a custom resource changes what an object reads as at the same resourceVersion.
func TestRule20ReadsDifferently(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", thing("5", `{"a":1,"b":["x"]}`))
		r.relist(b)
		b = r.snapshot().ok()
		b.event("ADDED", thing("5", `{"b": ["x"], "a":1}`))
		b.initialEnd("8")
		r.expect("synced 8 true")
		for range 2 { // reported once
			r.relist(b)
			b = r.snapshot().ok()
			b.event("ADDED", thing("5", `{"a":1,"b":["x"],"c":"default"}`))
			b.initialEnd("9")
		}
		r.expect("upsert a@u:5 relist", "synced 9 true", "synced 9 true")
		b.event("MODIFIED", thing("10", `{"a":2}`))
		r.relist(b)
		b = r.snapshot().ok()
		b.event("ADDED", thing("10", `{"a":2}`))
		b.initialEnd("11")
		r.expect("upsert a@u:10", "synced 11 true")
	}, things)
}

// What two serialisers write differently reads the same.
func TestContentHash(t *testing.T) {
	x := NewIndex(0)
	of := func(raw string) uint64 { return x.hashContent(&Frame{Raw: []byte(raw), Encoding: kind.JSON}) }
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
