package model

import (
	"fmt"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// The two resources: one that comes as protobuf, and a custom one, which comes as JSON.
const (
	configMaps = iota
	gadgets
	resources
)

var gvks = [resources]schema.GroupVersionKind{
	{Version: "v1", Kind: "ConfigMap"},
	{Group: "model.example.com", Version: "v1", Kind: "Gadget"},
}

var gvrs = [resources]schema.GroupVersionResource{
	{Version: "v1", Resource: "configmaps"},
	{Group: "model.example.com", Version: "v1", Resource: "gadgets"},
}

// The label and the annotations that selections ask for; the last one tells the states of an object apart.
const (
	label  = "app"
	note   = "note"
	ref    = "ref"
	stamp  = "stamp"
	absent = ""
)

// place is a name that objects have, one after the other.
type place struct {
	resource        int
	namespace, name string
}

func (p place) String() string {
	return fmt.Sprintf("%s %s/%s", gvks[p.resource].Kind, p.namespace, p.name)
}

// life is all that the server knew of one object.
type life struct {
	place
	uid    types.UID
	born   int // its number, in the order of creation
	states []state
	gone   bool
	ended  int  // the moment when it went
	robbed bool // of a finalizer, by the cluster, or deleted although it carried one
	tried  bool // a write of the program's failed, so that it cannot know whether it was done
}

// state is one state of an object.
type state struct {
	rv         uint64
	stamp      string
	app, note  string
	generation int64
	at         int      // the moment when it became so
	ref        string   // a name, for Uses and Mapped
	owner      place    // the controller
	finalizers []string // all
	deleting   bool
	members    map[string]bool // of the bindings with these finalizers
	by         string          // the finalizer of which it was that it was put on
}

func (s *state) carries(finalizer string) bool { return slices.Contains(s.finalizers, finalizer) }

func (l *life) now() *state { return &l.states[len(l.states)-1] }

// at finds the state of a resourceVersion.
func (l *life) at(rv uint64) *state {
	i := slices.IndexFunc(l.states, func(s state) bool { return s.rv == rv })
	if i < 0 {
		return nil
	}
	return &l.states[i]
}

// outAfter says whether the object had a state outside a selection, after rv.
func (l *life) outAfter(s *spec, rv uint64) bool {
	return slices.ContainsFunc(l.states, func(st state) bool { return st.rv > rv && !s.selects(l.place, &st) })
}

// everIn says whether the object was in a selection.
func (l *life) everIn(s *spec) bool {
	return slices.ContainsFunc(l.states, func(st state) bool { return s.selects(l.place, &st) })
}

// isIn says whether the object is there, and in a selection.
func (l *life) isIn(s *spec) bool { return !l.gone && s.selects(l.place, l.now()) }

// truth is what the server knows and knew.
type truth struct {
	lives map[types.UID]*life
	order []*life
	there map[place]*life
	specs []*spec
	// moment counts what happens: states of objects, their ends, and calls.
	moment int
}

func newTruth() *truth { return &truth{lives: map[types.UID]*life{}, there: map[place]*life{}} }

func (t *truth) tick() int {
	t.moment++
	return t.moment
}

// note keeps what an object has become.
func (t *truth) note(p place, o *unstructured.Unstructured) {
	l := t.lives[o.GetUID()]
	if l == nil {
		l = &life{place: p, uid: o.GetUID(), born: len(t.order)}
		t.lives[l.uid] = l
		t.order = append(t.order, l)
	}
	t.there[p] = l
	if rv := version(o.GetResourceVersion()); len(l.states) == 0 || l.now().rv != rv {
		st := state{
			rv: rv, stamp: o.GetAnnotations()[stamp], app: o.GetLabels()[label], note: o.GetAnnotations()[note],
			generation: o.GetGeneration(), at: t.tick(), ref: o.GetAnnotations()[ref], owner: ownerOf(o),
			finalizers: o.GetFinalizers(), deleting: o.GetDeletionTimestamp() != nil, members: map[string]bool{},
		}
		for _, s := range t.specs {
			if s.finalizer != absent {
				st.members[s.finalizer] = s.keeps(l, &st)
			}
		}
		l.states = append(l.states, st)
	}
}

// tried notes that a write of the program's failed, to the object that had the name last: it may be gone by now.
func (t *truth) tried(p place) {
	for _, l := range slices.Backward(t.order) {
		if l.place == p {
			l.tried = true
			return
		}
	}
}

// end keeps that the object is gone.
func (t *truth) end(p place) {
	l := t.there[p]
	l.gone, l.ended = true, t.tick()
	delete(t.there, p)
}

// version reads a resourceVersion; zero where there is none.
func version(rv string) uint64 {
	n, err := strconv.ParseUint(rv, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// outBetween says whether the object had a state outside a selection after one version and before another.
func (l *life) outBetween(s *spec, after, before uint64) bool {
	return slices.ContainsFunc(l.states, func(st state) bool {
		return st.rv > after && st.rv < before && !s.selects(l.place, &st)
	})
}
