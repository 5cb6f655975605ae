package main

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"reflect"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
	clientgo "k8s.io/client-go/kubernetes/scheme"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

// names resolves clashes: two groups have a kind of one name, and one of them needs another.
var names = map[schema.GroupKind]string{
	// events.k8s.io has replaced the core group's events, so it has the plain name.
	{Group: "", Kind: "Event"}: "CoreEvent",
}

// untyped lists the watchable kinds that have no Go type in a published module, so that a new one
// is noticed and not lost in silence. There is none now.
var untyped = map[schema.GroupKind]bool{}

// goType is the struct of a kind.
type goType struct{ pkg, name string }

// alias is the name that the package is imported by: corev1 for k8s.io/api/core/v1.
func (t goType) alias() string {
	return path.Base(path.Dir(t.pkg)) + path.Base(t.pkg)
}

// entry is one variable of the table.
type entry struct {
	resource
	name string
	typ  goType
}

// goTypes maps kinds to the Go types of the published modules.
func goTypes() (map[schema.GroupVersionKind]goType, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientgo.AddToScheme, apiextensionsv1.AddToScheme, apiregistrationv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	known := scheme.AllKnownTypes()
	types := make(map[schema.GroupVersionKind]goType, len(known))
	for gvk, t := range known {
		if t.Kind() == reflect.Struct {
			types[gvk] = goType{pkg: t.PkgPath(), name: t.Name()}
		}
	}
	return types, nil
}

// choose takes the best version of each kind, names it, and sorts by name. Stable versions are
// better than beta, beta than alpha, newer than older; a version without a Go type does not count.
func choose(served []resource, types map[schema.GroupVersionKind]goType, names map[schema.GroupKind]string, untyped map[schema.GroupKind]bool) ([]entry, error) {
	best := map[schema.GroupKind]entry{}
	for _, r := range served {
		t, ok := types[r.gvk]
		if !ok {
			continue
		}
		have, ok := best[r.gvk.GroupKind()]
		if !ok || version.CompareKubeAwareVersionStrings(r.gvk.Version, have.gvk.Version) > 0 {
			best[r.gvk.GroupKind()] = entry{resource: r, typ: t}
		}
	}
	var errs []error
	told := map[schema.GroupKind]bool{} // say it once, not once a version
	for _, r := range served {
		gk := r.gvk.GroupKind()
		if _, ok := best[gk]; !ok && !untyped[gk] && !told[gk] {
			told[gk] = true
			errs = append(errs, fmt.Errorf("%s is watchable and has no Go type: add it to the table untyped, or the module of its type to goTypes", r.gvk))
		}
	}
	table, clashes := named(best, names)
	return table, errors.Join(append(errs, clashes...)...)
}

// named gives each kind its variable's name and reports those that share one.
func named(best map[schema.GroupKind]entry, names map[schema.GroupKind]string) ([]entry, []error) {
	var errs []error
	for gk := range names {
		if _, ok := best[gk]; !ok {
			errs = append(errs, fmt.Errorf("the table names has an entry for %s, which is not a built-in kind: remove it", gk))
		}
	}
	table := make([]entry, 0, len(best))
	for gk, e := range best {
		e.name = gk.Kind
		if name, ok := names[gk]; ok {
			e.name = name
		}
		table = append(table, e)
	}
	slices.SortFunc(table, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.gvk.Group, b.gvk.Group))
	})
	for i := 1; i < len(table); i++ {
		if a, b := table[i-1], table[i]; a.name == b.name {
			errs = append(errs, fmt.Errorf("%s and %s would both be kind.%s: name one of them in the table names", a.gvk, b.gvk, a.name))
		}
	}
	return table, errs
}
