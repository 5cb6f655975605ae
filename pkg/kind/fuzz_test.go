package kind

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
)

// FuzzDecode decodes any bytes as any kind. Decode must not panic, must give an error of its own
// kind, must label what it decodes, and must not keep the bytes.
func FuzzDecode(f *testing.F) {
	kinds := append(builtins(f), Metadata(Secret))
	for i, k := range kinds {
		for enc, raw := range encodings(f, filled(k)) {
			f.Add(uint(i), uint8(enc), raw)
		}
	}
	kinds = append(kinds, gadget, gizmo)
	for _, raw := range []string{
		`{"apiVersion":"test.example.com/v1","metadata":{"name":"a","labels":{"b":"c"}},"spec":{"replicas":1,"size":"1Gi","any":[1]}}`,
		``, `{}`, `null`, `{"spec":{"loud":[]}}`, `{"kind":5}`, "k8s\x00", "k8s\x00\x0a\x00", "\x0a\x02\x0a\x00", `{"metadata":{"ownerReferences":[5]}}`,
	} {
		for enc := range uint8(CBOR + 1) {
			for i := range uint(3) {
				f.Add(uint(len(kinds))-1-i, enc, []byte(raw))
			}
		}
	}
	f.Fuzz(func(t *testing.T, i uint, e uint8, raw []byte) {
		k, enc := kinds[i%uint(len(kinds))], Encoding(e%uint8(CBOR+1))
		obj, err := k.decodeObject(raw, enc)
		if err != nil {
			var de *DecodeError
			if !errors.As(err, &de) || de.Reason == "" || de.Kind != k.Resource().GVK() || obj != nil {
				t.Fatalf("object %v, error %v", obj, err)
			}
			return
		}
		if got := obj.GetObjectKind().GroupVersionKind(); got != k.Resource().GVK() {
			t.Fatalf("decoded %s as %s", k.Resource().GVK(), got)
		}
		before, err := json.Marshal(obj)
		if err != nil {
			return // an object may hold bytes that are no JSON, such as a RawExtension from protobuf
		}
		for j := range raw {
			raw[j] ^= 0xff
		}
		if after, err := json.Marshal(obj); err != nil || !bytes.Equal(before, after) {
			t.Fatalf("the object changed with the bytes: %s, then %s, %v", before, after, err)
		}
	})
}
