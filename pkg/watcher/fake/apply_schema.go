package fake

import (
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	smd "sigs.k8s.io/structured-merge-diff/v6/typed"
)

// customSchema is what is known of a custom resource: its metadata. Of everything else maps are merged and a list is one
// value, as for a resource whose definition preserves unknown fields.
const customSchema = `types:
- name: object
  map:
    fields:
    - {name: metadata, type: {namedType: metadata}}
    elementType: {namedType: any}
- name: metadata
  map:
    fields:
    - name: finalizers
      type: {list: {elementType: {scalar: string}, elementRelationship: associative}}
    - name: ownerReferences
      type: {list: {elementType: {namedType: any}, elementRelationship: associative, keys: [uid]}}
    elementType: {namedType: any}
- name: any
  scalar: untyped
  list: {elementType: {namedType: whole}, elementRelationship: atomic}
  map: {elementType: {namedType: any}, elementRelationship: separable}
- name: whole
  scalar: untyped
  list: {elementType: {namedType: whole}, elementRelationship: atomic}
  map: {elementType: {namedType: whole}, elementRelationship: atomic}
`

var customObject = sync.OnceValue(func() smd.ParseableType {
	p, err := smd.NewParser(customSchema)
	if err != nil {
		panic(err) // a defect of the text above
	}
	return p.Type("object")
})

// customTypes converts custom resources into what can be merged, and back.
type customTypes struct{}

// ObjectToTyped takes an unstructured object.
func (customTypes) ObjectToTyped(o runtime.Object, opts ...smd.ValidationOptions) (*smd.TypedValue, error) {
	u, ok := o.(*unstructured.Unstructured)
	if !ok {
		return nil, fmt.Errorf("a custom resource is a %T", o)
	}
	return customObject().FromUnstructured(u.Object, opts...)
}

// TypedToObject gives an unstructured object.
func (customTypes) TypedToObject(v *smd.TypedValue) (runtime.Object, error) {
	content, ok := v.AsValue().Unstructured().(map[string]any)
	if !ok {
		return nil, fmt.Errorf("merged to a %T", v.AsValue().Unstructured())
	}
	return wrap(content), nil
}
