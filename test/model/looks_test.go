package model

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"pgregory.net/rapid"
)

// looks is what of an object's metadata selections and triggers look at.
type looks struct {
	app, note string
	ref       string // for Uses and Mapped: a name in the namespace of the object
	owner     place  // the controller; none without a name
}

func (l looks) String() string {
	return fmt.Sprintf("app=%s note=%s ref=%s owner=%s", l.app, l.note, l.ref, l.owner.name)
}

func someLooks(t *rapid.T) looks {
	some := append([]string{absent}, names...)
	return looks{
		app:  rapid.SampledFrom([]string{absent, "v", "u"}).Draw(t, label),
		note: rapid.SampledFrom([]string{absent, "p"}).Draw(t, note),
		ref:  rapid.SampledFrom(some).Draw(t, ref),
		owner: place{
			resource: rapid.IntRange(0, resources-1).Draw(t, "resource of the owner"), name: rapid.SampledFrom(some).Draw(t, "owner"),
		},
	}
}

// dress sets this metadata.
func (w *world) dress(o *unstructured.Unstructured, to looks) {
	w.n++
	notes := map[string]string{stamp: fmt.Sprint(w.n)}
	if to.note != absent {
		notes[note] = to.note
	}
	if to.ref != absent {
		notes[ref] = to.ref
	}
	o.SetAnnotations(notes)
	o.SetLabels(nil)
	if to.app != absent {
		o.SetLabels(map[string]string{label: to.app})
	}
	o.SetOwnerReferences(nil)
	if to.owner.name != absent {
		version, kind := gvks[to.owner.resource].ToAPIVersionAndKind()
		controls := true
		o.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: version, Kind: kind, Name: to.owner.name, UID: "anyone", Controller: &controls}})
	}
}

// ownerOf reads the controller, of the same namespace.
func ownerOf(o *unstructured.Unstructured) place {
	c := metav1.GetControllerOf(o)
	if c == nil {
		return place{}
	}
	for i, k := range gvks {
		if k.Kind == c.Kind {
			return place{resource: i, namespace: o.GetNamespace(), name: c.Name}
		}
	}
	return place{}
}

// What the cluster does to finalizers: it puts on one of its own, takes that off, and takes off one of a binding.
const (
	protect   = "protect"
	unprotect = "unprotect"
	rob       = "rob"

	foreign = "cluster.example.com/foreign"
)

// refinalize changes the finalizers of an object. The lock is held.
func (w *world) refinalize(o *unstructured.Unstructured, what string) {
	has := o.GetFinalizers()
	switch i := slices.IndexFunc(has, func(f string) bool { return strings.HasPrefix(f, "model.") }); {
	case what == protect && o.GetDeletionTimestamp() == nil && !slices.Contains(has, foreign):
		has = append(has, foreign)
	case what == unprotect:
		has = slices.DeleteFunc(has, func(f string) bool { return f == foreign })
	case what == rob && i >= 0:
		has = slices.Delete(has, i, i+1)
		w.truth.lives[o.GetUID()].robbed = true
	}
	o.SetFinalizers(has)
}
