//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// Selections, as the bindings have them beside the namespace.
func labelledIn(o metav1.Object) bool {
	_, ok := o.GetLabels()[inLabel]
	return ok
}

func whatever(metav1.Object) bool { return true }

// equal waits until what a binding handled last of each object is what the server has, and looks at the way there.
func equal[T kind.Object](t *testing.T, binding string, seen *calls[T], w *restless, ns string, selected func(metav1.Object) bool) {
	t.Helper()
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(w.gvk.GroupVersion().WithKind(w.gvk.Kind + "List"))
	must(t, w.c.List(t.Context(), list, client.InNamespace(ns)))
	there := map[types.UID]*unstructured.Unstructured{}
	for i := range list.Items {
		there[list.Items[i].GetUID()] = &list.Items[i]
	}
	why := ""
	defer func() {
		if t.Failed() && why != "" {
			t.Logf("%s: %s", binding, why)
		}
	}()
	waitUntil(t, "all handled by "+binding, func() bool {
		last := map[types.UID]call[T]{}
		for _, one := range seen.list() {
			last[one.Object.GetUID()] = one
		}
		why = unequal(there, last, w, selected)
		return why == ""
	})
	onTheWay(t, binding, seen.list(), w, ns, selected)
}

// unequal says what differs between what is there and what was handled last.
func unequal[T kind.Object](there map[types.UID]*unstructured.Unstructured, last map[types.UID]call[T], w *restless, selected func(metav1.Object) bool) string {
	for uid, o := range there {
		one, ok := last[uid]
		switch {
		case ok && one.End == 0:
			return o.GetName() + " is being handled"
		case !selected(o):
			if ok && one.Type != hasLeft {
				return fmt.Sprintf("%s is outside the selection: handled %s last", o.GetName(), one.Type)
			}
		case !ok:
			return o.GetName() + " was never handled"
		case one.Type != added && one.Type != modified || one.Object.GetResourceVersion() != o.GetResourceVersion():
			return fmt.Sprintf("%s is at %s: handled %s at %s last", o.GetName(), o.GetResourceVersion(), one.Type, one.Object.GetResourceVersion())
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for uid, one := range last {
		if there[uid] != nil || one.End != 0 && one.Type == deleted {
			continue
		}
		// What left, and was deleted outside the selection, has gone unseen.
		if l := w.lives[uid]; one.End == 0 || one.Type != hasLeft || l == nil || !l.out {
			return fmt.Sprintf("%s (%s) is gone: handled %s last", one.Object.GetName(), uid, one.Type)
		}
	}
	return ""
}

// onTheWay looks at all calls of a binding in the order of their beginnings: no two at once for one name, nothing from
// outside the selection, an object only forward and never after its deletion, the next of a name only after the one before.
//
// What left the server's selection takes a live look to be told from what was deleted. The look may see the object gone while
// the stream still has to bring that it had come back. So of objects that have left, and from there on of their names, less
// is promised.
func onTheWay[T kind.Object](t *testing.T, binding string, all []call[T], w *restless, ns string, selected func(metav1.Object) bool) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	byName, byUID, late := map[string]call[T]{}, map[types.UID]call[T]{}, map[string]bool{}
	for _, now := range all {
		o := now.Object
		was, known := byName[key(o)]
		same, again := byUID[o.GetUID()]
		byName[key(o)], byUID[o.GetUID()] = now, now
		state := now.Type == added || now.Type == modified
		wrong := ""
		l := w.lives[o.GetUID()]
		late[key(o)] = late[key(o)] || l != nil && l.out && !selected(&metav1.ObjectMeta{})
		switch {
		case l == nil:
			wrong = "is of an object that nobody made"
		case l.namespace != ns || o.GetNamespace() != ns:
			wrong = "is of another namespace"
		case state && !selected(o):
			wrong = "is outside the selection"
		case known && (was.End == 0 || was.End > now.Begin):
			wrong = "began before the call before it had ended"
		case late[key(o)]:
		case known && was.Object.GetUID() != o.GetUID() && was.Type != deleted && was.Type != hasLeft:
			wrong = "came before the end of the object that had the name"
		case again && same.Type == deleted:
			wrong = "came after the deletion"
		case again && was.Object.GetUID() != o.GetUID():
			wrong = "came after another object of the name"
		case !again && now.Type == modified: // what came and went may be merged to its end
			wrong = "is the first that was told of the object"
		case again && state && !same.Partial && version(t, o) <= version(t, same.Object):
			wrong = "does not go on"
		}
		if wrong != "" {
			t.Errorf("%s: %s of %s (%s at %s) %s: %s of %s at %s", binding, now.Type, key(o), o.GetUID(), o.GetResourceVersion(),
				wrong, was.Type, uidOf(was), rvOf(was))
		}
	}
}

// wantEveryState fails the test if a binding that sees every event of a namespace was not told of each state that the
// server confirmed, once and in order. The server is never away, so that no snapshot is a reason to leave one out.
func wantEveryState[T kind.Object](t *testing.T, binding string, all []call[T], w *restless, ns string) {
	t.Helper()
	got := map[types.UID][]string{}
	for _, one := range all {
		if one.Type != deleted {
			got[one.Object.GetUID()] = append(got[one.Object.GetUID()], one.Object.GetResourceVersion())
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for uid, l := range w.lives {
		if l.namespace == ns && !slices.Equal(got[uid], l.states) {
			t.Errorf("%s: states told of %s: %v, want %v", binding, uid, got[uid], l.states)
		}
	}
}
