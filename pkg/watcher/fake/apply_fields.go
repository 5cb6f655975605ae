package fake

import (
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/applyconfigurations"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// schemas knows which lists of the built-in kinds are maps by a key, or sets.
var schemas = sync.OnceValue(func() managedfields.TypeConverter { return applyconfigurations.NewTypeConverter(types()) })

// fields is what keeps the managedFields of the resource. Kinds without a schema are merged as custom resources are.
func (w *writer) fields() (*managedfields.FieldManager, error) {
	gvk := w.resource.GVK()
	same := oneVersion{gvk.GroupVersion()}
	reset := fieldpath.NewExcludeFilterSetMap(w.resetFields())
	if w.collection.builtin {
		if _, err := schemas().ObjectToTyped(w.blank()); err == nil {
			return managedfields.NewDefaultFieldManager(schemas(), same, same, same, gvk, gvk.GroupVersion(), w.subresource, reset)
		}
	}
	return managedfields.NewDefaultCRDFieldManager(
		customTypes{}, same, same, same, gvk, gvk.GroupVersion(), w.subresource, reset)
}

// resetFields are those that a request on this path cannot change, so that nobody comes to own them by it.
func (w *writer) resetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	reset := fieldpath.NewSet()
	switch {
	case w.subresource == "status":
		reset.Insert(fieldpath.MakePathOrDie("spec"))
		if !w.collection.builtin || w.in(statusOnly) {
			reset.Insert(fieldpath.MakePathOrDie("metadata"))
		}
	case w.hasStatus():
		reset.Insert(fieldpath.MakePathOrDie("status"))
	}
	return map[fieldpath.APIVersion]*fieldpath.Set{fieldpath.APIVersion(w.resource.APIVersion()): reset}
}

// manage notes in the managedFields of u what differs from live.
func (w *writer) manage(live, u *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	fields, err := w.fields()
	if err != nil {
		return nil, err
	}
	managed, err := fields.Update(live, u.DeepCopy(), w.options.manager)
	if err != nil {
		// An object that does not fit its schema is stored without being tracked, as by the real server.
		u.SetManagedFields(live.GetManagedFields())
		return u, nil //nolint:nilerr // see above
	}
	out, ok := managed.(*unstructured.Unstructured)
	if !ok {
		return u, nil
	}
	return out, nil
}

// oneVersion stands for conversion and defaulting, of which there is none: each resource has one version.
type oneVersion struct{ schema.GroupVersion }

// New makes an object of a kind that says no more than that.
func (oneVersion) New(gvk schema.GroupVersionKind) (runtime.Object, error) {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(gvk)
	return u, nil
}

// Default does nothing.
func (oneVersion) Default(runtime.Object) {}

// Convert is not asked for.
func (v oneVersion) Convert(_, _, _ any) error {
	return runtime.NewNotRegisteredErrForType(v.String(), nil)
}

// ConvertToVersion gives the object itself, or says that it knows no such version, so that what is managed in it is
// forgotten.
func (v oneVersion) ConvertToVersion(in runtime.Object, to runtime.GroupVersioner) (runtime.Object, error) {
	if gv, ok := to.(schema.GroupVersion); ok && gv != v.GroupVersion {
		return nil, runtime.NewNotRegisteredErrForKind(v.String(), gv.WithKind(in.GetObjectKind().GroupVersionKind().Kind))
	}
	return in, nil
}

// ConvertFieldLabel is not asked for.
func (v oneVersion) ConvertFieldLabel(gvk schema.GroupVersionKind, _, _ string) (label, value string, err error) {
	return "", "", runtime.NewNotRegisteredErrForKind(v.String(), gvk)
}
