package wire

import "github.com/ancho-dev/ancho/pkg/kind"

// CutManagedFields takes metadata.managedFields out of an object, in place: what is before it is moved up, and the
// rest of raw is returned. Where the bytes are not what is usual they are returned as they are.
func CutManagedFields(raw []byte, enc kind.Encoding) []byte {
	switch enc {
	case kind.Protobuf, kind.ProtobufBare:
		return cutManagedProtobuf(raw, enc == kind.ProtobufBare)
	case kind.JSON:
		return cutManagedJSON(raw)
	case kind.CBOR:
		return cutManagedCBOR(raw)
	default:
		return raw
	}
}
