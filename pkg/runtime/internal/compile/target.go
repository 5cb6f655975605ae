package compile

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/fields"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// reach is the normal form of a selection on metadata and fields: what its targets and its matcher
// are made of.
type reach struct {
	scope             scope
	wide              bool
	names             declare.Alternatives
	notNames          []string // sorted; of Namespaces, which NotInNamespace excludes by name
	namespacePatterns []declare.Pattern
	namePatterns      []declare.Pattern
	labels            []labelRule
	fields            map[string]declare.Alternatives
	annotations       []annotationRule
	deleting          bool
	finalize          bool // the server selects by namespace and name alone
}

// joined is true if several namespaces are watched by one cluster-wide stream.
func (r *reach) joined() bool { return r.wide && len(r.scope.namespaces.Values) > 1 }

// targets are the requests to make: one for each namespace and name, never wider than asked for.
func (r *reach) targets(of kind.Resource) []watcher.Target {
	namespaces := []string{""}
	if r.scope.namespaces.Set && !r.joined() {
		namespaces = r.scope.namespaces.Values
	}
	names := []string{""}
	if r.names.Set {
		names = r.names.Values
	}
	of.Guessed = false // how the plural came to be known makes no other request
	out := make([]watcher.Target, 0, len(namespaces)*len(names))
	selects := selector(r.labels)
	if r.finalize {
		selects = ""
	}
	for _, ns := range namespaces {
		for _, name := range names {
			out = append(out, watcher.Target{
				Resource:  of,
				Namespace: ns,
				Labels:    selects,
				Fields:    r.fieldSelector(name),
			})
		}
	}
	return out
}

// fieldSelector prints what the server selects by field, sorted.
func (r *reach) fieldSelector(name string) string {
	var terms []string
	if name != "" {
		terms = append(terms, fields.OneTermEqualSelector(declare.FieldName, name).String())
	}
	for _, ns := range r.scope.excluded {
		terms = append(terms, fields.OneTermNotEqualSelector(declare.FieldNamespace, ns).String())
	}
	if name == "" {
		for _, not := range r.notNames {
			terms = append(terms, fields.OneTermNotEqualSelector(declare.FieldName, not).String())
		}
	}
	for path, a := range r.fields {
		for _, v := range a.Values {
			terms = append(terms, fields.OneTermEqualSelector(path, v).String())
		}
	}
	slices.Sort(terms)
	return strings.Join(terms, ",")
}
