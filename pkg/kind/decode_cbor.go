package kind

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"reflect"

	fxcbor "github.com/fxamacker/cbor/v2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"
	"sigs.k8s.io/json"
)

// decodeCBOR fills an object from one data item of CBOR, as the API machinery's clients do. Types with JSON code of
// their own get the JSON of it, and raw parts of an object become JSON too.
func decodeCBOR(r Resource, obj Object, raw []byte) *failure {
	if !isCBORMap(raw) {
		return failed("the bytes are not a CBOR map")
	}
	if u, ok := obj.(*unstructured.Unstructured); ok {
		u.Object = map[string]any{}
		if direct.Unmarshal(raw, &u.Object) != nil {
			return explainCBOR(r, nil, raw, nil)
		}
		return expectMap(r, u)
	}
	one := oneKind{obj, r.GVK()}
	if _, _, err := cbor.NewSerializer(one, one).Decode(raw, &one.gvk, obj); err != nil {
		return explainCBOR(r, obj, raw, err)
	}
	said := obj.GetObjectKind()
	if said == nil {
		return nil // a Go type without apiVersion and kind
	}
	gvk := said.GroupVersionKind()
	if gvk.Version == "" && gvk.Kind != "" {
		return mislabelledCBOR(r, raw) // its apiVersion is empty, or is none
	}
	return expect(r, gvk.GroupVersion().String(), gvk.Kind)
}

// oneKind lets the decoder fill one object, whatever the bytes say that they are: that is looked at afterwards.
type oneKind struct {
	object runtime.Object
	gvk    schema.GroupVersionKind
}

// New implements runtime.ObjectCreater.
func (k oneKind) New(schema.GroupVersionKind) (runtime.Object, error) { return k.object, nil }

// ObjectKinds implements runtime.ObjectTyper.
func (k oneKind) ObjectKinds(runtime.Object) ([]schema.GroupVersionKind, bool, error) {
	return []schema.GroupVersionKind{k.gvk}, false, nil
}

// Recognizes implements runtime.ObjectTyper.
func (k oneKind) Recognizes(schema.GroupVersionKind) bool { return true }

// isCBORMap is true of bytes that begin with a map, or with tags and a map.
func isCBORMap(raw []byte) bool {
	const tag, wholeMap, more = 6, 5, 24 // of the first byte: the upper three bits, and the lower five
	for len(raw) > 0 && raw[0]>>5 == tag {
		size := 1
		if info := raw[0] & 31; info >= more && info < more+4 {
			size += 1 << (info - more)
		}
		if size > len(raw) {
			return false
		}
		raw = raw[size:]
	}
	return len(raw) > 0 && raw[0]>>5 == wholeMap
}

// mislabelledCBOR compares the apiVersion and kind in the bytes with the resource's own.
func mislabelledCBOR(r Resource, raw []byte) *failure {
	var object map[string]any
	if direct.Unmarshal(raw, &object) != nil {
		return nil
	}
	apiVersion, _ := object["apiVersion"].(string)
	name, _ := object["kind"].(string)
	return expect(r, apiVersion, name)
}

// explainCBOR turns the error of the decoder, which may quote the object, into one that does not. What does not
// fit a type is looked for in the JSON of the same object.
func explainCBOR(r Resource, obj Object, raw []byte, err error) *failure {
	var object any
	if broken := direct.Unmarshal(raw, &object); broken != nil || obj == nil {
		return failed(brokenCBOR(broken))
	}
	if f := mislabelledCBOR(r, raw); f != nil {
		return f
	}
	if text, cause := stdjson.Marshal(object); cause == nil {
		if json.UnmarshalCaseSensitivePreserveInts(text, reflect.New(reflect.TypeOf(obj).Elem()).Interface()) != nil {
			return locate(text, obj)
		}
	}
	if wrong, ok := errors.AsType[*fxcbor.UnmarshalTypeError](err); ok { // its message may say a number
		if wrong.StructFieldName != "" {
			return failed(fmt.Sprintf("within %s, a CBOR %s does not decode into %s", wrong.StructFieldName, wrong.CBORType, wrong.GoType))
		}
		return failed(fmt.Sprintf("a CBOR %s in it does not decode into %s", wrong.CBORType, wrong.GoType))
	}
	return failed("a value in it does not decode into the type of its field")
}

// brokenCBOR says why bytes decode into nothing at all.
func brokenCBOR(err error) string {
	var (
		twice *fxcbor.DupMapKeyError
		value *fxcbor.UnacceptableDataItemError
		typ   *fxcbor.UnmarshalTypeError
		text  *fxcbor.SemanticError
	)
	switch {
	case errors.As(err, &twice):
		return "a key comes twice in a map"
	case errors.As(err, &value):
		return "a value in it is of a form that JSON does not have"
	case errors.As(err, &typ):
		return "a key of a map is not a string, or a number is out of range"
	case errors.As(err, &text):
		return "a text string in it is not UTF-8"
	default:
		return "the bytes are not valid CBOR"
	}
}
