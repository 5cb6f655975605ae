package fake

import (
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// matcher tells which objects a request selects, by its namespace and its selectors.
func matcher(r *request) (func(*object) bool, *metav1.Status) {
	o, refused := listOptions(r)
	if refused != nil {
		return nil, refused
	}
	return selected(r, o), nil
}

// selected tells whether an object is selected; an object that is not there is not.
func selected(r *request, o *internalversion.ListOptions) func(*object) bool {
	return func(obj *object) bool {
		switch {
		case obj == nil, r.namespace != "" && obj.GetNamespace() != r.namespace:
			return false
		case o.LabelSelector != nil && !o.LabelSelector.Matches(labels.Set(obj.GetLabels())):
			return false
		}
		return o.FieldSelector == nil || o.FieldSelector.Matches(fieldsOf{r.collection, obj})
	}
}

// selectsAll tells whether there is no selector.
func selectsAll(o *internalversion.ListOptions) bool {
	return (o.LabelSelector == nil || o.LabelSelector.Empty()) && (o.FieldSelector == nil || o.FieldSelector.Empty())
}
