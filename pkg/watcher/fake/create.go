package fake

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func (w *writer) create(body []byte) (answer, error) {
	content, err := w.decode(body)
	if err != nil {
		return answer{}, err
	}
	u := wrap(content)
	wipe(u)
	if err := w.intoNamespace(u); err != nil {
		return answer{}, err
	}
	if u, err = w.manage(w.blank(), u); err != nil {
		return answer{}, err
	}
	if u.GetResourceVersion() != "" {
		// The real server has no better answer: its store refuses, late, and it is a 500.
		return answer{}, errors.New("resourceVersion should not be set on objects to be created")
	}
	return w.insert(u)
}

// blank is the object that a creation starts from: of a built-in kind the zero value, whose fields nobody has set.
func (w *writer) blank() *unstructured.Unstructured {
	u := wrap(map[string]any{})
	u.SetGroupVersionKind(w.resource.GVK())
	if w.collection.builtin {
		if zero, err := w.normal(u.Object); err == nil {
			return wrap(zero)
		}
	}
	return u
}

// insert adds a new object, its managedFields done.
func (w *writer) insert(u *unstructured.Unstructured) (answer, error) {
	if err := w.checkNamespace(u); err != nil {
		return answer{}, err
	}
	birth(u)
	if u.GetName() == "" && u.GetGenerateName() != "" {
		w.generateName(u)
	}
	w.prepareNew(u)
	content, err := w.normal(u.Object)
	if err != nil {
		return answer{}, err
	}
	u = wrap(content)
	if err := w.validate(u, nil); err != nil {
		return answer{}, err
	}
	if _, taken := w.collection.objects[key{u.GetNamespace(), u.GetName()}]; taken {
		if u.GetGenerateName() != "" {
			return answer{}, apierrors.NewGenerateNameConflict(w.groupResource(), u.GetName(), 1)
		}
		return answer{}, apierrors.NewAlreadyExists(w.groupResource(), u.GetName())
	}
	return answer{code: http.StatusCreated, is: w.put(nil, u)}, nil
}

// generateName gives a free name; as the real server, it gives up after eight that were taken.
func (w *writer) generateName(u *unstructured.Unstructured) {
	for range 8 {
		u.SetName(generatedName(u.GetGenerateName()))
		if _, taken := w.collection.objects[key{u.GetNamespace(), u.GetName()}]; !taken {
			return
		}
	}
}

// checkNamespace refuses a new object whose namespace is missing or on its way out.
func (w *writer) checkNamespace(u *unstructured.Unstructured) error {
	if !w.resource.Namespaced {
		return nil
	}
	ns, ok := w.store.collections[namespaces].objects[key{name: w.namespace}]
	if !ok {
		return apierrors.NewNotFound(namespaces, w.namespace)
	}
	if phase, _, _ := unstructured.NestedString(ns.Object, "status", "phase"); phase != string(corev1.NamespaceTerminating) {
		return nil
	}
	err := apierrors.NewForbidden(w.groupResource(), u.GetName(),
		fmt.Errorf("unable to create new content in namespace %s because it is being terminated", w.namespace))
	err.ErrStatus.Details.Causes = append(err.ErrStatus.Details.Causes, metav1.StatusCause{
		Type:    corev1.NamespaceTerminatingCause,
		Message: fmt.Sprintf("namespace %s is being terminated", w.namespace),
		Field:   "metadata.namespace",
	})
	return err
}

// prepareNew is what a resource's own rules make of a new object.
func (w *writer) prepareNew(u *unstructured.Unstructured) {
	if w.hasStatus() && !w.isOne("nodes") { // a kubelet says its node's status right away
		delete(u.Object, "status")
	}
	if w.hasGeneration() {
		u.SetGeneration(1)
	}
	if w.groupResource() == namespaces {
		setField(u, string(corev1.NamespaceActive), "status", "phase")
		finalizers, _, _ := unstructured.NestedStringSlice(u.Object, "spec", "finalizers")
		if !slices.Contains(finalizers, string(corev1.FinalizerKubernetes)) {
			finalizers = append(finalizers, string(corev1.FinalizerKubernetes))
		}
		setFinalizers(u, finalizers)
	}
}
