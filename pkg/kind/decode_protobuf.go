package kind

import (
	"bytes"
	"regexp"

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
	unknown, ok := openEnvelope(body)
	if !ok {
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
		return decodeJSON(r, obj, unknown.Raw, false)
	default:
		return failed("the object inside the envelope is neither protobuf nor JSON")
	}
}

// decodeMessage fills an object from its own message. The generated code copies what it keeps of
// the bytes.
func decodeMessage(r Resource, obj Object, raw []byte) *failure {
	message, ok := obj.(unmarshaler)
	if !ok || !r.Protobuf {
		return failed("objects of this kind do not decode from protobuf")
	}
	if len(raw) > smallMessage && tooNested(raw, maxNesting) {
		return failed("its messages are nested too deeply")
	}
	if err := message.Unmarshal(raw); err != nil {
		return protobufFailure(err)
	}
	return nil
}

// wrongWireType is how generated code says that a known field has the wrong form. The field's name
// is the Go struct's.
var wrongWireType = regexp.MustCompile(`^proto: wrong wireType = [0-7] for field ([A-Z][A-Za-z0-9]{0,63})$`)

// protobufFailure keeps the name of a field, which the generated code knows, and drops the rest of
// its error: numbers in it may be bytes of the object.
func protobufFailure(err error) *failure {
	if m := wrongWireType.FindStringSubmatch(err.Error()); m != nil {
		return failed("the field " + m[1] + " of one of its messages has the wrong wire type")
	}
	return failed("the bytes are not valid protobuf for this type")
}
