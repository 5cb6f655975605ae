package capability

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// InNamespace narrows the set to objects in one of these namespaces. Each namespace is its own request, so permissions
// in these namespaces are enough; see Wide. It is a mistake on a cluster-scoped kind.
func (s Selection[T]) InNamespace(namespaces ...string) Selection[T] {
	namespaces = slices.Clone(namespaces)
	return s.with(func(p *declare.Spec) {
		p.InNamespace = true
		p.NameStep("InNamespace", "namespace", namespaces, declare.NamespaceProblem, &p.Namespaces)
	})
}

// InNamespaceRegex narrows the set to objects in namespaces that match one of these expressions (RE2, unanchored).
// Ancho filters on a cluster-wide stream. Together with InNamespace, it selects among the namespaces listed there.
func (s Selection[T]) InNamespaceRegex(expressions ...string) Selection[T] {
	expressions = slices.Clone(expressions)
	return s.with(func(p *declare.Spec) {
		p.PatternStep("InNamespaceRegex", "namespace", expressions, &p.NamespacePatterns)
	})
}

// WithName narrows the set to objects with one of these names. Each name is its own request, so no other object is
// read.
func (s Selection[T]) WithName(names ...string) Selection[T] {
	names = slices.Clone(names)
	return s.with(func(p *declare.Spec) {
		p.NameStep("WithName", "name", names, declare.NameProblem, &p.Names)
	})
}

// WithNameRegex narrows the set to objects whose name matches one of these expressions (RE2, unanchored). Ancho
// filters on the client. Together with WithName, it selects among the names listed there.
func (s Selection[T]) WithNameRegex(expressions ...string) Selection[T] {
	expressions = slices.Clone(expressions)
	return s.with(func(p *declare.Spec) {
		p.PatternStep("WithNameRegex", "name", expressions, &p.NamePatterns)
	})
}

// WithLabel narrows the set to objects that have this label: with any value if none is given, otherwise with one of
// these. The server selects.
func (s Selection[T]) WithLabel(key string, values ...string) Selection[T] {
	values = slices.Clone(values)
	return s.with(func(p *declare.Spec) {
		op := selection.In
		if len(values) == 0 {
			op = selection.Exists
		}
		r, err := labels.NewRequirement(key, op, values)
		if err != nil {
			p.Wrong(fmt.Sprintf("WithLabel(%s): %v", declare.List(append([]string{key}, values...)), err), "correct the label's key or value")
			return
		}
		p.Labels = append(p.Labels, *r)
	})
}

// WithLabels narrows the set to objects whose labels match a selector expression in kubectl's syntax, such as "tier in
// (web, api),!canary". The server selects.
func (s Selection[T]) WithLabels(expression string) Selection[T] {
	return s.with(func(p *declare.Spec) {
		rs, err := labels.ParseToRequirements(expression)
		switch {
		case err != nil:
			p.Wrong(fmt.Sprintf("WithLabels(%q): %v", expression, err), "write a label selector such as \"tier in (web, api),!canary\"")
		case len(rs) == 0:
			p.Wrong(fmt.Sprintf("WithLabels(%q): the expression selects every object", expression), "write a label selector, or leave the step out")
		default:
			p.Labels = append(p.Labels, rs...)
		}
	})
}

// WithField narrows the set by a field selector that the server supports for the kind, such as "spec.nodeName" of Pods
// or a selectable field of a custom resource. The empty value selects objects where the field is not set. If the
// server does not support the field, the binding is blocked, with the reason in the log.
func (s Selection[T]) WithField(path, value string) Selection[T] {
	return s.with(func(p *declare.Spec) {
		if problem := declare.PathProblem(path); problem != "" {
			p.Wrong(fmt.Sprintf("WithField(%q, %q): %s", path, value, problem), "write a path such as \"spec.nodeName\"")
			return
		}
		switch path {
		case declare.FieldName:
			p.FieldStep(path, value, declare.NameProblem, &p.Names)
		case declare.FieldNamespace:
			p.NamespaceField = true
			p.FieldStep(path, value, declare.NamespaceProblem, &p.Namespaces)
		default:
			a := p.Fields[path]
			a.And([]string{value})
			p.Fields[path] = a
		}
	})
}

// WithAnnotation narrows the set to objects that have this annotation: with any value if none is given, otherwise with
// one of these. Ancho filters on the client, because servers cannot select by annotations.
func (s Selection[T]) WithAnnotation(key string, values ...string) Selection[T] {
	values = slices.Clone(values)
	return s.with(func(p *declare.Spec) {
		// Keys are checked in lower case, as the API server does for annotations.
		if msgs := validation.IsQualifiedName(strings.ToLower(key)); len(msgs) > 0 {
			p.Wrong(fmt.Sprintf("WithAnnotation(%q): no valid key: %s", key, strings.Join(msgs, "; ")), "correct it")
			return
		}
		a := p.Annotations[key]
		if len(values) > 0 {
			a.And(values)
		}
		p.Annotations[key] = a
	})
}

// WithDeletionTimestamp narrows the set to objects that are being deleted: they have a
// deletionTimestamp and wait for their finalizers.
func (s Selection[T]) WithDeletionTimestamp() Selection[T] {
	return s.with(func(p *declare.Spec) { p.Deleting = true })
}

// Where narrows the set to objects for which the function returns true. It decodes each object, so steps that use
// metadata or the server are cheaper, and are checked first. Ancho calls the function on the goroutines that read the
// streams: it must be fast, safe for concurrent use, and depend only on the object. If it panics, Ancho skips and
// reports that object.
func (s Selection[T]) Where(holds func(T) bool) Selection[T] {
	return s.with(func(p *declare.Spec) {
		if holds == nil {
			p.Wrong("Where(nil): there is nothing to ask", "give a function, or leave the step out")
			return
		}
		p.Where = append(p.Where, func(o kind.Object) bool {
			t, ok := o.(T)
			return ok && holds(t)
		})
	})
}

// OnSpecChange accepts a Modified only if metadata.generation changed. The server increments it when the desired state
// (the spec) changes, and not for the status, labels or annotations. (For a Deployment, the server counts annotations
// as spec.) Nothing is decoded. Kinds without a generation, such as ConfigMap, are never Modified with it; use
// OnChange for them. With OnChange the two add up: either change is enough.
func (s Selection[T]) OnSpecChange() Selection[T] {
	return s.with(func(p *declare.Spec) { p.SpecChange = true })
}

// OnChange accepts a Modified only if the result of one of these functions changed, or, with OnSpecChange, the spec.
// It keeps 8 bytes per object. Ancho compares the JSON form of the results: API types, numbers, strings, slices and
// maps work; your own structs need exported fields. The functions are called like the one of Where.
func (s Selection[T]) OnChange(projections ...func(T) any) Selection[T] {
	projections = slices.Clone(projections)
	return s.with(func(p *declare.Spec) {
		if len(projections) == 0 {
			p.Wrong("OnChange() without arguments compares nothing", "give a function that returns what to compare, or leave the step out")
		}
		for i, project := range projections {
			if project == nil {
				p.Wrong(fmt.Sprintf("OnChange: function number %d is nil", i+1), "give a function that returns what to compare")
				continue
			}
			p.Projections = append(p.Projections, func(o kind.Object) any {
				t, ok := o.(T)
				if !ok {
					return nil
				}
				return project(t)
			})
		}
	})
}
