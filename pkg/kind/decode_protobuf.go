package kind

import (
	"bytes"

	"k8s.io/apimachinery/pkg/runtime"
)

// envelope is what application/vnd.kubernetes.protobuf begins with.
var envelope = []byte("k8s\x00")

// unmarshaler is what the generated protobuf code of API types offers.
type unmarshaler interface{ Unmarshal([]byte) error }

// decodesProtobuf is true of Go types that have generated protobuf code.
func decodesProtobuf(obj Object) bool {
	_, ok := obj.(unmarshaler)
	return ok
}

// decodeEnvelope fills an object from bytes that begin with the envelope.
func decodeEnvelope(r Resource, obj Object, raw []byte) *failure {
	body, ok := bytes.CutPrefix(raw, envelope)
	if !ok {
		return failed("the bytes do not begin with the envelope of Kubernetes protobuf")
	}
	var unknown runtime.Unknown
	if err := unknown.Unmarshal(body); err != nil {
		return failed("the envelope is not valid protobuf")
	}
	if f := expect(r, unknown.APIVersion, unknown.Kind); f != nil {
		return f
	}
	if unknown.ContentEncoding != "" {
		return failed("the object inside the envelope is compressed, which is not supported")
	}
	switch unknown.ContentType {
	case "", runtime.ContentTypeProtobuf:
		return decodeMessage(r, obj, unknown.Raw)
	case runtime.ContentTypeJSON:
		return decodeJSON(r, obj, unknown.Raw)
	default:
		return failed("the object inside the envelope is neither protobuf nor JSON")
	}
}

// decodeMessage fills an object from its own message. The generated code copies what it keeps of
// the bytes.
func decodeMessage(r Resource, obj Object, raw []byte) *failure {
	message, ok := obj.(unmarshaler)
	if !ok || !r.Protobuf {
		return failed("objects of this kind decode from JSON only")
	}
	if err := message.Unmarshal(raw); err != nil {
		return failed("the bytes are not valid protobuf for this type")
	}
	return nil
}
