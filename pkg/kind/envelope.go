package kind

import "k8s.io/apimachinery/pkg/runtime"

// The fields of runtime.Unknown and of the TypeMeta in it.
const (
	unknownTypeMeta        = 1
	unknownRaw             = 2
	unknownContentEncoding = 3
	unknownContentType     = 4

	typeMetaAPIVersion = 1
	typeMetaKind       = 2
)

// openEnvelope reads a runtime.Unknown. Its Raw is a part of body where the envelope is as the API
// server writes it: the generated code would copy the whole object. All others are left to that.
func openEnvelope(body []byte) (u runtime.Unknown, ok bool) {
	plain := eachField(body, func(number uint64, content []byte) bool {
		switch number {
		case unknownTypeMeta:
			return eachField(content, func(number uint64, content []byte) bool {
				switch number {
				case typeMetaAPIVersion:
					return setText(&u.APIVersion, content)
				case typeMetaKind:
					return setText(&u.Kind, content)
				}
				return false
			})
		case unknownRaw:
			first := u.Raw == nil
			u.Raw = content
			return first
		case unknownContentEncoding:
			return setText(&u.ContentEncoding, content)
		case unknownContentType:
			return setText(&u.ContentType, content)
		}
		return false
	})
	if plain {
		return u, true
	}
	u = runtime.Unknown{}
	return u, u.Unmarshal(body) == nil
}

// eachField goes over a message whose fields all have a length. It returns false when there is
// another, or when visit does.
func eachField(message []byte, visit func(number uint64, content []byte) bool) bool {
	for pos := 0; pos < len(message); {
		tag, at, ok := varint(message, pos)
		if !ok || tag&7 != wireBytes {
			return false
		}
		n, at, ok := varint(message, at)
		if !ok || n > uint64(len(message)-at) { //nolint:gosec // at never exceeds the length
			return false
		}
		pos = at + int(n) //nolint:gosec // at most the length of message
		if !visit(tag>>3, message[at:pos:pos]) {
			return false
		}
	}
	return true
}

// setText sets a text that was not set before.
func setText(text *string, content []byte) bool {
	first := *text == ""
	*text = string(content)
	return first
}
