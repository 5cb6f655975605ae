package fake

import (
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	listscheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// listOptions are the parameters of a list or watch, or what is wrong with them, found by the code that a real
// server uses.
func listOptions(r *request) (*internalversion.ListOptions, *metav1.Status) {
	o := &internalversion.ListOptions{}
	if err := listscheme.ParameterCodec.DecodeParameters(r.URL.Query(), metav1.SchemeGroupVersion, o); err != nil {
		return nil, malformed(err.Error())
	}
	// A watch from resourceVersion "" or "0" begins with the objects there are, whether that was asked for or not.
	internalversion.SetListOptionsDefaults(o, true)
	if errs := validation.ValidateListOptions(o, true); len(errs) > 0 {
		return nil, refusal(apierrors.NewInvalid(schema.GroupKind{Group: metav1.GroupName, Kind: "ListOptions"}, "", errs))
	}
	if o.FieldSelector != nil {
		var err error
		if o.FieldSelector, err = o.FieldSelector.Transform(r.collection.selectable); err != nil {
			return nil, malformed(err.Error())
		}
	}
	return o, nil
}

// parseVersion reads a resourceVersion; "" and "0" are 0, which asks for nothing.
func parseVersion(text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	rv, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, field.Invalid(field.NewPath("resourceVersion"), text, err.Error())
	}
	return rv, nil
}
