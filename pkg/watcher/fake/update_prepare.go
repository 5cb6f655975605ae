package fake

import (
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// prepare takes back what the path of the request may not change: the main one not the status, a subresource nothing
// but its own.
func (w *writer) prepare(u *unstructured.Unstructured, was *object) {
	switch {
	case w.subresource == "status":
		w.prepareStatus(u, was)
	case w.groupResource() == namespaces:
		restore(u, was, "status")
		if w.subresource == "" { // these finalizers are written on /finalize
			finalizers, _, _ := unstructured.NestedStringSlice(was.Object, "spec", "finalizers")
			setFinalizers(u, finalizers)
		}
	case w.hasStatus():
		restore(u, was, "status")
	}
}

// prepareStatus keeps all but the status; of some built-in kinds the metadata can be changed together with it.
func (w *writer) prepareStatus(u *unstructured.Unstructured, was *object) {
	if !w.collection.builtin || w.in(statusOnly) {
		managed := u.GetManagedFields()
		set := u.Object["status"]
		u.Object = was.copied()
		u.SetManagedFields(managed)
		delete(u.Object, "status")
		if set != nil {
			u.Object["status"] = set
		}
		return
	}
	is := was.copied()
	for name := range u.Object {
		if name != "metadata" && name != "status" {
			delete(u.Object, name)
		}
	}
	delete(is, "metadata")
	delete(is, "status")
	maps.Copy(u.Object, is)
	if w.isOne("deployments.apps") {
		restoreField(u, was, "labels")
	}
	if w.isOne("pods") {
		restoreField(u, was, "ownerReferences")
	}
}

// restore makes a field what it was, even if that was nothing.
func restore(u *unstructured.Unstructured, was *object, name string) {
	delete(u.Object, name)
	if v, ok := was.Object[name]; ok {
		u.Object[name] = runtime.DeepCopyJSONValue(v)
	}
}

// specChanged tells whether anything differs that counts for the generation: all but the metadata and the status.
func (w *writer) specChanged(u *unstructured.Unstructured, was *object) bool {
	if w.isOne("deployments.apps") && !maps.Equal(u.GetAnnotations(), was.GetAnnotations()) {
		return true // so it is for Deployments, because their revisions are annotations
	}
	return !sameContent(spec(u.Object), spec(was.Object))
}

func spec(content map[string]any) map[string]any {
	out := maps.Clone(content)
	delete(out, "metadata")
	delete(out, "status")
	return out
}

// setFinalizers says which parts of the server still have to be done with a namespace.
func setFinalizers(u *unstructured.Unstructured, finalizers []string) {
	var list []any
	for _, f := range finalizers {
		list = append(list, f)
	}
	if list == nil {
		u.Object["spec"] = map[string]any{}
		return
	}
	u.Object["spec"] = map[string]any{"finalizers": list}
}
