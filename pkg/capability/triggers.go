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

// Trigger says which objects of a binding are to be reconciled when an object of another kind changes: what Mapped
// returns. The zero Trigger is a mistake.
type Trigger struct {
	t *declare.Trigger
}

// Mapped makes a trigger of a source, a kind or a selection, and a function that names the objects to reconcile for an
// object of it. What an object mapped to last is remembered: when it changes, the objects that it mapped to and those
// that it maps to now are woken, and when it is deleted or leaves the source's selection, the former. A name without a
// namespace means the object's own, where the binding's kind has namespaces.
//
// A kind is watched in all namespaces that the capability may look into, a selection where it says. The function is called
// on the goroutines that read the streams, so it must be quick and safe to call concurrently, and depend on the object
// alone. One that panics passes over that object, which is reported.
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

// TriggeredBy has objects reconciled also when others change, as Unchanged, with the cause in Event.Causes. The object is
// read live, for which the program needs the verb get, and waking calls are merged. See Mapped.
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

// Owns has an object reconciled also when one that it owns changes or goes: one of these kinds, or of these selections, whose
// controller owner reference names it. They are watched in the namespaces of the binding. A change wakes the owner, as
// Unchanged; one of the reference wakes both owners. See TriggeredBy.
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

// Uses has an object reconciled also when one changes that it names, such as a Secret that its spec refers to: the function
// gives the names. A name without a namespace means the object's own, where the kind used has namespaces. A kind is watched
// in the namespaces of the binding, a selection where it says; a name outside of what is watched is reported, and never
// wakes. The function is called as those of Where. See TriggeredBy.
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
