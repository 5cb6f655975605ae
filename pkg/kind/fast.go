package kind

import (
	"bytes"
	"time"

	"github.com/go-json-experiment/json"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// decodeFast fills an object of a type that [agrees] holds of, with a decoder that takes half the time
// of the one that counts. It reports false where it refuses the bytes, which it does more often: names that
// repeat, strings that are no UTF-8, base64 with line breaks. The object may then be filled in part.
// What it accepts is as the decoder that counts would have made it.
func decodeFast(obj Object, raw []byte) (ok bool) {
	defer func() {
		if recover() != nil { // an unmarshaler panicked, as it will again, and is then reported
			ok = false
		}
	}()
	if u, ok := obj.(*unstructured.Unstructured); ok {
		return decodeTree(u, raw)
	}
	return json.Unmarshal(raw, obj, hot) == nil
}

// hot replaces the UnmarshalJSON of types that are frequent in objects and that call a JSON decoder for
// one string. Whatever is not plain is left to UnmarshalJSON. The option is made once, since it
// remembers by type what applies.
var hot = json.WithUnmarshalers(json.JoinUnmarshalers(
	json.UnmarshalFunc(func(raw []byte, v *metav1.Time) error {
		if s, ok := plain(raw); ok && readTime(s, &v.Time) {
			return nil
		}
		return v.UnmarshalJSON(raw)
	}),
	json.UnmarshalFunc(func(raw []byte, v *intstr.IntOrString) error {
		if s, ok := plain(raw); ok {
			*v = intstr.FromString(string(s))
			return nil
		}
		return v.UnmarshalJSON(raw)
	}),
))

// readTime reads what metav1.Time reads. UnmarshalText takes a part of what time.Parse takes for
// RFC 3339, and reads that part in the same way.
func readTime(s []byte, to *time.Time) bool {
	var t time.Time
	if t.UnmarshalText(s) != nil {
		return false
	}
	*to = t.Local()
	return true
}

// plain returns what is between the quotes of a JSON string that needs no unquoting.
func plain(raw []byte) ([]byte, bool) {
	if len(raw) < 2 || raw[0] != '"' || bytes.IndexByte(raw, '\\') >= 0 {
		return nil, false
	}
	return raw[1 : len(raw)-1], true
}
