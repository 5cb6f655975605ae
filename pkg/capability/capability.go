package capability

import (
	"github.com/ancho-dev/ancho/internal/declare"
)

// Capability is a named group of bindings that a program can switch on and off. Reconcile calls for one object never
// overlap across its bindings.
type Capability struct {
	c declare.Group
}

// New makes a capability from a name, a DNS label such as "webapp", and its bindings. Ancho reports mistakes in it and
// in its bindings when the program starts.
//
// A binding is named by its Alias or by the plural of its kind ("pods"). A second binding with that name is "pods-2",
// and so on.
func New(name string, bindings ...Binding) *Capability {
	c := &Capability{c: declare.Group{Name: name, At: declare.Here()}}
	for _, b := range bindings {
		c.c.Bindings = append(c.c.Bindings, declaredBy(b))
	}
	return c
}

// Declared is what the capability's declarations came to. It is for Ancho's runtime.
func (c *Capability) Declared() *declare.Group {
	if c == nil {
		return nil
	}
	return &c.c
}

// Name returns the name given to New.
func (c *Capability) Name() string {
	if c == nil {
		return ""
	}
	return c.c.Name
}

// Description sets one sentence for people, which plans and logs may show. It returns c.
func (c *Capability) Description(text string) *Capability {
	if c != nil {
		c.c.Description = text
	}
	return c
}

// InNamespace confines the bindings on namespaced kinds to these namespaces. Bindings without namespaces watch these;
// a binding that names another one is a mistake. Bindings on cluster-scoped kinds are not affected. If you call it
// twice, both calls must hold. It returns c.
func (c *Capability) InNamespace(namespaces ...string) *Capability {
	if c == nil {
		return nil
	}
	set, flaws := declare.CheckedNames("InNamespace", "namespace", namespaces, declare.NamespaceProblem)
	c.c.Flaws = append(c.c.Flaws, flaws...)
	if len(flaws) == 0 {
		c.c.Namespaces.And(set)
	}
	return c
}

// NotInNamespace excludes these namespaces: bindings on namespaced kinds skip the objects in them, and bindings on
// Namespaces skip the Namespace objects with these names. Other cluster-scoped kinds are not affected. A binding that
// names an excluded namespace is a mistake. Calls add up. It returns c.
func (c *Capability) NotInNamespace(namespaces ...string) *Capability {
	if c == nil {
		return nil
	}
	set, flaws := declare.CheckedNames("NotInNamespace", "namespace", namespaces, declare.NamespaceProblem)
	c.c.Flaws = append(c.c.Flaws, flaws...)
	if len(flaws) == 0 {
		c.c.Excluded = declare.SortedSet(append(c.c.Excluded, set...))
	}
	return c
}
