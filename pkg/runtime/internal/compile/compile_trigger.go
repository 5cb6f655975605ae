package compile

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// CompiledTrigger wakes objects of a binding when objects of its source change. Its functions may be called concurrently.
type CompiledTrigger struct {
	// Via says which step it comes from.
	Via queue.Via
	// Source is what is watched: its Action is ActionTrigger, and no callback is called.
	Source *Compiled
	// Names gives the objects of the binding that an object of the source stands for. Nil for Uses. A function that panics
	// is an error.
	Names func(*watcher.Frame) ([]types.NamespacedName, error)
	// Used gives the objects of the source that an object of the binding names. Nil for others than Uses.
	Used func(*watcher.Frame) ([]types.NamespacedName, error)
}

// triggers compiles what wakes a binding's objects.
func (b *bindings) triggers(d *declare.Declaration, r *reach) (out []*CompiledTrigger, flaws []declare.Flaw) {
	for _, t := range d.Spec.Triggers {
		compiled, more := b.trigger(d, r, t)
		flaws = append(flaws, more...)
		out = append(out, compiled)
	}
	if len(d.Spec.Triggers) == 0 {
		return nil, nil
	}
	step := d.Spec.Triggers[0].Step
	if step == "Mapped" {
		step = "TriggeredBy"
	}
	if d.Action == declare.ActionWatch {
		flaws = append(flaws, declare.Flaw{Problem: step + " does not fit Watch, which is called for events of its own objects alone", Remedy: "use Reconcile, or leave " + step + " out"})
	}
	if !d.Spec.Types.Takes(d.Action)(queue.Unchanged, false) {
		flaws = append(flaws, declare.Flaw{Problem: step + " wakes objects that exist, and the event steps leave these out", Remedy: "add IsCreatedOrUpdated, or leave " + step + " out"})
	}
	return out, flaws
}

func (b *bindings) trigger(d *declare.Declaration, r *reach, t *declare.Trigger) (*CompiledTrigger, []declare.Flaw) {
	if t.Source == nil || len(t.Flaws) > 0 {
		return nil, t.Flaws
	}
	flaws := sourceFlaws(t, d)
	if t.Source.KindErr() != nil || d.KindErr() != nil {
		return nil, ofSource(t, flaws)
	}
	src, more := b.sourceReach(d, r, t)
	if flaws = append(flaws, more...); len(flaws) > 0 {
		return nil, ofSource(t, flaws)
	}
	c := src.compile(t.Source)
	c.AnyForm = c.Inspect == nil && !t.Decodes
	if c.AnyForm {
		c.Resource.Metadata, c.Resource.Protobuf = true, true
		c.Targets = src.targets(c.Resource)
	}
	out := &CompiledTrigger{Via: t.Via, Source: c}
	switch t.Via {
	case queue.ViaOwned:
		out.Names = ownedBy(c, d.Resource())
	case queue.ViaUsed:
		out.Used = asked("Uses", d.Decode, t.Used, c.Resource.Namespaced)
	default:
		out.Names = asked("Mapped", t.Source.Decode, t.Names, d.Resource().Namespaced)
	}
	return out, nil
}

// sourceReach is where the source of a trigger looks: in the namespaces of the binding, where it inherits these.
func (b *bindings) sourceReach(d *declare.Declaration, r *reach, t *declare.Trigger) (*reach, []declare.Flaw) {
	within := *b
	within.of = &declare.Group{Name: b.of.Name, Excluded: b.of.Excluded, Namespaces: b.of.Namespaces}
	if t.Inherits && d.Resource().Namespaced && (t.Source.Plain || t.Via == queue.ViaOwned) && t.Source.Resource().Namespaced {
		within.within = r.scope
	}
	src, flaws := within.reach(t.Source)
	if len(flaws) > 0 {
		return nil, flaws
	}
	if within.within.namespaces.Set && !src.scope.namespaces.Set {
		src.scope = within.within
	}
	if t.Inherits {
		src.wide = src.wide || r.wide
		if t.Via == queue.ViaOwned && d.Resource().Namespaced {
			src.namespacePatterns = append(slices.Clone(src.namespacePatterns), r.namespacePatterns...)
		}
	}
	return src, nil
}

// ofSource says of flaws that they are those of the trigger's source.
func ofSource(t *declare.Trigger, flaws []declare.Flaw) []declare.Flaw {
	for i := range flaws {
		flaws[i].Problem = "the source of " + t.Step + ": " + flaws[i].Problem
	}
	return flaws
}

// sourceFlaws are what is wrong with the source of a trigger.
func sourceFlaws(t *declare.Trigger, d *declare.Declaration) []declare.Flaw {
	out := flawsOf(t.Source)
	s := &t.Source.Spec
	fresh := declare.NewSpec()
	if s.Alias != "" || s.Queued || s.Cached || s.Settings != fresh.Settings {
		out = append(out, declare.Flaw{Problem: "its settings would have no effect: nobody is called for its objects", Remedy: "give them to the selection that is reconciled"})
	}
	if len(s.Triggers) > 0 {
		out = append(out, declare.Flaw{Problem: "it has triggers of its own", Remedy: "give all of them to the selection that is reconciled"})
	}
	if t.Via == queue.ViaOwned && d.KindErr() == nil && t.Source.KindErr() == nil && d.Resource().Namespaced && !t.Source.Resource().Namespaced {
		out = append(out, declare.Flaw{
			Problem: fmt.Sprintf("%s is cluster-scoped, and cannot be owned by a %s, which is in a namespace", t.Source.Resource().Kind, d.Resource().Kind),
			Remedy:  "use TriggeredBy with a Mapped that knows which object it belongs to",
		})
	}
	return out
}

// ownedBy names the owner of objects that are controlled by one of a kind, and confines the source to these.
func ownedBy(source *Compiled, owner kind.Resource) func(*watcher.Frame) ([]types.NamespacedName, error) {
	selects := source.Match
	source.Match = func(m *watcher.Meta) bool { return ownerOf(m, owner) != nil && selects(m) }
	source.ClientSide = append(source.ClientSide, "controlled by a "+owner.Kind)
	return func(f *watcher.Frame) ([]types.NamespacedName, error) {
		o := ownerOf(&f.Meta, owner)
		if o == nil {
			return nil, nil
		}
		n := types.NamespacedName{Name: o.Name}
		if owner.Namespaced {
			n.Namespace = f.Meta.Namespace
		}
		return []types.NamespacedName{n}, nil
	}
}

// ownerOf finds the controller of an object, if it is of a kind. Its version does not matter.
func ownerOf(m *watcher.Meta, owner kind.Resource) *watcher.Owner {
	for i := range m.Owners {
		o := &m.Owners[i]
		if !o.Controller || o.Kind != owner.Kind {
			continue
		}
		if gv, err := schema.ParseGroupVersion(o.APIVersion); err == nil && gv.Group == owner.Group {
			return o
		}
	}
	return nil
}

// asked calls a function of the user's with a decoded object, and completes the names that it gives.
func asked(
	step string, decode func(*watcher.Frame) (kind.Object, error), names func(kind.Object) []types.NamespacedName, namespaced bool,
) func(*watcher.Frame) ([]types.NamespacedName, error) {
	return func(f *watcher.Frame) ([]types.NamespacedName, error) {
		o, err := decode(f)
		if err != nil {
			return nil, err
		}
		out, err := ask(step, &f.Meta, func() ([]types.NamespacedName, error) { return names(o), nil })
		out = slices.Clone(out) // the user's own may change
		for i := range out {
			switch {
			case !namespaced:
				out[i].Namespace = ""
			case out[i].Namespace == "":
				out[i].Namespace = o.GetNamespace()
			}
		}
		return out, err
	}
}
