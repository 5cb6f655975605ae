package kind

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	namespaced    = true
	clusterScoped = false
)

// builtin declares a kind that the API server serves by itself; the generated file calls it. It
// stores what it is given and works nothing out, since it runs when a program starts.
func builtin[S any, T interface {
	*S
	Object
}](group, version, kind, plural string, namespaced bool, addToScheme func(*runtime.Scheme) error) Kind[T] {
	d := declaration{resource: Resource{
		Group: group, Version: version, Kind: kind, Plural: plural,
		Namespaced: namespaced, Protobuf: true,
	}}
	return Kind[T]{
		resolve:  func() declaration { return d },
		create:   func() T { return new(S) },
		register: addToScheme,
		fast:     agreesLater[T](),
	}
}

// builtinResource finds a built-in kind by group and kind, in whatever version it is built in:
// plural and scope are the same in all versions.
func builtinResource(group, kind string) (Resource, bool) {
	for _, k := range Builtin() {
		if r := k.Resource(); r.Group == group && r.Kind == kind {
			return r, true
		}
	}
	return Resource{}, false
}

// joined lists kinds in a stable order.
func joined(kinds []schema.GroupVersionKind) string {
	names := make([]string, 0, len(kinds))
	for _, k := range kinds {
		names = append(names, k.GroupVersion().String()+" "+k.Kind)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
