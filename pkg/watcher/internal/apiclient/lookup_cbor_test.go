package apiclient

import (
	"testing"

	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"
	"sigs.k8s.io/json"
)

// asCBOR is the CBOR of a JSON document, behind the tag that marks CBOR.
func asCBOR(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.UnmarshalCaseSensitivePreserveInts([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	out, err := direct.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return "\xd9\xd9\xf7" + string(out)
}
