package kind

// Encoding says in which form the bytes of one object are. It follows from the Content-Type
// of the response and from the place of the object in it, never from what was asked for. The
// zero Encoding is unknown, and nothing decodes it.
type Encoding uint8

const (
	// JSON is one JSON document.
	JSON Encoding = iota + 1
	// Protobuf is the envelope of application/vnd.kubernetes.protobuf: the four bytes
	// "k8s\x00" followed by a runtime.Unknown message. The object of a watch event has it.
	Protobuf
	// ProtobufBare is the message of the object itself, without an envelope: the items of a
	// list have this form, and do not say their apiVersion and kind.
	ProtobufBare
	// CBOR is one data item of application/cbor (RFC 8949), mostly behind the tag that marks CBOR: an
	// object that was asked for, that of a watch event, and the items of a list alike (KEP-4222).
	CBOR
)

// String returns the name of the encoding for logs and errors.
func (e Encoding) String() string {
	switch e {
	case JSON:
		return "JSON"
	case Protobuf:
		return "protobuf"
	case ProtobufBare:
		return "protobuf without envelope"
	case CBOR:
		return "CBOR"
	default:
		return "unknown encoding"
	}
}
