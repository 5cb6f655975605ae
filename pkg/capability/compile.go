package capability

import (
	"fmt"
	"strconv"
)

// Compile makes a program's capabilities ready to run, in the order of their declaration. It opens no
// connection. If anything is wrong, it returns a [*DeclarationError] with every mistake of the whole
// program.
func Compile(caps []*Capability, o CompileOptions) ([]*Compiled, error) {
	p := program{options: o, first: map[string]*group{}, claims: map[string]*declaration{}, readers: map[any]*declaration{}}
	if o.Namespace != "" {
		if problem := namespaceProblem(o.Namespace); problem != "" {
			p.mistakes = append(p.mistakes, Mistake{
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
		return nil, &DeclarationError{Mistakes: p.mistakes}
	}
	return p.compiled, nil
}

// program gathers what Compile finds.
type program struct {
	options  CompileOptions
	first    map[string]*group // by name
	compiled []*Compiled
	mistakes []Mistake
	claims   map[string]*declaration // finalizers
	readers  map[any]*declaration
}

// claim makes a finalizer a binding's own: of two with the same, each would take the other's off.
func (p *program) claim(d *declaration) []flaw {
	if !d.finalize {
		return nil
	}
	name := d.resource().GVR().GroupResource().String() + " " + d.finalizer
	if other := p.claims[name]; other != nil {
		return []flaw{{fmt.Sprintf("another binding has the finalizer %q: the one at %s", d.finalizer, other.at), "give each its own"}}
	}
	p.claims[name] = d
	return nil
}

func (p *program) capability(i int, c *group) {
	if c == nil {
		p.mistakes = append(p.mistakes, Mistake{
			Problem: fmt.Sprintf("capability number %d is nil", i+1),
			Remedy:  "return what capability.New makes from its function",
		})
		return
	}
	flaws := p.nameFlaws(c)
	flaws = append(flaws, c.flaws...)
	if len(c.bindings) == 0 {
		flaws = append(flaws, flaw{"it has no bindings, so that it would do nothing", "give New at least one capability.When(...)...Reconcile(...) or Watch(...)"})
	}
	within, scopeFlaws := groupScope(c, p.options.Namespace)
	if len(c.flaws) == 0 {
		flaws = append(flaws, scopeFlaws...)
	}
	for _, f := range flaws {
		p.mistakes = append(p.mistakes, Mistake{Capability: c.name, Location: c.at.String(), Problem: f.problem, Remedy: f.remedy})
	}
	b := bindings{program: p, of: c, within: within, named: map[string]*declaration{}, count: map[string]int{}}
	b.unbounded = len(scopeFlaws) > 0 || len(c.flaws) > 0
	for i, each := range c.bindings {
		b.add(i, each)
	}
}

func (p *program) nameFlaws(c *group) []flaw {
	var flaws []flaw
	if problem := labelProblem(c.name); problem != "" {
		flaws = append(flaws, flaw{fmt.Sprintf("New(%q): no valid name: %s", c.name, problem), "choose a DNS label such as \"webapp\""})
	}
	if other := p.first[c.name]; other != nil {
		flaws = append(flaws, flaw{"another capability has this name: the one at " + other.at.String(), "rename one of them"})
	} else {
		p.first[c.name] = c
	}
	return flaws
}

// bindings are those of one capability.
type bindings struct {
	program   *program
	of        *group
	within    scope
	unbounded bool // the scope is wrong itself: do not report what follows from that
	named     map[string]*declaration
	count     map[string]int // unaliased bindings by plural
}

func (b *bindings) add(i int, d *declaration) {
	if d == nil {
		b.program.mistakes = append(b.program.mistakes, Mistake{
			Capability: b.of.name,
			Location:   b.of.at.String(),
			Problem:    fmt.Sprintf("binding number %d is nil or a zero value", i+1),
			Remedy:     "give what Watch or Reconcile of a selection returns",
		})
		return
	}
	name := b.name(i, d)
	flaws := flawsOf(d)
	if other := b.named[name]; other != nil {
		flaws = append(flaws, flaw{"another binding has this name: the one at " + other.at.String(), "give one of them another Alias"})
	} else {
		b.named[name] = d
	}
	r, more := b.reach(d)
	flaws = append(flaws, more...)
	flaws = append(flaws, b.program.claim(d)...)
	flaws = append(flaws, b.program.lend(d)...)
	triggers, more := b.triggers(d, r)
	flaws = append(flaws, more...)
	m := Mistake{Capability: b.of.name, Binding: name, Location: d.at.String()}
	if d.when != d.at && d.when != (location{}) {
		m.When = d.when.String()
	}
	for _, f := range flaws {
		m.Problem, m.Remedy = f.problem, f.remedy
		b.program.mistakes = append(b.program.mistakes, m)
	}
	if len(flaws) == 0 {
		c := r.compile(d)
		c.Capability, c.Binding, c.Description = b.of.name, name, b.of.description
		c.Triggers = triggers
		for _, t := range triggers {
			t.Source.Capability, t.Source.Binding, t.Source.Location = c.Capability, c.Binding, c.Location
		}
		b.program.compiled = append(b.program.compiled, c)
	}
}

// name is the Alias, or the plural with a number from the second on. Where not even the kind is known,
// the number of the binding stands for it.
func (b *bindings) name(i int, d *declaration) string {
	if d.spec.alias != "" {
		return d.spec.alias
	}
	plural := d.resource().Plural
	if plural == "" {
		return "#" + strconv.Itoa(i+1)
	}
	b.count[plural]++
	if n := b.count[plural]; n > 1 {
		return plural + "-" + strconv.Itoa(n)
	}
	return plural
}
