package widget

import (
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// DeepCopyObject returns a copy that shares no memory.
func (w *Widget) DeepCopyObject() runtime.Object { return w.DeepCopy() }

// DeepCopy returns a copy that shares no memory.
func (w *Widget) DeepCopy() *Widget {
	if w == nil {
		return nil
	}
	out := *w
	w.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	w.Spec.deepCopyInto(&out.Spec)
	w.Status.deepCopyInto(&out.Status)
	return &out
}

// DeepCopyObject returns a copy that shares no memory.
func (l *WidgetList) DeepCopyObject() runtime.Object {
	if l == nil {
		return nil
	}
	out := *l
	l.ListMeta.DeepCopyInto(&out.ListMeta)
	out.Items = slices.Clone(l.Items)
	for i := range l.Items {
		out.Items[i] = *l.Items[i].DeepCopy()
	}
	return &out
}

func (s *Spec) deepCopyInto(out *Spec) {
	out.Replicas = copied(s.Replicas)
	out.Interval = copied(s.Interval)
	out.Config = maps.Clone(s.Config)
	s.Resources.DeepCopyInto(&out.Resources)
	out.Routes = slices.Clone(s.Routes)
	for i := range s.Routes {
		out.Routes[i].Weight = copied(s.Routes[i].Weight)
		out.Routes[i].Headers = maps.Clone(s.Routes[i].Headers)
	}
}

func (s *Status) deepCopyInto(out *Status) {
	out.LastSync = s.LastSync.DeepCopy()
	out.Endpoints = slices.Clone(s.Endpoints)
	out.Conditions = slices.Clone(s.Conditions)
	for i := range s.Conditions {
		s.Conditions[i].DeepCopyInto(&out.Conditions[i])
	}
}

func copied[T int32 | int64 | metav1.Duration](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
