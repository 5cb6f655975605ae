package fake

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// encodeList writes a page of objects.
func (f form) encodeList(c *collection, page metav1.ListMeta, objects []*object) ([]byte, error) {
	switch {
	case !f.as.Empty():
		return f.encodeMetadata(page, objects)
	case c.builtin:
		return f.encodeTyped(c, page, objects)
	}
	items := make([]any, len(objects))
	for i, o := range objects {
		items[i] = o.Object
	}
	return f.text(struct {
		Kind       string          `json:"kind"`
		APIVersion string          `json:"apiVersion"`
		Metadata   metav1.ListMeta `json:"metadata"`
		Items      []any           `json:"items"`
	}{c.resource.Kind + "List", c.resource.APIVersion(), page, items})
}

func (f form) encodeMetadata(page metav1.ListMeta, objects []*object) ([]byte, error) {
	list := &metav1.PartialObjectMetadataList{ListMeta: page, Items: make([]metav1.PartialObjectMetadata, len(objects))}
	for i, o := range objects {
		m, err := f.metadata(o.Object)
		if err != nil {
			return nil, err
		}
		list.Items[i] = *m
	}
	list.SetGroupVersionKind(schema.GroupVersionKind{Group: f.as.Group, Version: f.as.Version, Kind: partialList})
	return f.encode(list)
}

func (f form) encodeTyped(c *collection, page metav1.ListMeta, objects []*object) ([]byte, error) {
	gvk := c.resource.GVK().GroupVersion().WithKind(c.resource.Kind + "List")
	list, err := types().New(gvk)
	if err != nil {
		return nil, err
	}
	items := make([]runtime.Object, len(objects))
	for i, o := range objects {
		if items[i], err = typed(o.Object); err != nil {
			return nil, err
		}
		items[i].GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{}) // 9: custom resources alone name it in each item
	}
	if err := meta.SetList(list, items); err != nil {
		return nil, fmt.Errorf("the list of %s: %w", c.resource, err)
	}
	m, err := meta.ListAccessor(list)
	if err != nil {
		return nil, fmt.Errorf("the list of %s: %w", c.resource, err)
	}
	m.SetResourceVersion(page.ResourceVersion)
	m.SetContinue(page.Continue)
	m.SetRemainingItemCount(page.RemainingItemCount)
	list.GetObjectKind().SetGroupVersionKind(gvk)
	return f.encode(list)
}
