package capability

import (
	"fmt"
	"maps"
	"slices"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// kindNamespace is the cluster-scoped kind of the core group whose objects a capability's NotInNamespace excludes by name.
const kindNamespace = "Namespace"

// manyTargets is how many streams of one binding are worth a word.
const manyTargets = 50

// flawsOf are what is wrong with a declaration by itself.
func flawsOf(d *declaration) []flaw {
	var out []flaw
	if d.when == (location{}) {
		out = append(out, flaw{"the selection is a zero value", "begin it with capability.When"})
	} else if err := d.kindErr(); err != nil {
		out = append(out, flaw{err.Error(), "correct the kind's declaration"})
	}
	if d.noHandler {
		out = append(out, flaw{string(d.action) + "(nil): there is nothing to call", "give it a function"})
	}
	out = append(out, d.spec.flaws...)
	out = append(out, finalizeFlaws(d)...)
	if d.action == ActionWatch {
		if d.spec.queued {
			out = append(out, flaw{"Queue does not fit Watch, whose calls are never queued", "use Reconcile, or leave Queue out"})
		}
		if d.spec.settings.InOrder {
			out = append(out, flaw{"InOrder does not fit Watch, which sees every event and calls concurrently", "use Reconcile, or leave InOrder out"})
		}
	}
	if t := d.spec.types; t != 0 && t&takesModified == 0 {
		for _, step := range comparing(&d.spec) {
			out = append(out, flaw{step + " compares an object with how it was, and the event steps leave Modified out", "add IsUpdated, or leave " + step + " out"})
		}
	}
	return out
}

// comparing names the steps that filter Modified.
func comparing(s *spec) []string {
	var out []string
	if s.specChange {
		out = append(out, "OnSpecChange")
	}
	if len(s.projections) > 0 {
		out = append(out, "OnChange")
	}
	return out
}

// reach puts the selection into its normal form and finds what can match nothing.
func (b *bindings) reach(d *declaration) (*reach, []flaw) {
	s := &d.spec
	r := &reach{
		finalize:     d.finalize,
		wide:         s.wide,
		names:        s.names,
		namePatterns: s.namePatterns,
		labels:       labelRules(s.labels),
		fields:       s.fields,
		annotations:  annotationRules(s.annotations),
		deleting:     s.deleting,
	}
	flaws := b.namespaces(d, r)
	flaws = append(flaws, r.narrowNames(d.resource())...)
	for i := range r.labels {
		if problem := r.labels[i].void(); problem != "" {
			flaws = append(flaws, flaw{problem, "all label steps must hold; give alternatives to one WithLabel"})
		}
	}
	for _, path := range slices.Sorted(maps.Keys(r.fields)) {
		if r.fields[path].void() {
			flaws = append(flaws, flaw{fmt.Sprintf("field %q must have two values at once", path), "all WithField steps must hold; declare a binding for each value"})
		}
	}
	for _, a := range r.annotations {
		if a.in.void() {
			flaws = append(flaws, flaw{fmt.Sprintf("no value of annotation %q meets all steps", a.key), "all steps must hold; give alternatives to one WithAnnotation"})
		}
	}
	if s.types == takesLeft && !r.canBeLeft(s) {
		flaws = append(flaws, flaw{"HasLeft alone, and no object can leave this selection: names and namespaces never change", "add IsDeleted, or select by label, field, annotation or Where"})
	}
	return r, flaws
}

// canBeLeft is true if an object that matches may exist and match no longer.
func (r *reach) canBeLeft(s *spec) bool {
	return len(r.labels)+len(r.fields)+len(r.annotations)+len(s.where) > 0
}

// namespaces finds where a binding looks.
func (b *bindings) namespaces(d *declaration, r *reach) []flaw {
	s := &d.spec
	if of := d.resource(); !of.Namespaced {
		if d.kindErr() != nil {
			return nil // the scope is not known
		}
		if of.Group == "" && of.Kind == kindNamespace {
			r.notNames = b.of.excluded
		}
		return clusterScopedFlaws(s, of)
	}
	if b.unbounded {
		return nil
	}
	var flaws []flaw
	r.scope, r.namespacePatterns, flaws = scopeOf(s, b.within, b.of.excluded, b.program.options.Namespace)
	return flaws
}

func clusterScopedFlaws(s *spec, r kind.Resource) []flaw {
	var flaws []flaw
	add := func(step string, made bool) {
		if made {
			flaws = append(flaws, flaw{fmt.Sprintf("%s does not fit %s, which is cluster-scoped", step, r.Kind), "leave it out"})
		}
	}
	add("InNamespace", s.inNamespace)
	add("WithField(\""+fieldNamespace+"\")", s.namespaceField)
	add("InNamespaceRegex", len(s.namespacePatterns) > 0)
	add("Wide", s.wide)
	return flaws
}

// narrowNames settles names and their patterns, as far as both are known.
func (r *reach) narrowNames(of kind.Resource) []flaw {
	if !r.names.set {
		return nil
	}
	if r.names.void() {
		return []flaw{{"its name steps leave no name", "give all names to one WithName, which takes them as alternatives"}}
	}
	var flaws []flaw
	for _, n := range r.names.values {
		if problem := kindNameProblem(of, n); problem != "" {
			flaws = append(flaws, flaw{fmt.Sprintf("WithName(%q): no %s can have this name: %s", n, of.Kind, problem), "correct it"})
		}
		if contains(r.notNames, n) {
			flaws = append(flaws, excludedFlaw(n))
		}
	}
	left := fit(r.names.values, r.namePatterns)
	if len(left) == 0 {
		return append(flaws, flaw{fmt.Sprintf("WithNameRegex matches none of the names %s", list(r.names.values)), "correct the expression, or leave one of the two out"})
	}
	r.names.values, r.namePatterns = left, nil
	return flaws
}

// compile makes of a declaration without flaws what a runtime needs.
func (r *reach) compile(d *declaration) *Compiled {
	s, of := &d.spec, d.resource()
	c := &Compiled{
		Action:       d.action,
		Resource:     of,
		Location:     d.at.String(),
		Targets:      r.targets(of),
		ClientSide:   r.clientSide(),
		Settings:     s.settings,
		Match:        r.match,
		Conditions:   r.conditions(),
		Inspect:      inspector(d),
		OnSpecChange: s.specChange,
		OnChange:     len(s.projections) > 0,
		Takes:        s.types.takes(d.action),
		Invoke:       d.invoke,
		Finalizer:    d.finalizer,
		Cleanup:      d.cleanup,
		Admission:    r.admission(d),
		Within:       r.within,
		AddToScheme:  d.addToScheme,
		Optional:     d.optional,
	}
	if s.cached {
		c.Attach = d.attacher()
	}
	if len(s.where) > 0 {
		c.ClientSide = append(c.ClientSide, "where")
	}
	if c.OnSpecChange {
		c.ClientSide = append(c.ClientSide, "on spec change")
	}
	if c.OnChange {
		c.ClientSide = append(c.ClientSide, "on change")
	}
	c.Warnings = warnings(c, r)
	return c
}

func warnings(c *Compiled, r *reach) []string {
	var out []string
	if n := len(c.Targets); n > manyTargets {
		advice := "select by a label that they share"
		if len(r.scope.namespaces.values) > 1 && !r.joined() {
			advice = "Wide() makes one cluster-wide stream of several namespaces"
		}
		out = append(out, fmt.Sprintf("%d streams: %s", n, advice))
	}
	if c.OnSpecChange && !countsGeneration(c.Resource) {
		out = append(out, fmt.Sprintf("OnSpecChange: the server counts no generation for %s, so the binding would see no change; use OnChange", c.Resource.Kind))
	}
	return out
}
