package fake

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// checkFields warns of fields that a built-in kind does not have, or refuses them, as fieldValidation says (KEP-2885). Of
// custom resources no schema is known.
func (w *writer) checkFields(content map[string]any, refuse func(error) error) error {
	if !w.collection.builtin || w.options.unknown == metav1.FieldValidationIgnore {
		return nil
	}
	typed, err := types().New(w.resource.GVK())
	if err != nil {
		return err
	}
	err = runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(content, typed, true)
	strict, ok := runtime.AsStrictDecodingError(err)
	if !ok {
		return nil // what does not fit at all is said by who needs it
	}
	if w.options.unknown == metav1.FieldValidationStrict {
		return refuse(strict)
	}
	for _, e := range strict.Errors() {
		w.warn(e.Error())
	}
	return nil
}

// defaultSecret keeps a Secret's text as its data, and says what kind of a Secret it is.
func defaultSecret(s *corev1.Secret) {
	for k, v := range s.StringData {
		if s.Data == nil {
			s.Data = map[string][]byte{}
		}
		s.Data[k] = []byte(v)
	}
	s.StringData = nil
	if s.Type == "" {
		s.Type = corev1.SecretTypeOpaque
	}
}

// checkFinalizers refuses finalizers of a built-in kind that nobody's domain qualifies, but for Kubernetes' own, and warns
// of new ones of a custom resource.
func (w *writer) checkFinalizers(u *unstructured.Unstructured, was *object) field.ErrorList {
	known := map[string]bool{string(corev1.FinalizerKubernetes): true, metav1.FinalizerOrphanDependents: true, metav1.FinalizerDeleteDependents: true}
	var errs field.ErrorList
	for i, f := range u.GetFinalizers() {
		if strings.Contains(f, "/") || known[f] {
			continue
		}
		if w.collection.builtin {
			errs = append(errs, field.Invalid(field.NewPath("metadata", "finalizers").Index(i), f,
				"name is neither a standard finalizer name nor is it fully qualified"))
			continue
		}
		if was == nil || !slices.Contains(was.GetFinalizers(), f) {
			w.warn(fmt.Sprintf("metadata.finalizers: %q: prefer a domain-qualified finalizer name including a path (/) to avoid "+
				"accidental conflicts with other finalizer writers", f))
		}
	}
	return errs
}
