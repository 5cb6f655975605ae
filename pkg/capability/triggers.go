package capability

import (
	"context"
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
)

// Trigger names the objects of a binding to reconcile when an object of another kind changes. Make one with [Mapped];
// the zero Trigger is a mistake.
type Trigger struct {
	t *declare.Trigger
}

// Mapped makes a trigger from a source, a kind or a selection, and a function that names the objects to reconcile for
// an object of the source. Ancho remembers the last names for each source object. When the object changes, Ancho
// triggers the objects of the old and of the new names; when it is deleted or leaves the source's selection, only
// the old ones. A name without a namespace means the source object's namespace, if the binding's kind is namespaced.
//
// A kind is watched in all namespaces of the capability, a selection where it says. Ancho calls the function on the
// goroutines that read the streams: it must be fast, safe for concurrent use, and depend only on the object. If it
// panics, Ancho skips and reports that object.
func Mapped[S kind.Object](source kind.Source[S], names func(S) []types.NamespacedName) Trigger {
	t := &declare.Trigger{Step: "Mapped", Via: queue.ViaMapped, Decodes: true}
	switch s := source.(type) {
	case nil:
		t.Wrong("Mapped(nil, ...): there is nothing to watch", "give a kind or a selection")
	case kind.Kind[S]:
		t.Source = When(s).source()
	case Selection[S]:
		t.Source = s.source()
	case OptionalSource[S]:
		t.Source = s.source()
	default:
		t.Wrong(fmt.Sprintf("Mapped of a %T", source), "give a kind or a selection")
	}
	if names == nil {
		t.Wrong("Mapped(..., nil): nobody names the objects to reconcile", "give a function")
	}
	t.Names = func(o kind.Object) []types.NamespacedName {
		s, ok := o.(S)
		if !ok {
			return nil
		}
		return names(s)
	}
	return Trigger{t}
}

// TriggeredBy reconciles an object also when other objects change, as Unchanged, with the cause in Event.Causes. Ancho
// reads the object live, which needs the verb get, and merges triggers of one object. See Mapped.
func (s Selection[T]) TriggeredBy(triggers ...Trigger) Selection[T] {
	return s.with(func(p *declare.Spec) {
		if len(triggers) == 0 {
			p.Wrong("TriggeredBy() without arguments triggers nothing", "give at least one capability.Mapped(...), or leave the step out")
		}
		for i, t := range triggers {
			if t.t == nil {
				p.Wrong(fmt.Sprintf("TriggeredBy: trigger number %d is a zero value", i+1), "give what capability.Mapped returns")
				continue
			}
			p.Triggers = append(p.Triggers, t.t)
		}
	})
}

// Owns reconciles an object also when an object that it owns changes or is deleted: one of these kinds or selections
// whose controller owner reference names it. Ancho watches them in the namespaces of the binding. A change triggers
// the owner, as Unchanged; a change of the reference triggers both owners. See TriggeredBy.
func (s Selection[T]) Owns(kinds ...kind.Any) Selection[T] {
	return s.with(func(p *declare.Spec) {
		if len(kinds) == 0 {
			p.Wrong("Owns() without arguments owns nothing", "name at least one kind, or leave the step out")
		}
		for i, k := range kinds {
			t := &declare.Trigger{Step: "Owns", Via: queue.ViaOwned, Inherits: true}
			watches(t, k, i+1)
			p.Triggers = append(p.Triggers, t)
		}
	})
}

// Uses reconciles an object also when an object that it names changes, such as a Secret that its spec refers to. The
// function returns the names. A name without a namespace means the object's own, if the used kind is namespaced. A
// kind is watched in the namespaces of the binding, a selection where it says. Ancho reports a name that is not
// watched, and it never triggers. The function is called like the one of Where. See TriggeredBy.
func (s Selection[T]) Uses(used kind.Any, names func(T) []types.NamespacedName) Selection[T] {
	return s.with(func(p *declare.Spec) {
		t := &declare.Trigger{Step: "Uses", Via: queue.ViaUsed, Inherits: true}
		watches(t, used, 1)
		if names == nil {
			t.Wrong("Uses(..., nil): nobody names the objects that are used", "give a function")
		}
		t.Used = func(o kind.Object) []types.NamespacedName {
			obj, ok := o.(T)
			if !ok {
				return nil
			}
			return names(obj)
		}
		p.Triggers = append(p.Triggers, t)
	})
}

// watches sets the source to a kind or a selection of whatever type.
func watches(t *declare.Trigger, k kind.Any, number int) {
	switch s := k.(type) {
	case nil:
		t.Wrong(fmt.Sprintf("%s: kind number %d is nil", t.Step, number), "name a kind, or give a selection")
	case interface{ source() *declare.Declaration }:
		t.Source = s.source()
	case interface {
		Err() error
		AddToScheme(*runtime.Scheme) error
	}:
		if v := reflect.ValueOf(k); v.Kind() == reflect.Pointer && v.IsNil() {
			t.Wrong(fmt.Sprintf("%s: kind number %d is nil", t.Step, number), "name a kind, or give a selection")
			return
		}
		t.Source = &declare.Declaration{
			Action: declare.ActionTrigger, At: declare.Here(), When: declare.Here(), Resource: k.Resource, KindErr: s.Err, Spec: declare.NewSpec(), AddToScheme: s.AddToScheme,
		}
		t.Source.Plain = true
	default:
		t.Wrong(fmt.Sprintf("%s of a %T", t.Step, k), "give a kind or a selection")
	}
}

// source is the selection as something that triggers.
func (s Selection[T]) source() *declare.Declaration {
	d := s.declare(declare.ActionTrigger, func(context.Context, Event[T]) error { return nil })
	d.Plain = s.last == nil
	return d
}
