package kind

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Decode makes an object of its bytes. The object owns its memory: raw may be used again as soon
// as Decode returns. Its apiVersion and kind are always set, also where the bytes say none, as
// the items of a list do. Bytes that say another apiVersion or kind are an error.
//
// JSON is decoded as the API server does: the names of fields are case-sensitive, unknown
// fields are ignored, and whole numbers of unstructured objects stay int64. A type's own
// UnmarshalJSON or UnmarshalText may be called twice for one object, the second time on an empty
// one: what the fast decoder refuses is decoded again by the one that is lenient.
//
// CBOR is decoded by the API machinery's own decoder, with the same result; but a key that comes
// twice is an error there, and the option string of a field's JSON tag is not known.
//
// Every error but that of a wrong declaration (see Err) is a [*DecodeError]. No input makes
// Decode panic.
func (k Kind[T]) Decode(raw []byte, enc Encoding) (T, error) {
	var none T
	d := k.declared()
	if d.err != nil {
		return none, d.err
	}
	obj := k.allocate()
	if err := decode(d.resource, obj, raw, enc, k.fast); err != nil {
		return none, err
	}
	return obj, nil
}

// failure is what is wrong, before it is known what should have been there.
type failure struct{ path, reason string }

func failed(reason string) *failure { return &failure{reason: reason} }

// decode fills an object. Generated and hand-written unmarshalers of API types run in it, which
// may panic on bytes they do not expect; the value of such a panic may hold bytes of the object.
func decode(r Resource, obj Object, raw []byte, enc Encoding, fast func() bool) (err error) {
	report := func(f *failure) error {
		return &DecodeError{Kind: r.GVK(), Type: fmt.Sprintf("%T", obj), Encoding: enc, Path: f.path, Reason: f.reason}
	}
	defer func() {
		if p := recover(); p != nil {
			err = report(failed(fmt.Sprintf("the unmarshaler panicked with a %T", p)))
		}
	}()
	var f *failure
	switch enc {
	case JSON:
		f = decodeJSON(r, obj, raw, fast != nil && fast())
	case Protobuf:
		f = decodeEnvelope(r, obj, raw)
	case ProtobufBare:
		f = decodeMessage(r, obj, raw)
	case CBOR:
		f = decodeCBOR(r, obj, raw)
	default:
		f = failed("the encoding of the bytes is not known")
	}
	if f != nil {
		return report(f)
	}
	stamp(obj, r)
	return nil
}

// expect compares the apiVersion and kind that an object says, each of which may be empty, with
// the resource's own. A server answers a request for metadata with meta.k8s.io's kind, or, where
// it does not know that form, with the whole object.
func expect(r Resource, apiVersion, kind string) *failure {
	if (apiVersion == "" || apiVersion == r.APIVersion()) && (kind == "" || kind == r.Kind) {
		return nil
	}
	if r.Metadata && kind == "PartialObjectMetadata" && strings.HasPrefix(apiVersion, metav1.GroupName+"/") {
		return nil
	}
	return failed(fmt.Sprintf("the object says that it is %s", said(apiVersion, kind)))
}

// said prints an apiVersion and kind that came with an object if they can be such; anything else
// might be a value in the wrong place.
func said(apiVersion, kind string) string {
	gv, err := schema.ParseGroupVersion(apiVersion)
	valid := err == nil &&
		(gv.Group == "" || len(validation.IsDNS1123Subdomain(gv.Group)) == 0) &&
		(gv.Version == "" || len(validation.IsDNS1035Label(gv.Version)) == 0) &&
		(kind == "" || len(validation.IsDNS1035Label(strings.ToLower(kind))) == 0)
	if !valid {
		return "of a kind whose name is not valid"
	}
	if apiVersion == "" {
		return "a " + kind
	}
	if kind == "" {
		return "of apiVersion " + apiVersion
	}
	return apiVersion + " " + kind
}
