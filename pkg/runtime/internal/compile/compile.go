package compile

import (
	"fmt"
	"strconv"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/capability"
)

// Compile makes a program's capabilities ready to run, in the order of their declaration. It opens no
// connection. If anything is wrong, it returns a [*DeclarationError] with every mistake of the whole
// program.
func Compile(caps []*capability.Capability, o Options) ([]*Compiled, error) {
	p := program{options: o, first: map[string]*declare.Group{}, claims: map[string]*declare.Declaration{}, readers: map[any]*declare.Declaration{}}
	if o.Namespace != "" {
		if problem := declare.NamespaceProblem(o.Namespace); problem != "" {
			p.mistakes = append(p.mistakes, capability.Mistake{
				Problem: fmt.Sprintf("the program's namespace %q is no valid namespace: %s", o.Namespace, problem),
				Remedy:  "correct --namespace",
			})
			p.options.Namespace = "" // and look at the rest without it
		}
	}
	for i, c := range caps {
		p.capability(i, c.Declared())
	}
	if len(p.mistakes) > 0 {
		return nil, &capability.DeclarationError{Mistakes: p.mistakes}
	}
	return p.compiled, nil
}

// program gathers what Compile finds.
type program struct {
	options  Options
	first    map[string]*declare.Group // by name
	compiled []*Compiled
	mistakes []capability.Mistake
	claims   map[string]*declare.Declaration // finalizers
	readers  map[any]*declare.Declaration
}

// claim makes a finalizer a binding's own: of two with the same, each would take the other's off.
func (p *program) claim(d *declare.Declaration) []declare.Flaw {
	if !d.Finalize {
		return nil
	}
	name := d.Resource().GVR().GroupResource().String() + " " + d.Finalizer
	if other := p.claims[name]; other != nil {
		return []declare.Flaw{{Problem: fmt.Sprintf("another binding has the finalizer %q: the one at %s", d.Finalizer, other.At), Remedy: "give each its own"}}
	}
	p.claims[name] = d
	return nil
}

func (p *program) capability(i int, c *declare.Group) {
	if c == nil {
		p.mistakes = append(p.mistakes, capability.Mistake{
			Problem: fmt.Sprintf("capability number %d is nil", i+1),
			Remedy:  "return what capability.New makes from its function",
		})
		return
	}
	flaws := p.nameFlaws(c)
	flaws = append(flaws, c.Flaws...)
	if len(c.Bindings) == 0 {
		flaws = append(flaws, declare.Flaw{Problem: "it has no bindings, so that it would do nothing", Remedy: "give New at least one capability.When(...)...Reconcile(...) or Watch(...)"})
	}
	within, scopeFlaws := groupScope(c, p.options.Namespace)
	if len(c.Flaws) == 0 {
		flaws = append(flaws, scopeFlaws...)
	}
	for _, f := range flaws {
		p.mistakes = append(p.mistakes, capability.Mistake{Capability: c.Name, Location: c.At.String(), Problem: f.Problem, Remedy: f.Remedy})
	}
	b := bindings{program: p, of: c, within: within, named: map[string]*declare.Declaration{}, count: map[string]int{}}
	b.unbounded = len(scopeFlaws) > 0 || len(c.Flaws) > 0
	for i, each := range c.Bindings {
		b.add(i, each)
	}
}

func (p *program) nameFlaws(c *declare.Group) []declare.Flaw {
	var flaws []declare.Flaw
	if problem := declare.LabelProblem(c.Name); problem != "" {
		flaws = append(flaws, declare.Flaw{Problem: fmt.Sprintf("New(%q): no valid name: %s", c.Name, problem), Remedy: "choose a DNS label such as \"webapp\""})
	}
	if other := p.first[c.Name]; other != nil {
		flaws = append(flaws, declare.Flaw{Problem: "another capability has this name: the one at " + other.At.String(), Remedy: "rename one of them"})
	} else {
		p.first[c.Name] = c
	}
	return flaws
}

// bindings are those of one capability.
type bindings struct {
	program   *program
	of        *declare.Group
	within    scope
	unbounded bool // the scope is wrong itself: do not report what follows from that
	named     map[string]*declare.Declaration
	count     map[string]int // unaliased bindings by plural
}

func (b *bindings) add(i int, d *declare.Declaration) {
	if d == nil {
		b.program.mistakes = append(b.program.mistakes, capability.Mistake{
			Capability: b.of.Name,
			Location:   b.of.At.String(),
			Problem:    fmt.Sprintf("binding number %d is nil or a zero value", i+1),
			Remedy:     "give what Watch or Reconcile of a selection returns",
		})
		return
	}
	name := b.name(i, d)
	flaws := flawsOf(d)
	if other := b.named[name]; other != nil {
		flaws = append(flaws, declare.Flaw{Problem: "another binding has this name: the one at " + other.At.String(), Remedy: "give one of them another Alias"})
	} else {
		b.named[name] = d
	}
	r, more := b.reach(d)
	flaws = append(flaws, more...)
	flaws = append(flaws, b.program.claim(d)...)
	flaws = append(flaws, b.program.lend(d)...)
	triggers, more := b.triggers(d, r)
	flaws = append(flaws, more...)
	m := capability.Mistake{Capability: b.of.Name, Binding: name, Location: d.At.String()}
	if d.When != d.At && d.When != (declare.Location{}) {
		m.When = d.When.String()
	}
	for _, f := range flaws {
		m.Problem, m.Remedy = f.Problem, f.Remedy
		b.program.mistakes = append(b.program.mistakes, m)
	}
	if len(flaws) == 0 {
		c := r.compile(d)
		c.Capability, c.Binding, c.Description = b.of.Name, name, b.of.Description
		c.Triggers = triggers
		for _, t := range triggers {
			t.Source.Capability, t.Source.Binding, t.Source.Location = c.Capability, c.Binding, c.Location
		}
		b.program.compiled = append(b.program.compiled, c)
	}
}

// name is the Alias, or the plural with a number from the second on. Where not even the kind is known,
// the number of the binding stands for it.
func (b *bindings) name(i int, d *declare.Declaration) string {
	if d.Spec.Alias != "" {
		return d.Spec.Alias
	}
	plural := d.Resource().Plural
	if plural == "" {
		return "#" + strconv.Itoa(i+1)
	}
	b.count[plural]++
	if n := b.count[plural]; n > 1 {
		return plural + "-" + strconv.Itoa(n)
	}
	return plural
}
