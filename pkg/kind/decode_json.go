package kind

import (
	"bytes"
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/json"
)

// decodeJSON fills an object from one JSON document. What fast allows is tried first.
func decodeJSON(r Resource, obj Object, raw []byte, fast bool) *failure {
	if doc := bytes.TrimLeft(raw, " \t\r\n"); len(doc) == 0 || doc[0] != '{' {
		return failed("the bytes are not a JSON object")
	}
	if u, ok := obj.(*unstructured.Unstructured); ok {
		return decodeMap(r, u, raw, fast)
	}
	if err := fill(obj, raw, fast); err != nil {
		return explain(r, obj, raw, err)
	}
	said := obj.GetObjectKind()
	if said == nil {
		return nil // a Go type without apiVersion and kind
	}
	gvk := said.GroupVersionKind()
	if gvk == r.GVK() {
		return nil // as is usual, and without making strings
	}
	if gvk.Version == "" && gvk.Kind != "" {
		return mislabelled(r, raw) // its apiVersion is empty, or is none
	}
	return expect(r, gvk.GroupVersion().String(), gvk.Kind)
}

// fill decodes into an empty object. The result is always that of the decoder for the API's types;
// where it can be had in less time, it is.
func fill(obj Object, raw []byte, fast bool) error {
	if fast {
		if decodeFast(obj, raw) {
			return nil
		}
		reflect.ValueOf(obj).Elem().SetZero() // it may be filled in part
	}
	if u, ok := obj.(*unstructured.Unstructured); ok {
		u.Object = map[string]any{}
		return json.UnmarshalCaseSensitivePreserveInts(raw, &u.Object)
	}
	return json.UnmarshalCaseSensitivePreserveInts(raw, obj)
}

// decodeMap fills an unstructured object.
func decodeMap(r Resource, u *unstructured.Unstructured, raw []byte, fast bool) *failure {
	if err := fill(u, raw, fast); err != nil {
		return explain(r, nil, raw, err)
	}
	return expectMap(r, u)
}

// expectMap looks at the parts of an unstructured object that every object has.
func expectMap(r Resource, u *unstructured.Unstructured) *failure {
	for _, name := range []string{"apiVersion", "kind"} {
		if _, ok := u.Object[name].(string); !ok && u.Object[name] != nil {
			return &failure{path: name, reason: "is not a string"}
		}
	}
	if _, ok := u.Object["metadata"].(map[string]any); !ok && u.Object["metadata"] != nil {
		return &failure{path: "metadata", reason: "is not an object"}
	}
	return expect(r, u.GetAPIVersion(), u.GetKind())
}

// mislabelled compares the apiVersion and kind in a document with the resource's own. It is for
// the documents that the object they were decoded into does not tell enough about.
func mislabelled(r Resource, raw []byte) *failure {
	var label struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if json.UnmarshalCaseSensitivePreserveInts(raw, &label) != nil {
		return nil
	}
	return expect(r, label.APIVersion, label.Kind)
}

// explain turns the error of a JSON decoder, which may quote the object, into one that does not.
// Something else in the object's place (an error status, a table) explains more than the first
// field that does not fit.
func explain(r Resource, obj Object, raw []byte, err error) *failure {
	if ok, offset := json.SyntaxErrorOffset(err); ok {
		return failed(fmt.Sprintf("the bytes are not valid JSON at byte %d", offset))
	}
	if f := mislabelled(r, raw); f != nil {
		return f
	}
	return locate(raw, obj)
}
