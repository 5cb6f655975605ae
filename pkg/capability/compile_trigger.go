package capability

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// CompiledTrigger wakes objects of a binding when objects of its source change. Its functions may be called concurrently.
type CompiledTrigger struct {
	// Via says which step it comes from.
	Via queue.Via
	// Source is what is watched: its Action is ActionTrigger, and nobody is called.
	Source *Compiled
	// Names gives the objects of the binding that an object of the source stands for. Nil for Uses. A function that panics
	// is an error.
	Names func(*watcher.Frame) ([]types.NamespacedName, error)
	// Used gives the objects of the source that an object of the binding names. Nil for others than Uses.
	Used func(*watcher.Frame) ([]types.NamespacedName, error)
}

// triggers compiles what wakes a binding's objects.
func (b *bindings) triggers(d *declaration, r *reach) (out []*CompiledTrigger, flaws []flaw) {
	for _, t := range d.spec.triggers {
		compiled, more := b.trigger(d, r, t)
		flaws = append(flaws, more...)
		out = append(out, compiled)
	}
	if len(d.spec.triggers) == 0 {
		return nil, nil
	}
	step := d.spec.triggers[0].step
	if step == "Mapped" {
		step = "TriggeredBy"
	}
	if d.action == ActionWatch {
		flaws = append(flaws, flaw{step + " does not fit Watch, which is called for events of its own objects alone", "use Reconcile, or leave " + step + " out"})
	}
	if !d.spec.types.takes(d.action)(Unchanged, false) {
		flaws = append(flaws, flaw{step + " wakes objects that exist, and the event steps leave these out", "add IsCreatedOrUpdated, or leave " + step + " out"})
	}
	return out, flaws
}

func (b *bindings) trigger(d *declaration, r *reach, t *trigger) (*CompiledTrigger, []flaw) {
	if t.source == nil || len(t.flaws) > 0 {
		return nil, t.flaws
	}
	flaws := sourceFlaws(t, d)
	if t.source.kindErr() != nil || d.kindErr() != nil {
		return nil, ofSource(t, flaws)
	}
	src, more := b.sourceReach(d, r, t)
	if flaws = append(flaws, more...); len(flaws) > 0 {
		return nil, ofSource(t, flaws)
	}
	c := src.compile(t.source)
	c.AnyForm = c.Inspect == nil && !t.decodes
	if c.AnyForm {
		c.Resource.Metadata, c.Resource.Protobuf = true, true
		c.Targets = src.targets(c.Resource)
	}
	out := &CompiledTrigger{Via: t.via, Source: c}
	switch t.via {
	case queue.ViaOwned:
		out.Names = ownedBy(c, d.resource())
	case queue.ViaUsed:
		out.Used = asked("Uses", d.decode, t.used, c.Resource.Namespaced)
	default:
		out.Names = asked("Mapped", t.source.decode, t.names, d.resource().Namespaced)
	}
	return out, nil
}

// sourceReach is where the source of a trigger looks: in the namespaces of the binding, where it inherits these.
func (b *bindings) sourceReach(d *declaration, r *reach, t *trigger) (*reach, []flaw) {
	within := *b
	within.of = &group{name: b.of.name, excluded: b.of.excluded, namespaces: b.of.namespaces}
	if t.inherits && d.resource().Namespaced && (t.source.plain || t.via == queue.ViaOwned) && t.source.resource().Namespaced {
		within.within = r.scope
	}
	src, flaws := within.reach(t.source)
	if len(flaws) > 0 {
		return nil, flaws
	}
	if within.within.namespaces.set && !src.scope.namespaces.set {
		src.scope = within.within
	}
	if t.inherits {
		src.wide = src.wide || r.wide
		if t.via == queue.ViaOwned && d.resource().Namespaced {
			src.namespacePatterns = append(slices.Clone(src.namespacePatterns), r.namespacePatterns...)
		}
	}
	return src, nil
}

// ofSource says of flaws that they are those of the trigger's source.
func ofSource(t *trigger, flaws []flaw) []flaw {
	for i := range flaws {
		flaws[i].problem = "the source of " + t.step + ": " + flaws[i].problem
	}
	return flaws
}

// sourceFlaws are what is wrong with the source of a trigger.
func sourceFlaws(t *trigger, d *declaration) []flaw {
	out := flawsOf(t.source)
	s := &t.source.spec
	fresh := newSpec()
	if s.alias != "" || s.queued || s.cached || s.settings != fresh.settings {
		out = append(out, flaw{"its settings would have no effect: nobody is called for its objects", "give them to the selection that is reconciled"})
	}
	if len(s.triggers) > 0 {
		out = append(out, flaw{"it has triggers of its own", "give all of them to the selection that is reconciled"})
	}
	if t.via == queue.ViaOwned && d.kindErr() == nil && t.source.kindErr() == nil && d.resource().Namespaced && !t.source.resource().Namespaced {
		out = append(out, flaw{
			fmt.Sprintf("%s is cluster-scoped, and cannot be owned by a %s, which is in a namespace", t.source.resource().Kind, d.resource().Kind),
			"use TriggeredBy with a Mapped that knows which object it belongs to",
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
