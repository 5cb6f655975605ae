package compile

import (
	"fmt"
	"strings"

	"github.com/ancho-dev/ancho/internal/declare"
)

// Admission says which objects a binding with Finalize selects, in a form that the API server can evaluate when an object is created.
type Admission struct {
	// Conditions are CEL expressions over object and request, all of which must be true.
	Conditions []AdmissionCondition
	// Gap says what the API server cannot evaluate, such as "Where"; empty: nothing. Objects that it would give the
	// finalizer to then are not exactly the objects that the binding selects.
	Gap string
}

// AdmissionCondition is one condition on an object.
type AdmissionCondition struct {
	// Name is unique among the conditions of a binding.
	Name string
	// Expression is in CEL.
	Expression string
}

// admission translates the selection. A new object with generateName has no name when policies are asked.
func (r *reach) admission(d *declare.Declaration) *Admission {
	if !d.Finalize {
		return nil
	}
	a := &Admission{}
	add := func(name, format string, args ...any) {
		a.Conditions = append(a.Conditions, AdmissionCondition{Name: name, Expression: fmt.Sprintf(format, args...)})
	}
	if r.scope.namespaces.Set {
		add("namespace", "request.namespace in %s", celList(r.scope.namespaces.Values))
	}
	if len(r.scope.excluded) > 0 {
		add("other-namespace", "!(request.namespace in %s)", celList(r.scope.excluded))
	}
	if len(r.notNames) > 0 {
		add("other-name", "!(request.name in %s)", celList(r.notNames))
	}
	if r.names.Set {
		add("name", "request.name in %s", celList(r.names.Values))
	}
	addPatterns(add, "namespace-pattern", "request.namespace", r.namespacePatterns)
	addPatterns(add, "name-pattern", "request.name", r.namePatterns)
	for i := range r.labels {
		add(fmt.Sprintf("label-%d", i+1), "%s", r.labels[i].cel())
	}
	for i := range r.annotations {
		add(fmt.Sprintf("annotation-%d", i+1), "%s", r.annotations[i].cel())
	}
	if len(d.Spec.Where) > 0 {
		a.Gap = "Where"
	}
	return a
}

func addPatterns(add func(name, format string, args ...any), name, of string, patterns []declare.Pattern) {
	for i, p := range patterns {
		var some []string
		for _, re := range p {
			some = append(some, fmt.Sprintf("%s.matches(%s)", of, celString(re.String())))
		}
		add(fmt.Sprintf("%s-%d", name, i+1), "%s", strings.Join(some, " || "))
	}
}

// cel is what the rule asks for.
func (r *labelRule) cel() string {
	at := "object.metadata.?labels[?" + celString(r.key) + "]"
	value := at + ".orValue('')"
	var all []string
	if r.has {
		all = append(all, at+".hasValue()")
	}
	if r.hasNo {
		all = append(all, "!"+at+".hasValue()")
	}
	if r.in.Set {
		all = append(all, value+" in "+celList(r.in.Values))
	}
	if len(r.notIn) > 0 {
		all = append(all, fmt.Sprintf("!(%s.hasValue() && %s in %s)", at, value, celList(r.notIn)))
	}
	if r.above != nil || r.below != nil {
		all = append(all, value+".matches('^[0-9]{1,18}$')")
	}
	if r.above != nil {
		all = append(all, fmt.Sprintf("int(%s) > %d", value, *r.above))
	}
	if r.below != nil {
		all = append(all, fmt.Sprintf("int(%s) < %d", value, *r.below))
	}
	return strings.Join(all, " && ")
}

func (a *annotationRule) cel() string {
	at := "object.metadata.?annotations[?" + celString(a.key) + "]"
	if !a.in.Set {
		return at + ".hasValue()"
	}
	return fmt.Sprintf("%s.hasValue() && %s.orValue('') in %s", at, at, celList(a.in.Values))
}

func celList(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = celString(v)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// celString writes a string literal: every character that is not plain ASCII as an escape.
func celString(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, c := range s {
		switch {
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\U%08x`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}
