package kind

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Kind is a resource together with the Go type of its objects. It is a value: the methods that
// change something return a changed copy. The zero Kind is invalid; its Err says so. All methods
// may be called concurrently, and none of them panics.
type Kind[T Object] struct {
	// resolve works the declaration out. It is called late and does its work once, because a
	// declaration may be a package variable that is initialised before the init functions
	// that register its Go type have run. Nil in the zero Kind.
	resolve func() declaration
	create  func() T
	// register adds the Go type to a scheme; nil where no registration is needed.
	register func(*runtime.Scheme) error
	// fast says whether the fast decoder may be tried on JSON. Nil: no.
	fast func() bool
}

var errZero = errors.New("the kind is a zero value: declare it with kind.Of, kind.Unstructured or kind.Metadata, or take a built-in kind")

// declaration is a resource, or as much of one as is known, and what is wrong with it.
type declaration struct {
	resource Resource
	err      error
}

// once makes a declaration that is worked out when it is first asked for.
func once(work func() (Resource, error)) func() declaration {
	return sync.OnceValue(func() declaration {
		r, err := work()
		return declaration{resource: r, err: err}
	})
}

// declared resolves the declaration; the zero Kind resolves to an error.
func (k Kind[T]) declared() declaration {
	if k.resolve == nil {
		return declaration{err: errZero}
	}
	return k.resolve()
}

// Resource says what a request needs to know about the kind. Of a Kind whose Err is not nil,
// it says as much as is known, which may be nothing.
func (k Kind[T]) Resource() Resource { return k.declared().resource }

// Err says what is wrong with the declaration of the kind and what to do about it, or returns
// nil. The zero Kind, a nil function, a Go type that is not in the scheme it should be in and a
// plural that is no DNS label are examples.
func (k Kind[T]) Err() error { return k.declared().err }

// New returns an empty object of the caller's own, with apiVersion and kind set. Of a Kind
// whose Err is not nil they may be empty, and where T is no pointer type New returns T's zero
// value.
func (k Kind[T]) New() T {
	obj := k.allocate()
	if d := k.declared(); d.err == nil {
		stamp(obj, d.resource)
	}
	return obj
}

func (k Kind[T]) allocate() T {
	if k.create != nil {
		return k.create()
	}
	return allocate[T]()
}

// allocate makes the struct that T points to, or T's zero value where T is no such pointer.
func allocate[T Object]() T {
	if t := reflect.TypeFor[T](); t.Kind() == reflect.Pointer {
		if obj, ok := reflect.TypeAssert[T](reflect.New(t.Elem())); ok {
			return obj
		}
	}
	var none T
	return none
}

// stamp sets apiVersion and kind of an object that has them.
func stamp(obj Object, r Resource) {
	if k := obj.GetObjectKind(); k != nil {
		k.SetGroupVersionKind(r.GVK())
	}
}

// Plural returns a copy of the kind whose resource has this name in URLs. It is for custom
// kinds whose plural is not the one that the kind's name suggests; a built-in kind's plural is
// known, and another one is an error.
func (k Kind[T]) Plural(plural string) Kind[T] {
	return k.change(func(r *Resource) error {
		if known, ok := builtinResource(r.Group, r.Kind); ok && known.Plural != plural {
			return fmt.Errorf("the plural of the built-in kind %s is %q: remove Plural(%q)", r.Kind, known.Plural, plural)
		}
		if msgs := validation.IsDNS1035Label(plural); len(msgs) > 0 {
			return fmt.Errorf("Plural(%q) for kind %s: %s", plural, r.Kind, strings.Join(msgs, "; "))
		}
		r.Plural = plural
		r.Guessed = false
		return nil
	})
}

// ClusterScoped returns a copy of the kind whose objects live in no namespace. It is for custom
// kinds, which are taken as namespaced otherwise; the scope of a built-in kind is known, and
// another one is an error.
func (k Kind[T]) ClusterScoped() Kind[T] {
	return k.change(func(r *Resource) error {
		if known, ok := builtinResource(r.Group, r.Kind); ok && known.Namespaced {
			return fmt.Errorf("the built-in kind %s is namespaced: remove ClusterScoped()", r.Kind)
		}
		r.Namespaced = false
		return nil
	})
}

// change returns a copy whose resource is edited when it is resolved.
func (k Kind[T]) change(edit func(*Resource) error) Kind[T] {
	if k.resolve == nil {
		return k
	}
	before := k.resolve
	k.resolve = once(func() (Resource, error) {
		d := before()
		if d.err != nil {
			return d.resource, d.err
		}
		err := edit(&d.resource)
		return d.resource, err
	})
	return k
}

// AddToScheme registers the Go type in a scheme, so that clients built on the scheme can read
// and write the kind. For unstructured kinds there is nothing to register; for metadata the
// types of meta.k8s.io are. It returns what Err returns for a wrong declaration.
func (k Kind[T]) AddToScheme(scheme *runtime.Scheme) error {
	if err := k.Err(); err != nil {
		return err
	}
	if scheme == nil {
		return fmt.Errorf("kind %s: AddToScheme was called with a nil scheme", k.Resource().Kind)
	}
	if k.register == nil {
		return nil
	}
	if err := guarded(k.register, scheme); err != nil {
		return fmt.Errorf("kind %s: registering its Go type: %w", k.Resource().Kind, err)
	}
	return nil
}

// guarded calls a function that belongs to the user and turns its panic into an error: a scheme
// panics when it is given two Go types for one kind.
func guarded(add func(*runtime.Scheme) error, scheme *runtime.Scheme) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("AddToScheme panicked: %v", p)
		}
	}()
	return add(scheme)
}
