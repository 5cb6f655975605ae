package compile

import "github.com/ancho-dev/ancho/internal/declare"

// Part is a part of an object's metadata.
type Part uint8

// The parts that conditions are about.
const (
	PartName Part = iota
	PartNamespace
	PartLabel
	PartAnnotation
)

// Condition is something that metadata must meet for Compiled.Match to be true.
type Condition struct {
	// Part is what it is about.
	Part Part
	// Key is the key of the label or annotation.
	Key string
	// Values are what the name, the namespace, the label or the annotation must be one of, sorted. For a label or
	// an annotation there may be none: then its key must be there. They are not to be changed.
	Values []string
}

// conditions are those parts of a selection that can be looked up. Match asks for more.
func (r *reach) conditions() []Condition {
	var out []Condition
	add := func(part Part, key string, in declare.Alternatives, present bool) {
		if in.Set || present {
			out = append(out, Condition{Part: part, Key: key, Values: in.Values})
		}
	}
	add(PartName, "", r.names, false)
	add(PartNamespace, "", r.scope.namespaces, false)
	if r.finalize {
		return out // an object that carries the finalizer need not meet the others
	}
	for i := range r.labels {
		l := &r.labels[i]
		add(PartLabel, l.key, l.in, l.has)
	}
	for _, a := range r.annotations {
		add(PartAnnotation, a.key, a.in, true)
	}
	return out
}
