package fake

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// deleteNamespace begins the end of a namespace, and does at once what a real cluster's namespace controller does after a
// while: everything in it is deleted. What has finalizers keeps it Terminating, as do finalizers of its own. It writes
// no conditions into the namespace's status.
func (w *writer) deleteNamespace(was *object) (answer, error) {
	if slices.Contains([]string{"default", "kube-system", "kube-public"}, was.GetName()) {
		return answer{}, apierrors.NewForbidden(namespaces, was.GetName(), fmt.Errorf("this namespace may not be deleted"))
	}
	if was.GetDeletionTimestamp() != nil {
		return answer{code: http.StatusOK, is: was}, nil
	}
	u := marked(was)
	unstructured.RemoveNestedField(u.Object, "metadata", "deletionGracePeriodSeconds")
	setField(u, string(corev1.NamespaceTerminating), "status", "phase")
	is := w.put(was, u)
	if !w.options.dryRun {
		w.store.empty(was.GetName())
		w.store.finishNamespace(was.GetName())
	}
	return answer{code: http.StatusOK, is: is}, nil
}

// empty deletes all objects of a namespace.
func (s *store) empty(namespace string) {
	for _, gr := range s.resources() {
		c := s.collections[gr]
		if !c.resource.Namespaced {
			continue
		}
		for _, o := range c.sorted(namespace) {
			switch {
			case len(o.GetFinalizers()) == 0:
				s.next()
				s.commit(c, o, nil)
			case o.GetDeletionTimestamp() == nil:
				s.commit(c, o, stamped(marked(o).Object, s.next()))
			}
		}
	}
}

// finishNamespace takes the server's hold off a terminating namespace in which nothing is left, so that it goes.
func (s *store) finishNamespace(name string) {
	c := s.collections[namespaces]
	ns, ok := c.objects[key{name: name}]
	if !ok || ns.GetDeletionTimestamp() == nil || s.holds(name) {
		return
	}
	held, _, _ := unstructured.NestedStringSlice(ns.Object, "spec", "finalizers")
	mine := slices.Index(held, string(corev1.FinalizerKubernetes))
	left := slices.DeleteFunc(held, func(f string) bool { return f == string(corev1.FinalizerKubernetes) })
	switch {
	case len(left) == 0 && len(ns.GetFinalizers()) == 0:
		s.next()
		s.commit(c, ns, nil)
	case mine >= 0:
		u := wrap(ns.copied())
		setFinalizers(u, left)
		s.commit(c, ns, stamped(u.Object, s.next()))
	}
}

// holds tells whether there is an object in a namespace.
func (s *store) holds(namespace string) bool {
	for _, c := range s.collections {
		for k := range c.objects {
			if c.resource.Namespaced && k.namespace == namespace {
				return true
			}
		}
	}
	return false
}

// resources are all that are served, in an order that is the same each time, so that a test's history is too.
func (s *store) resources() []schema.GroupResource {
	return slices.SortedFunc(maps.Keys(s.collections), func(a, b schema.GroupResource) int {
		return strings.Compare(a.String(), b.String())
	})
}
