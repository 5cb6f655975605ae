package compile

import (
	"fmt"
	"maps"
	"slices"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// kindNamespace is the cluster-scoped kind of the core group whose objects a capability's NotInNamespace excludes by name.
const kindNamespace = "Namespace"

// manyTargets is how many streams of one binding are worth a word.
const manyTargets = 50

// flawsOf are what is wrong with a declaration by itself.
func flawsOf(d *declare.Declaration) []declare.Flaw {
	var out []declare.Flaw
	if d.When == (declare.Location{}) {
		out = append(out, declare.Flaw{Problem: "the selection is a zero value", Remedy: "begin it with capability.When"})
	} else if err := d.KindErr(); err != nil {
		out = append(out, declare.Flaw{Problem: err.Error(), Remedy: "correct the kind's declaration"})
	}
	if d.NoHandler {
		out = append(out, declare.Flaw{Problem: string(d.Action) + "(nil): there is nothing to call", Remedy: "give it a function"})
	}
	out = append(out, d.Spec.Flaws...)
	out = append(out, finalizeFlaws(d)...)
	if d.Action == declare.ActionWatch {
		if d.Spec.Queued {
			out = append(out, declare.Flaw{Problem: "Queue does not fit Watch, whose calls are never queued", Remedy: "use Reconcile, or leave Queue out"})
		}
		if d.Spec.Settings.InOrder {
			out = append(out, declare.Flaw{Problem: "InOrder does not fit Watch, which sees every event and calls concurrently", Remedy: "use Reconcile, or leave InOrder out"})
		}
	}
	if t := d.Spec.Types; t != 0 && t&declare.TakesModified == 0 {
		for _, step := range comparing(&d.Spec) {
			out = append(out, declare.Flaw{Problem: step + " compares an object with how it was, and the event steps leave Modified out", Remedy: "add IsUpdated, or leave " + step + " out"})
		}
	}
	return out
}

// comparing names the steps that filter Modified.
func comparing(s *declare.Spec) []string {
	var out []string
	if s.SpecChange {
		out = append(out, "OnSpecChange")
	}
	if len(s.Projections) > 0 {
		out = append(out, "OnChange")
	}
	return out
}

// reach puts the selection into its normal form and finds what can match nothing.
func (b *bindings) reach(d *declare.Declaration) (*reach, []declare.Flaw) {
	s := &d.Spec
	r := &reach{
		finalize:     d.Finalize,
		wide:         s.Wide,
		names:        s.Names,
		namePatterns: s.NamePatterns,
		labels:       labelRules(s.Labels),
		fields:       s.Fields,
		annotations:  annotationRules(s.Annotations),
		deleting:     s.Deleting,
	}
	flaws := b.namespaces(d, r)
	flaws = append(flaws, r.narrowNames(d.Resource())...)
	for i := range r.labels {
		if problem := r.labels[i].void(); problem != "" {
			flaws = append(flaws, declare.Flaw{Problem: problem, Remedy: "all label steps must hold; give alternatives to one WithLabel"})
		}
	}
	for _, path := range slices.Sorted(maps.Keys(r.fields)) {
		if r.fields[path].Void() {
			flaws = append(flaws, declare.Flaw{Problem: fmt.Sprintf("field %q must have two values at once", path), Remedy: "all WithField steps must hold; declare a binding for each value"})
		}
	}
	for _, a := range r.annotations {
		if a.in.Void() {
			flaws = append(flaws, declare.Flaw{Problem: fmt.Sprintf("no value of annotation %q meets all steps", a.key), Remedy: "all steps must hold; give alternatives to one WithAnnotation"})
		}
	}
	if s.Types == declare.TakesLeft && !r.canBeLeft(s) {
		flaws = append(flaws, declare.Flaw{Problem: "HasLeft alone, and no object can leave this selection: names and namespaces never change", Remedy: "add IsDeleted, or select by label, field, annotation or Where"})
	}
	return r, flaws
}

// canBeLeft is true if an object that matches may exist and match no longer.
func (r *reach) canBeLeft(s *declare.Spec) bool {
	return len(r.labels)+len(r.fields)+len(r.annotations)+len(s.Where) > 0
}

// namespaces finds where a binding looks.
func (b *bindings) namespaces(d *declare.Declaration, r *reach) []declare.Flaw {
	s := &d.Spec
	if of := d.Resource(); !of.Namespaced {
		if d.KindErr() != nil {
			return nil // the scope is not known
		}
		if of.Group == "" && of.Kind == kindNamespace {
			r.notNames = b.of.Excluded
		}
		return clusterScopedFlaws(s, of)
	}
	if b.unbounded {
		return nil
	}
	var flaws []declare.Flaw
	r.scope, r.namespacePatterns, flaws = scopeOf(s, b.within, b.of.Excluded, b.program.options.Namespace)
	return flaws
}

func clusterScopedFlaws(s *declare.Spec, r kind.Resource) []declare.Flaw {
	var flaws []declare.Flaw
	add := func(step string, made bool) {
		if made {
			flaws = append(flaws, declare.Flaw{Problem: fmt.Sprintf("%s does not fit %s, which is cluster-scoped", step, r.Kind), Remedy: "leave it out"})
		}
	}
	add("InNamespace", s.InNamespace)
	add("WithField(\""+declare.FieldNamespace+"\")", s.NamespaceField)
	add("InNamespaceRegex", len(s.NamespacePatterns) > 0)
	add("Wide", s.Wide)
	return flaws
}

// narrowNames settles names and their patterns, as far as both are known.
func (r *reach) narrowNames(of kind.Resource) []declare.Flaw {
	if !r.names.Set {
		return nil
	}
	if r.names.Void() {
		return []declare.Flaw{{Problem: "its name steps leave no name", Remedy: "give all names to one WithName, which takes them as alternatives"}}
	}
	var flaws []declare.Flaw
	for _, n := range r.names.Values {
		if problem := declare.KindNameProblem(of, n); problem != "" {
			flaws = append(flaws, declare.Flaw{Problem: fmt.Sprintf("WithName(%q): no %s can have this name: %s", n, of.Kind, problem), Remedy: "correct it"})
		}
		if declare.Contains(r.notNames, n) {
			flaws = append(flaws, excludedFlaw(n))
		}
	}
	left := declare.Fit(r.names.Values, r.namePatterns)
	if len(left) == 0 {
		return append(flaws, declare.Flaw{Problem: fmt.Sprintf("WithNameRegex matches none of the names %s", declare.List(r.names.Values)), Remedy: "correct the expression, or leave one of the two out"})
	}
	r.names.Values, r.namePatterns = left, nil
	return flaws
}

// compile makes of a declaration without flaws what a runtime needs.
func (r *reach) compile(d *declare.Declaration) *Compiled {
	s, of := &d.Spec, d.Resource()
	c := &Compiled{
		Action:       d.Action,
		Resource:     of,
		Location:     d.At.String(),
		Targets:      r.targets(of),
		ClientSide:   r.clientSide(),
		Settings:     s.Settings,
		Match:        r.match,
		Conditions:   r.conditions(),
		Inspect:      inspector(d),
		OnSpecChange: s.SpecChange,
		OnChange:     len(s.Projections) > 0,
		Takes:        s.Types.Takes(d.Action),
		Invoke:       d.Invoke,
		Finalizer:    d.Finalizer,
		Cleanup:      d.Cleanup,
		Admission:    r.admission(d),
		Within:       r.within,
		AddToScheme:  d.AddToScheme,
		Optional:     d.Optional,
	}
	if s.Cached {
		c.Attach = d.Attacher()
	}
	if len(s.Where) > 0 {
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
		if len(r.scope.namespaces.Values) > 1 && !r.joined() {
			advice = "Wide() makes one cluster-wide stream of several namespaces"
		}
		out = append(out, fmt.Sprintf("%d streams: %s", n, advice))
	}
	if c.OnSpecChange && !countsGeneration(c.Resource) {
		out = append(out, fmt.Sprintf("OnSpecChange: the server counts no generation for %s, so the binding would see no change; use OnChange", c.Resource.Kind))
	}
	return out
}
