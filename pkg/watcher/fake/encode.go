package fake

import (
	"bytes"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"sigs.k8s.io/yaml"
)

// encodeOne writes one object.
func (f form) encodeOne(o map[string]any) ([]byte, error) {
	switch {
	case !f.as.Empty():
		m, err := f.metadata(o)
		if err != nil {
			return nil, err
		}
		return f.encode(m)
	case types().Recognizes(kindOf(o)):
		// Through the Go type for JSON too: that has the order of the fields, and those that are always there.
		typed, err := typed(o)
		if err != nil {
			return nil, err
		}
		return f.encode(typed)
	}
	return f.text(o)
}

func kindOf(o map[string]any) schema.GroupVersionKind {
	return (&unstructured.Unstructured{Object: o}).GroupVersionKind()
}

// encode writes an object of a Go type, with its apiVersion and kind.
func (f form) encode(o runtime.Object) ([]byte, error) {
	if !f.protobuf {
		return f.text(o)
	}
	var b bytes.Buffer
	err := protobuf.NewSerializer(nil, nil).Encode(o, &b)
	return b.Bytes(), err
}

// text is v in JSON or YAML.
func (f form) text(v any) ([]byte, error) {
	raw, err := asJSON(v)
	if err != nil || !f.yaml {
		return raw, err
	}
	return yaml.JSONToYAML(raw)
}

// asJSON is v and a newline, as the server ends every document, with HTML's characters as they are.
func asJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// metadata is what is left of an object when its metadata alone is asked for.
func (f form) metadata(o map[string]any) (*metav1.PartialObjectMetadata, error) {
	out := &metav1.PartialObjectMetadata{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(map[string]any{"metadata": o["metadata"]}, out); err != nil {
		return nil, fmt.Errorf("an object's metadata: %w", err)
	}
	out.SetGroupVersionKind(schema.GroupVersionKind{Group: f.as.Group, Version: f.as.Version, Kind: partial})
	return out, nil
}

// typed is an object of a built-in kind in its Go type.
func typed(o map[string]any) (runtime.Object, error) {
	gvk := kindOf(o)
	out, err := types().New(gvk)
	if err != nil {
		return nil, err
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o, out); err != nil {
		return nil, fmt.Errorf("an object does not fit the Go type of its kind: %w", err)
	}
	out.GetObjectKind().SetGroupVersionKind(gvk)
	return out, nil
}
