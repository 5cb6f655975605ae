package kind

import (
	"bytes"
	"fmt"

	"sigs.k8s.io/json"
)

// decodeJSON fills an object from one JSON document.
func decodeJSON(r Resource, obj Object, raw []byte) *failure {
	if doc := bytes.TrimLeft(raw, " \t\r\n"); len(doc) == 0 || doc[0] != '{' {
		return failed("the bytes are not a JSON object")
	}
	if u, ok := isUnstructured(obj); ok {
		return decodeMap(r, &u.Object, raw)
	}
	if err := json.UnmarshalCaseSensitivePreserveInts(raw, obj); err != nil {
		return explain(r, obj, raw, err)
	}
	gvk := obj.GetObjectKind().GroupVersionKind()
	return expect(r, gvk.GroupVersion().String(), gvk.Kind)
}

// decodeMap fills the map of an unstructured object.
func decodeMap(r Resource, into *map[string]any, raw []byte) *failure {
	object := map[string]any{}
	if err := json.UnmarshalCaseSensitivePreserveInts(raw, &object); err != nil {
		return explain(r, nil, raw, err)
	}
	for _, name := range []string{"apiVersion", "kind"} {
		if v, ok := object[name]; ok {
			if _, ok := v.(string); !ok {
				return &failure{path: name, reason: "is not a string"}
			}
		}
	}
	if v, ok := object["metadata"]; ok {
		if _, ok := v.(map[string]any); !ok {
			return &failure{path: "metadata", reason: "is not an object"}
		}
	}
	apiVersion, _ := object["apiVersion"].(string) //nolint:errcheck // absent is empty
	kind, _ := object["kind"].(string)             //nolint:errcheck // absent is empty
	*into = object
	return expect(r, apiVersion, kind)
}

// explain turns the error of a JSON decoder, which may quote the object, into one that does not.
func explain(r Resource, obj Object, raw []byte, err error) *failure {
	if ok, offset := json.SyntaxErrorOffset(err); ok {
		return failed(fmt.Sprintf("the bytes are not valid JSON at byte %d", offset))
	}
	// Something else in the object's place (an error status, a table) is the better explanation.
	var said struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if json.UnmarshalCaseSensitivePreserveInts(raw, &said) == nil {
		if f := expect(r, said.APIVersion, said.Kind); f != nil {
			return f
		}
	}
	return locate(raw, obj)
}
