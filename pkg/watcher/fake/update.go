package fake

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

var errModified = errors.New(
	"the object has been modified; please apply your changes to the latest version and try again")

func (w *writer) update(body []byte) (answer, error) {
	content, err := w.decode(body)
	if err != nil {
		return answer{}, err
	}
	u := wrap(content)
	if err := w.intoNamespace(u); err != nil {
		return answer{}, err
	}
	if err := w.checkName(u); err != nil {
		return answer{}, err
	}
	was, ok := w.find()
	if !ok {
		return w.createByUpdate(u)
	}
	if uid := u.GetUID(); uid != "" && uid != was.GetUID() {
		return answer{}, w.otherUID(u, was.GetUID())
	}
	if u, err = w.manage(wrap(was.copied()), u); err != nil {
		return answer{}, err
	}
	return w.replace(was, u)
}

func (w *writer) otherUID(u *unstructured.Unstructured, is any) error {
	return apierrors.NewConflict(w.groupResource(), w.name,
		fmt.Errorf("Precondition failed: UID in precondition: %v, UID in object meta: %v", u.GetUID(), is)) //nolint:staticcheck // the real server's words
}

// createByUpdate is a PUT of what is not there: some built-in kinds are created by it.
func (w *writer) createByUpdate(u *unstructured.Unstructured) (answer, error) {
	if !w.in(creatable) || w.subresource != "" {
		return answer{}, apierrors.NewNotFound(w.groupResource(), w.name)
	}
	if u.GetUID() != "" {
		return answer{}, w.otherUID(u, "")
	}
	u, err := w.manage(w.blank(), u)
	if err != nil {
		return answer{}, err
	}
	wipe(u)
	return w.insert(u)
}

// replace makes u the object's state, as far as the request may change it. u is not was and shares nothing with it.
func (w *writer) replace(was *object, u *unstructured.Unstructured) (answer, error) {
	if err := w.checkVersion(was, u); err != nil {
		return answer{}, err
	}
	restoreField(u, was, "generation")
	w.prepare(u, was)
	content, err := w.normal(u.Object)
	if err != nil {
		return answer{}, err
	}
	u = wrap(content)
	keepMetadata(u, was)
	if w.subresource == "" && w.hasGeneration() && w.specChanged(u, was) {
		u.SetGeneration(was.GetGeneration() + 1)
	}
	if err := w.validate(u, was); err != nil {
		return answer{}, err
	}
	if released(u, was) {
		w.take(was)
		return answer{code: http.StatusOK, is: &object{Unstructured: u, rv: was.rv}}, nil
	}
	if sameContent(withoutTimes(u.Object), withoutTimes(was.Object)) {
		return answer{code: http.StatusOK, is: was}, nil
	}
	return answer{code: http.StatusOK, is: w.put(was, u)}, nil
}

// checkVersion refuses an update of another state than the present one. An update that names none is for any, where
// the resource allows that.
func (w *writer) checkVersion(was *object, u *unstructured.Unstructured) error {
	said := u.GetResourceVersion()
	if said == "" {
		said = "0"
	}
	rv, err := strconv.ParseUint(said, 10, 64)
	switch {
	case err != nil:
		return err
	case rv == was.rv:
		return nil
	case rv != 0:
		return apierrors.NewConflict(w.groupResource(), w.name, errModified)
	case w.unconditional():
		u.SetResourceVersion(was.GetResourceVersion())
		return nil
	}
	// The kind of this Status is the resource, as the real server has it.
	gk := w.groupKind()
	gk.Kind = w.resource.Plural
	return apierrors.NewInvalid(gk, w.name, field.ErrorList{
		field.Invalid(field.NewPath("metadata", "resourceVersion"), rv, "must be specified for an update"),
	})
}

// released tells whether an update took the last thing away that kept an object whose deletion was asked for.
func released(u *unstructured.Unstructured, was *object) bool {
	held, _, _ := unstructured.NestedSlice(u.Object, "spec", "finalizers")
	if u.GetKind() != "Namespace" || u.GetAPIVersion() != "v1" {
		held = nil
	}
	grace := was.GetDeletionGracePeriodSeconds()
	return was.GetDeletionTimestamp() != nil && len(u.GetFinalizers()) == 0 && len(held) == 0 && (grace == nil || *grace == 0)
}

// withoutTimes is content without the times of its managedFields: alone, they are no change.
func withoutTimes(content map[string]any) map[string]any {
	u := wrap(content).DeepCopy()
	entries := u.GetManagedFields()
	for i := range entries {
		entries[i].Time = nil
	}
	u.SetManagedFields(entries)
	return u.Object
}
