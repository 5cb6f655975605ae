package model

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// How objects of a source wake those of a binding.
type via int

const (
	owns via = iota
	uses
	mapped
	vias
)

// trigger is a step Owns, Uses or TriggeredBy(Mapped), as the model understands it.
type trigger struct {
	via      via
	resource int
	app      string // of a selection; absent: the kind
}

func (tr *trigger) String() string {
	return fmt.Sprintf("%s %s app=%s", [...]string{"Owns", "Uses", "Mapped"}[tr.via], gvks[tr.resource].Kind, tr.app)
}

func someTrigger(t *rapid.T) *trigger {
	return &trigger{
		via: via(rapid.IntRange(0, int(vias)-1).Draw(t, "via")), resource: rapid.IntRange(0, resources-1).Draw(t, "source"),
		app: rapid.SampledFrom([]string{absent, "v"}).Draw(t, "app of the source"),
	}
}

// withTrigger adds the step to a selection.
func withTrigger[T kind.Object](s capability.Selection[T], tr *trigger) capability.Selection[T] {
	source := func() kind.Any {
		if tr.resource == configMaps {
			return sourceOf(kind.ConfigMap, tr)
		}
		return sourceOf(gadget, tr)
	}
	switch tr.via {
	case owns:
		return s.Owns(source())
	case uses:
		return s.Uses(source(), referred[T])
	}
	if tr.resource == configMaps {
		return s.TriggeredBy(capability.Mapped(sourceOf(kind.ConfigMap, tr), referred[*corev1.ConfigMap]))
	}
	return s.TriggeredBy(capability.Mapped(sourceOf(gadget, tr), referred[*unstructured.Unstructured]))
}

func sourceOf[T kind.Object](k kind.Kind[T], tr *trigger) kind.Source[T] {
	if tr.app == absent {
		return k
	}
	return capability.When(k).WithLabel(label, tr.app)
}

func referred[T kind.Object](o T) []types.NamespacedName {
	return []types.NamespacedName{{Name: o.GetAnnotations()[ref]}}
}

// wakes is the name of what a state of a source object wakes; absent: nothing. For Uses it is that of the source.
func (tr *trigger) wakes(b *bound, p place, st *state) string {
	if st == nil || !has(tr.app, st.app) {
		return absent
	}
	switch tr.via {
	case owns:
		if st.owner.resource != b.resource {
			return absent
		}
		return st.owner.name
	case uses:
		return p.name
	}
	return st.ref
}

// need is a call that is due: of objects of a name, later than a moment.
type need struct {
	name string
	at   int
	of   *life
}

// needs are the calls that what happened to a source object since all was handled makes necessary.
func (b *bound) needs(tr *trigger, l *life) (out []need) {
	var then *state // as it was when all was handled
	var later []*state
	for i := range l.states {
		switch st := &l.states[i]; {
		case st.at > b.p.moment:
			later = append(later, st)
		case b.p.calm:
			then = st
		}
	}
	if l.gone && l.ended > b.p.moment {
		later = append(later, nil)
	}
	add := func(st *state, at int) {
		if name := tr.wakes(b, l.place, st); name != absent {
			out = append(out, need{name, at, l})
		}
	}
	for i, st := range later {
		at := l.ended
		if st != nil {
			at = st.at
		}
		if !b.p.gap || i == 0 { // in a gap the first change may be all that is seen of what it was
			add(then, at)
		}
		if !b.p.gap || i == len(later)-1 {
			add(st, at)
		}
		then = st
	}
	return out
}

// slept says whether an object of a binding should have been woken, and was not; empty where all is well.
func (b *bound) slept(l *life) string {
	if l.gone || l.now().deleting && b.finalizer != absent || !b.selects(l.place, l.now()) {
		return ""
	}
	for _, tr := range b.triggers {
		for _, source := range b.p.w.truth.order {
			if source.resource != tr.resource || source.namespace != l.namespace {
				continue
			}
			for _, n := range b.needs(tr, source) {
				wanted := l.name
				if tr.via == uses {
					wanted = l.now().ref
				}
				if n.name == wanted && !b.calledSince(l, n.at) {
					return fmt.Sprintf("was not called after %s (%s) changed, at the moment %d (%s)", source.place, source.uid[:4], n.at, tr)
				}
			}
		}
	}
	return ""
}

// calledSince says whether a call began after a moment, with what the object was then or became later.
func (b *bound) calledSince(l *life, moment int) bool {
	t := b.tracks[l.uid]
	if t == nil {
		return false
	}
	rv := uint64(0)
	for i := range l.states {
		if st := &l.states[i]; st.at <= moment {
			rv = st.rv
		}
	}
	for _, c := range t.calls {
		if c.at > moment && c.is() && c.rv >= rv {
			return true
		}
	}
	return false
}
