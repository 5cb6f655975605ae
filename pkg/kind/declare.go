package kind

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Of declares the kind of a Go type: T is the pointer to an API type's struct, such as
// *v1.WebApp, and addToScheme the function of T's package that registers it. Group, version and
// kind come from the scheme. The plural is derived from the kind's name (the English plural, as controller-gen
// does: Gateway has gateways, Mesh has meshes) and the scope is assumed to be namespaced, unless [Kind.Plural] and [Kind.ClusterScoped] say otherwise; for a Go type of a
// built-in kind both are known.
//
// addToScheme is called when the kind is first used, not by Of.
func Of[T Object](addToScheme func(*runtime.Scheme) error) Kind[T] {
	return Kind[T]{
		register: addToScheme,
		fast:     agreesLater[T](),
		resolve: once(func() (Resource, error) {
			gvk, err := registered(reflect.TypeFor[T](), addToScheme)
			if err != nil {
				return Resource{}, err
			}
			r, err := guess(gvk)
			r.Protobuf = !r.Guessed && decodesProtobuf(allocate[T]())
			return r, err
		}),
	}
}

// Unstructured declares a kind without a Go type of its own. Its objects are decoded from JSON
// or CBOR into maps. Plural and scope are derived as [Of] does.
func Unstructured(gvk schema.GroupVersionKind) Kind[*unstructured.Unstructured] {
	return Kind[*unstructured.Unstructured]{
		create: func() *unstructured.Unstructured {
			return &unstructured.Unstructured{Object: map[string]any{}}
		},
		resolve: once(func() (Resource, error) { return guess(gvk) }),
		fast:    func() bool { return true },
	}
}

// Metadata declares the same resource as another kind, asking the server for the metadata of the
// objects only: the rest is neither sent nor decoded. The objects carry the apiVersion and kind of
// the resource, as clients that write through them expect, not of
// PartialObjectMetadata.
func Metadata(of Any) Kind[*metav1.PartialObjectMetadata] {
	return Kind[*metav1.PartialObjectMetadata]{
		create:   func() *metav1.PartialObjectMetadata { return &metav1.PartialObjectMetadata{} },
		register: metav1.AddMetaToScheme,
		fast:     agreesLater[*metav1.PartialObjectMetadata](),
		resolve:  once(func() (Resource, error) { return metadataOf(of) }),
	}
}

func metadataOf(of Any) (r Resource, err error) {
	if of == nil {
		return Resource{}, errors.New("kind.Metadata was called with nil: name the kind whose metadata is wanted")
	}
	defer func() {
		if p := recover(); p != nil { // such as a nil pointer that implements Any
			r, err = Resource{}, fmt.Errorf("kind.Metadata cannot use a %T: its Resource method panicked", of)
		}
	}()
	if e, ok := of.(interface{ Err() error }); ok {
		if err := e.Err(); err != nil {
			return Resource{}, fmt.Errorf("kind.Metadata: %w", err)
		}
	}
	r = of.Resource()
	if r.Kind == "" || r.Version == "" || r.Plural == "" {
		return Resource{}, fmt.Errorf("kind.Metadata cannot use a %T that names no resource", of)
	}
	r.Metadata = true
	r.Protobuf = true // metadata is served as protobuf for custom resources too
	return r, nil
}

// registered finds the one kind that addToScheme registers a Go type under.
func registered(t reflect.Type, addToScheme func(*runtime.Scheme) error) (schema.GroupVersionKind, error) {
	var none schema.GroupVersionKind
	if t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return none, fmt.Errorf("kind.Of[%s]: the type must be a pointer to an API type's struct, such as *v1.WebApp", t)
	}
	switch t {
	case reflect.TypeFor[*unstructured.Unstructured]():
		return none, fmt.Errorf("kind.Of[%s]: use kind.Unstructured, which names group, version and kind", t)
	case reflect.TypeFor[*metav1.PartialObjectMetadata]():
		return none, fmt.Errorf("kind.Of[%s]: use kind.Metadata, which names the kind whose metadata is wanted", t)
	}
	if addToScheme == nil {
		return none, fmt.Errorf("kind.Of[%s]: the function is nil: pass the AddToScheme of the type's package", t)
	}
	scheme := runtime.NewScheme()
	if err := guarded(addToScheme, scheme); err != nil {
		return none, fmt.Errorf("kind.Of[%s]: %w", t, err)
	}
	var found []schema.GroupVersionKind
	for gvk, known := range scheme.AllKnownTypes() {
		if known == t.Elem() && gvk.Version != runtime.APIVersionInternal {
			found = append(found, gvk)
		}
	}
	switch len(found) {
	case 0:
		return none, fmt.Errorf("kind.Of[%s]: the given AddToScheme does not register this type: pass the one of the type's own package, and check that it calls Register for it", t)
	case 1:
		return found[0], nil
	default:
		return none, fmt.Errorf("kind.Of[%s]: the given AddToScheme registers this type under several kinds (%s): declare it with kind.Unstructured, or register it once", t, joined(found))
	}
}

// guess fills in plural and scope: known ones of a built-in kind, otherwise what the kind's name
// suggests and namespaced.
func guess(gvk schema.GroupVersionKind) (Resource, error) {
	r := Resource{Group: gvk.Group, Version: gvk.Version, Kind: gvk.Kind}
	if known, ok := builtinResource(gvk.Group, gvk.Kind); ok {
		r.Plural, r.Namespaced = known.Plural, known.Namespaced
		return r, wrong(gvk)
	}
	r.Plural, r.Namespaced, r.Guessed = guessPlural(gvk.Kind), true, true
	return r, wrong(gvk)
}

// wrong says which part of a kind's name no API server would accept.
func wrong(gvk schema.GroupVersionKind) error {
	if gvk.Kind == "" || gvk.Version == "" {
		return fmt.Errorf("group %q, version %q, kind %q: version and kind must not be empty", gvk.Group, gvk.Version, gvk.Kind)
	}
	if gvk.Group != "" {
		if msgs := validation.IsDNS1123Subdomain(gvk.Group); len(msgs) > 0 {
			return fmt.Errorf("group %q of kind %q: %s", gvk.Group, gvk.Kind, strings.Join(msgs, "; "))
		}
	}
	if msgs := validation.IsDNS1035Label(gvk.Version); len(msgs) > 0 {
		return fmt.Errorf("version %q of kind %q: %s", gvk.Version, gvk.Kind, strings.Join(msgs, "; "))
	}
	if msgs := validation.IsDNS1035Label(strings.ToLower(gvk.Kind)); len(msgs) > 0 {
		return fmt.Errorf("kind %q: in lower case, %s", gvk.Kind, strings.Join(msgs, "; "))
	}
	return nil
}
