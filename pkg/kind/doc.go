// Package kind says what can be watched: the resource that a request names, and the Go type
// that an object of it decodes into.
//
// A [Kind] joins the two. Every watchable kind that a Kubernetes API server serves by itself is
// a variable here ([Pod], [Deployment], [NetworkPolicy], ...), generated from the discovery
// documents of the Kubernetes release that this module follows, so that plural, scope and
// version are known and not guessed. A kind defined by a CustomResourceDefinition is declared
// with [Of] (a Go type and its AddToScheme) or with [Unstructured] (no Go type), and [Metadata]
// reduces any of them to the objects' metadata.
//
// A wrong declaration never panics and never reports by itself: it gives a Kind whose
// [Kind.Err] says what is wrong, so that whoever uses the kind can report all mistakes of a
// program together.
//
// This package never opens a connection, never reads a cluster's discovery, and never puts a
// value of an object into an error: [DecodeError] carries types and field paths alone.
package kind

//go:generate go run github.com/ancho-dev/ancho/hack/genkinds -out zz_generated.go
