package kind

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Object is what a Kind decodes into: the pointer to an API type's struct, such as *corev1.Pod.
type Object interface {
	metav1.Object
	runtime.Object
}

// Any is anything that stands for one resource: every [Kind], whatever its type parameter, and
// what other packages build on top of one.
type Any interface {
	// Resource says what the wire needs to know. It is the zero Resource when the declaration
	// is wrong in a way that leaves nothing to say.
	Resource() Resource
}

// Source is an Any whose objects have the Go type T.
type Source[T Object] interface {
	Any
	// New returns an empty object with its apiVersion and kind set.
	New() T
}

// Resource is what a request needs to know about a kind. It is a comparable value. Two
// Resources that differ in Protobuf or Metadata have the same path on the server but are
// answered with different bytes; Guessed says where the knowledge comes from and is no part of
// the resource's identity, for which there is [Resource.GVR].
type Resource struct {
	// Group is the API group, empty for the core group.
	Group string
	// Version is the API version within the group, such as "v1".
	Version string
	// Kind is the name of the kind, such as "Deployment".
	Kind string
	// Plural is the resource's name in URLs, such as "deployments".
	Plural string
	// Namespaced is true when objects live in namespaces.
	Namespaced bool
	// Protobuf is true when the server can answer in protobuf and the Go type can decode it:
	// built-in kinds with their own Go types, and everything asked for as metadata. The API
	// server serves custom resources in JSON, or CBOR, only.
	Protobuf bool
	// Metadata is true when objects are to be requested as PartialObjectMetadata.
	Metadata bool
	// Guessed is true when Plural was derived from the kind's name and the scope was assumed;
	// the server's discovery may deny either.
	Guessed bool
}

// GVK returns group, version and kind.
func (r Resource) GVK() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: r.Group, Version: r.Version, Kind: r.Kind}
}

// GVR returns group, version and plural.
func (r Resource) GVR() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: r.Group, Version: r.Version, Resource: r.Plural}
}

// APIVersion returns the text of an object's apiVersion field: "v1", "apps/v1".
func (r Resource) APIVersion() string {
	return schema.GroupVersion{Group: r.Group, Version: r.Version}.String()
}

// String returns the resource's name as kubectl and RBAC spell it: "pods", "deployments.apps".
func (r Resource) String() string {
	if r.Group == "" {
		return r.Plural
	}
	return r.Plural + "." + r.Group
}
