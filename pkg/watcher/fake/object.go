package fake

import (
	"bytes"
	"encoding/json"
	"maps"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// object is one state of one object. It is never changed: a change makes another.
type object struct {
	*unstructured.Unstructured
	rv uint64
}

// key is an object's place in its collection.
type key struct{ namespace, name string }

func (o *object) key() key { return key{o.GetNamespace(), o.GetName()} }

// stamped is a state of content at rv. The content is the object's own from then on.
func stamped(content map[string]any, rv uint64) *object {
	o := &object{Unstructured: &unstructured.Unstructured{Object: content}, rv: rv}
	o.SetResourceVersion(strconv.FormatUint(rv, 10))
	return o
}

// at is the same state under another resourceVersion, as a deletion and a change that makes an object leave a selection
// are told.
func (o *object) at(rv uint64) *object {
	content := maps.Clone(o.Object)
	meta, _ := content["metadata"].(map[string]any)
	content["metadata"] = maps.Clone(meta)
	return stamped(content, rv)
}

// copied is the content for the caller to change.
func (o *object) copied() map[string]any { return runtime.DeepCopyJSON(o.Object) }

// sameContent compares two contents as they would be stored.
func sameContent(a, b map[string]any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
