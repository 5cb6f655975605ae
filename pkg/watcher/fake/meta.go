package fake

import (
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validate/content"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func wrap(content map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: content}
}

// wipe takes out of a new object what only the server says.
func wipe(u *unstructured.Unstructured) {
	for _, name := range []string{"creationTimestamp", "uid", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"} {
		unstructured.RemoveNestedField(u.Object, "metadata", name)
	}
}

// birth is what the server says of a new object.
func birth(u *unstructured.Unstructured) {
	u.SetUID(uuid.NewUUID())
	u.SetCreationTimestamp(metav1.NewTime(time.Now().Truncate(time.Second)))
}

// generatedName is a name that begins with prefix, cut so that all of it fits into a label.
func generatedName(prefix string) string {
	const random, longest = 5, 63
	return prefix[:min(len(prefix), longest-random)] + rand.String(random)
}

// intoNamespace gives the object the namespace of the URL. One of another is refused.
func (w *writer) intoNamespace(u *unstructured.Unstructured) error {
	switch u.GetNamespace() {
	case w.namespace:
	case "":
		u.SetNamespace(w.namespace)
	default:
		if w.namespace != "" {
			return badRequest("the namespace of the provided object does not match the namespace sent on the request")
		}
		u.SetNamespace("")
	}
	return nil
}

// checkName refuses an object of another name than the URL's.
func (w *writer) checkName(u *unstructured.Unstructured) error {
	switch u.GetName() {
	case w.name:
		return nil
	case "":
		return badRequest("the name of the object (%s based on URL) was undeterminable: name must be provided", w.name)
	default:
		return badRequest("the name of the object (%s) does not match the name on the URL (%s)", u.GetName(), w.name)
	}
}

// nameRule is the rule for the names of the resource. A few built-in kinds have stricter ones, which are left out.
func (w *writer) nameRule() validation.ValidateNameFunc {
	switch {
	case w.isOne("namespaces", "services"):
		return validation.NameIsDNSLabel
	case w.in(anyName):
		return func(name string, prefix bool) []string {
			if prefix {
				return content.IsPathSegmentPrefix(name)
			}
			return content.IsPathSegmentName(name)
		}
	}
	return validation.NameIsDNSSubdomain
}

// validate checks the metadata, which follows the same rules for all kinds. was is nil for a new object.
func (w *writer) validate(u *unstructured.Unstructured, was *object) error {
	path := field.NewPath("metadata")
	errs := validation.ValidateObjectMetaAccessor(u, w.resource.Namespaced, w.nameRule(), path)
	errs = append(errs, w.checkFinalizers(u, was)...)
	if was != nil {
		errs = append(errs, validation.ValidateObjectMetaAccessorUpdate(u, was, path)...)
	}
	if len(errs) > 0 {
		return apierrors.NewInvalid(w.groupKind(), u.GetName(), errs)
	}
	return nil
}

// keepMetadata puts back what an update cannot change. Another UID is left for validate to refuse.
func keepMetadata(u *unstructured.Unstructured, was *object) {
	if u.GetUID() == "" {
		u.SetUID(was.GetUID())
	}
	keepField(u, was, "creationTimestamp")
	keepField(u, was, "deletionTimestamp")
	if u.GetDeletionGracePeriodSeconds() == nil {
		keepField(u, was, "deletionGracePeriodSeconds")
	}
}

// keepField gives a field of the metadata the value that it had, if it had one.
func keepField(u *unstructured.Unstructured, was *object, name string) {
	if v, ok, _ := unstructured.NestedFieldNoCopy(was.Object, "metadata", name); ok {
		setField(u, runtime.DeepCopyJSONValue(v), "metadata", name)
	}
}

// restoreField makes a field of the metadata what it was, even if that was nothing.
func restoreField(u *unstructured.Unstructured, was *object, name string) {
	unstructured.RemoveNestedField(u.Object, "metadata", name)
	keepField(u, was, name)
}

// setField puts a value where the objects on the way to it are known to be objects.
func setField(u *unstructured.Unstructured, value any, path ...string) {
	if err := unstructured.SetNestedField(u.Object, value, path...); err != nil {
		panic(err) // a defect here: all contents were brought into their normal form
	}
}
